/** Sending: one message or a thousand, answered after the commit. */
import type { z } from 'zod'
import type { NewMessage } from '../../../scheduler/store.ts'
import { RappelError } from '../../errors.ts'
import { type Prepared, prepareAll, storeMessages } from '../accept-messages.ts'
import type { errorDetail, RequestIssue } from '../contract/error.ts'
import {
  acceptedMessage,
  type BatchResult,
  batchAnswer,
  batchRequest,
  documentedBatchRequest,
  type MessageRequest,
  messageRequest,
} from '../contract/messages.ts'
import { batchBodyBytes, type Endpoint, endpoint } from '../endpoint.ts'
import { issuesOf } from '../issues.ts'
import type { Workshop } from '../workshop.ts'
import { iso } from './times.ts'

const sendingErrors = [
  'invalid-recipient',
  'message-blocked',
  'text-refused',
  'template-invalid',
  'not-found',
  'idempotency-mismatch',
] as const

export const sendEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'post',
    path: '/messages',
    noun: 'messages',
    scope: 'messages:write',
    summary: 'Send one message',
    body: messageRequest,
    takesIdempotencyKey: true,
    status: 202,
    answer: acceptedMessage,
    errors: sendingErrors,
    async handle(call, workshop) {
      const [prepared] = await prepareAll([call.body], call, workshop)
      if (prepared instanceof RappelError) throw prepared
      const { isReplayed, results } = await storeMessages([prepared!], call, workshop)
      const { messageId, state, reason } = results[0]!
      if (isReplayed) call.setHeader('Idempotency-Replayed', 'true')
      // A 2xx that never leaves would be a failure that looks like success.
      if (state === 'blocked') throw new RappelError('message-blocked', { messageId, reason })
      const message = isReplayed ? await asFirstAccepted(messageId, prepared!, workshop) : prepared!
      return {
        messageId,
        state,
        reason,
        recipient: message.recipient,
        parts: message.parts,
        encoding: message.encoding,
        dueAt: iso(message.dueAtMs),
        expiresAt: iso(message.expiresAtMs),
      }
    },
  }),
  endpoint({
    method: 'post',
    path: '/messages/batch',
    noun: 'messages',
    scope: 'messages:write',
    summary:
      'Send up to 1,000 messages; each is accepted or refused by itself, the accepted in one transaction',
    body: batchRequest,
    documentedBody: documentedBatchRequest,
    bodyBytes: batchBodyBytes,
    takesIdempotencyKey: true,
    status: 202,
    answer: batchAnswer,
    errors: ['idempotency-mismatch'],
    async handle(call, workshop) {
      const outcomes = await prepareEach(call.body.messages, requests => prepareAll(requests, call, workshop))
      const good = outcomes.filter(outcome => !(outcome instanceof RappelError)) as NewMessage[]
      const stored = good.length === 0 ? null : await storeMessages(good, call, workshop)
      if (stored?.isReplayed === true) call.setHeader('Idempotency-Replayed', 'true')
      let position = 0
      const results = outcomes.map((outcome, index): BatchResult => {
        if (outcome instanceof RappelError)
          return { index, outcome: 'refused', error: errorOf(outcome, index) }
        const { messageId, state, reason } = stored!.results[position++]!
        if (state === 'blocked') {
          const blocked = new RappelError('message-blocked', { messageId, reason })
          return { index, outcome: 'refused', error: errorOf(blocked, index) }
        }
        const { parts, encoding } = outcome
        return { index, outcome: 'accepted', messageId, state, reason, parts, encoding }
      })
      const accepted = results.filter(result => result.outcome === 'accepted').length
      return { accepted, refused: results.length - accepted, results }
    },
  }),
]

/** Checks every item by itself, then prepares the good ones together. */
async function prepareEach(
  items: readonly unknown[],
  prepare: (requests: MessageRequest[]) => Promise<Prepared[]>,
): Promise<Prepared[]> {
  const checked = items.map(item => {
    const parsed = messageRequest.safeParse(item)
    if (parsed.success) return parsed.data
    return new RappelError('invalid-request', {
      issues: issuesOf(parsed.error, 'body', item),
    })
  })
  const prepared = await prepare(
    checked.filter((item): item is MessageRequest => !(item instanceof RappelError)),
  )
  let position = 0
  return checked.map(item => (item instanceof RappelError ? item : prepared[position++]!))
}

/** Paths of what is wrong begin at the item within the batch. */
function errorOf({ code, details }: RappelError, index: number): z.input<typeof errorDetail> {
  if (!Array.isArray(details.issues)) return { code, details: { ...details } }
  const issues = (details.issues as RequestIssue[]).map(issue => ({
    ...issue,
    path: issue.path.replace(/^body(?=\.|$)/, `body.messages.${index}`),
  }))
  return { code, details: { ...details, issues } }
}

/** The answer of a repeated request tells the times of the first one. */
async function asFirstAccepted(
  messageId: number,
  prepared: NewMessage,
  { store }: Workshop,
): Promise<Pick<NewMessage, 'recipient' | 'parts' | 'encoding' | 'dueAtMs' | 'expiresAtMs'>> {
  return (await store.messages.find(messageId)) ?? prepared
}
