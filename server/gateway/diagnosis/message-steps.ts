/** A message to a phone that a person holds: submit, answer, receipt, and the phone's own reply. */
import type { Clock } from '../../../connectors/clock.ts'
import type { NewMessage, UnknownPolicy } from '../../../scheduler/store.ts'
import type { MessageRecord } from '../../store/messages.ts'
import type { Store } from '../../store/operations.ts'
import type { Gateway } from '../gateway.ts'
import { type Finding, finding, skipped } from './finding.ts'

export interface MessageTest {
  operatorId: number
  /** E.164 digits. */
  to: string
  /** The API key that asked. */
  clientId: number | null
  submitSeconds: number
  receiptSeconds: number
  /** 0 waits for none. */
  replySeconds: number
}

export interface MessageContext {
  store: Pick<Store, 'messages' | 'incoming'>
  gateway: Pick<Gateway, 'sendThrough'>
  clock: Clock
  signal: AbortSignal
}

const lookEveryMs = 500
const hourMs = 3_600_000
const onItsWay = new Set(['queued', 'sending'])

/** Without a number nothing is sent; all four steps are told either way. */
export function untestedMessage(
  code: 'no-number-given' | 'not-started' | 'earlier-step-failed' | 'draining',
): Finding[] {
  return (['submit', 'receipt', 'reply', 'reply-acknowledged'] as const).map(step => skipped(step, code))
}

export async function messageSteps(test: MessageTest, context: MessageContext): Promise<Finding[]> {
  const startedMs = context.clock.nowMs()
  const result = await context.gateway.sendThrough(test.operatorId, messageOf(test, startedMs))
  const messageId = result.kind === 'duplicate' ? 0 : result.messageId
  const submitted = await waitFor(
    messageId,
    test.submitSeconds,
    context,
    message => !onItsWay.has(message.state),
  )
  const submit = submitFinding(test, messageId, submitted)
  if (submit.outcome !== 'ok') {
    return [
      submit,
      ...(['receipt', 'reply', 'reply-acknowledged'] as const).map(step =>
        skipped(step, 'earlier-step-failed'),
      ),
    ]
  }
  const ended = await waitFor(messageId, test.receiptSeconds, context, message => message.state !== 'sent')
  const receipt = await receiptFinding(ended, test.receiptSeconds, context)
  return [submit, receipt, ...(await replySteps(test, startedMs, context))]
}

function messageOf(
  { to, clientId, replySeconds }: MessageTest,
  nowMs: number,
): NewMessage & { unknownPolicy: UnknownPolicy } {
  const time = new Date(nowMs).toISOString().slice(11, 19)
  const invitation = replySeconds > 0 ? ' Repondez OK / reply OK.' : ''
  return {
    recipient: to,
    sender: null,
    // Plain letters, one part: what is tried is the way, not the alphabet.
    text: `Rappel ${time} UTC: message de test, test message.${invitation}`,
    encoding: 'gsm7',
    parts: 1,
    category: 'transactional',
    priority: 'express',
    state: 'queued',
    reason: '',
    dueAtMs: nowMs,
    expiresAtMs: nowMs + hourMs,
    // Whoever holds the phone sees whether it came: it is never sent twice by itself.
    unknownPolicy: 'hold',
    isFlash: false,
    alertId: null,
    runId: null,
    clientId,
    clientReference: 'diagnosis',
    capKey: null,
  }
}

async function waitFor(
  messageId: number,
  seconds: number,
  { store, clock, signal }: MessageContext,
  isOver: (message: MessageRecord) => boolean,
): Promise<MessageRecord | null> {
  const untilMs = clock.monotonicMs() + seconds * 1000
  for (;;) {
    const message = await store.messages.find(messageId)
    if (message === null || isOver(message) || signal.aborted || clock.monotonicMs() >= untilMs)
      return message
    await clock.sleep(lookEveryMs, signal).catch(() => undefined)
  }
}

function submitFinding(
  { operatorId }: MessageTest,
  messageId: number,
  message: MessageRecord | null,
): Finding {
  const { state = 'queued', reason = '', attempts = 0 } = message ?? {}
  const details = { messageId, state, reason, attempts }
  if (state === 'unknown') return finding('submit', 'failed', 'submit-unanswered', details)
  if (state === 'refused' || state === 'blocked' || state === 'cancelled') {
    return finding('submit', 'failed', 'submit-refused', details)
  }
  // The rules sent it elsewhere: this operator has no route for the phone.
  if (message !== null && message.operatorId !== operatorId) {
    return finding('submit', 'failed', 'submit-refused', { ...details, movedTo: message.operatorId })
  }
  // Back in the queue after a try: refused for a while, and it will be tried again.
  if (state === 'queued' && reason !== '') return finding('submit', 'failed', 'submit-refused', details)
  if (onItsWay.has(state)) return finding('submit', 'failed', 'submit-waiting', details)
  return finding('submit', 'ok', 'accepted', details)
}

async function receiptFinding(
  message: MessageRecord | null,
  seconds: number,
  { store }: MessageContext,
): Promise<Finding> {
  if (message === null || message.state === 'sent') {
    return finding('receipt', 'warning', 'no-receipt-yet', { seconds })
  }
  const [part] = await store.messages.parts(message.messageId)
  const details = { state: message.state, detail: part?.detail ?? '' }
  return message.state === 'delivered'
    ? finding('receipt', 'ok', 'delivered', details)
    : finding('receipt', 'failed', 'not-delivered', details)
}

async function replySteps(
  { operatorId, to, replySeconds }: MessageTest,
  startedMs: number,
  { store, clock, signal }: MessageContext,
): Promise<Finding[]> {
  if (replySeconds === 0)
    return [skipped('reply', 'not-asked-for'), skipped('reply-acknowledged', 'not-asked-for')]
  const untilMs = clock.monotonicMs() + replySeconds * 1000
  for (;;) {
    const found = await store.incoming.search({ phone: to, receivedFromMs: startedMs, limit: 20 })
    const reply = found.find(incoming => incoming.operatorId === operatorId)
    if (reply !== undefined) {
      const { incomingId, shortCode } = reply
      return [
        finding('reply', 'ok', 'reply-received', { incomingId, shortCode }),
        // The protocol's answer is written after the commit that made it visible here.
        finding('reply-acknowledged', 'ok', 'after-storage'),
      ]
    }
    if (signal.aborted || clock.monotonicMs() >= untilMs) {
      return [
        finding('reply', 'warning', 'no-reply', { seconds: replySeconds }),
        skipped('reply-acknowledged', 'earlier-step-failed'),
      ]
    }
    await clock.sleep(lookEveryMs, signal).catch(() => undefined)
  }
}
