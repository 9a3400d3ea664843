/**
 * The store with a trace outside the database. It stands between the gateway and the store, so that neither knows:
 * a claim is in the journal before the gateway gets it, hence before any byte leaves; an outcome is written once it
 * is committed. What a crash cuts off between the two reads as "may have left", as in the store itself.
 */
import type { Clock } from '../../connectors/clock.ts'
import type { GroupRequest } from '../store/enqueue-group.ts'
import type { Store } from '../store/operations.ts'
import type { SettleItem } from '../store/settle.ts'
import type { SentJournal } from './journal.ts'
import { claimedLines, enqueuedLines, type JournalMessage, settledLine } from './journal-lines.ts'

export function journaledStore(store: Store, journal: SentJournal, clock: Clock): Store {
  return {
    ...store,
    enqueue: {
      ...store.enqueue,
      async enqueueGroup(request) {
        const answers = await store.enqueue.enqueueGroup(request)
        const messages = answers.flatMap((answer, index) =>
          answer.kind === 'accepted' ? enqueuedOf(request.requests[index]!, answer.results) : [],
        )
        await journal.append(enqueuedLines(clock.nowMs(), messages))
        return answers
      },
    },
    inbound: {
      ...store.inbound,
      async handle(plans, nowMs) {
        const handled = await store.inbound.handle(plans, nowMs)
        const replies = handled.flatMap(({ replies }) => replies).map(replyOf)
        if (replies.length > 0) await journal.append(enqueuedLines(nowMs, replies))
        return handled
      },
    },
    outbox: {
      ...store.outbox,
      async claim(request) {
        const claimed = await store.outbox.claim(request)
        const messageIds = claimed.map(message => message.messageId)
        await journal.append(claimedLines(clock.nowMs(), messageIds))
        return claimed
      },
      async settle(request) {
        const result = await store.outbox.settle(request)
        await journal.append(settledOf(request.items, request.nowMs))
        return result
      },
    },
  }
}

type Reply = Awaited<ReturnType<Store['inbound']['handle']>>[number]['replies'][number]

function replyOf({ messageId, message }: Reply): JournalMessage {
  const { recipient } = message
  return { messageId, recipient, alertId: null, entityKey: null, occurrenceKey: null, clientReference: null }
}

type Answers = Awaited<ReturnType<Store['enqueue']['enqueueGroup']>>
type Results = Extract<Answers[number], { kind: 'accepted' }>['results']

function enqueuedOf({ items }: GroupRequest, results: Results): JournalMessage[] {
  return results.flatMap((result, index) => {
    if (result.kind !== 'enqueued') return []
    const { message, ledger } = items[index]!
    return [
      {
        messageId: result.messageId,
        recipient: message.recipient,
        alertId: message.alertId,
        entityKey: ledger?.entityKey ?? null,
        occurrenceKey: ledger?.occurrenceKey ?? null,
        clientReference: message.clientReference,
      },
    ]
  })
}

/** Unknown outcomes write nothing: the claim before them says already that the message may have left. */
function settledOf(items: readonly SettleItem[], atMs: number): string {
  const accepted = items.filter(item => item.kind === 'accepted')
  const returned = items.flatMap(item =>
    item.kind === 'retry' || item.kind === 'reroute' ? [item.messageId] : [],
  )
  const refused = items.filter(item => item.kind === 'refused')
  const isEmpty = accepted.length + returned.length + refused.length === 0
  return isEmpty ? '' : settledLine({ atMs, accepted, returned, refused })
}
