/**
 * What is done for a whole incoming message: one transaction marks it as handled, queues the reply, changes the stop
 * list and queues what others must fetch. A crash before it repeats everything, a crash after it repeats nothing.
 */
import type { Knex } from 'knex'
import { dialectOf, storable } from './dialect.ts'
import { enqueueIn } from './enqueue.ts'
import { type InboundOwner, isGuarded } from './inbound-context.ts'
import { countInbound, type InboundCount, type InboundEvent } from './inbound-counters.ts'
import { startPhone, stopPhone } from './inbound-stops.ts'
import type { RoutedMessage } from './routed.ts'

/** A message whose parts are all there, or were given up. */
export interface ReadyIncoming {
  incomingId: number
  operatorId: number
  /** As the operator wrote it. */
  sender: string
  shortCode: string
  encoding: 'gsm7' | 'ucs2' | 'binary'
  text: string
  /** Numbers of parts that never came. */
  missingParts: number[]
  receivedAtMs: number
}

/** One thing to do. `text` is what the phone is told of it; null when nothing. */
export type InboundStep =
  | { kind: 'reply' | 'help'; target: ''; text: RoutedMessage | null }
  /** Target: the service, `*` for all, or the id of the list. `textFailure`: why it cannot be confirmed, or empty. */
  | { kind: 'stop' | 'start' | 'list'; target: string; text: RoutedMessage | null; textFailure: string }
  /** Target: to whom. Nothing carries it yet: it waits. */
  | { kind: 'mail' | 'application' | 'smpp-client'; target: string; text: null }
  /** Not done, and why; `isFailure` when somebody must look. */
  | { kind: 'not-done'; of: InboundActionKind; target: string; isFailure: boolean; reason: string }

export type InboundActionKind =
  | 'reply'
  | 'help'
  | 'stop'
  | 'start'
  | 'list'
  | 'mail'
  | 'application'
  | 'smpp-client'

export interface InboundPlan {
  incomingId: number
  operatorId: number
  /** E.164 digits, or the sender as it came when it is no phone. */
  phone: string
  ruleId: number | null
  keyword: string
  /** The service that a STOP or START was about; null when none. */
  service: string | null
  owner: InboundOwner | null
  /** Why nothing was done, or empty. */
  detail: string
  steps: InboundStep[]
}

export type InboundState = 'assembling' | 'received' | 'handled' | 'waiting' | 'failed'
export type InboundActionState = 'done' | 'waiting' | 'skipped' | 'failed'

export interface HandledIncoming {
  incomingId: number
  state: InboundState
  /** Replies that were queued. */
  replies: { messageId: number; message: RoutedMessage }[]
  /** Why steps failed. */
  failures: string[]
}

/** The oldest messages that nobody has handled. */
export async function takeReady(knex: Knex, limit: number): Promise<ReadyIncoming[]> {
  const rows = await knex('incoming').whereRaw("state = 'received'").orderBy('id').limit(limit)
  return rows.map(row => ({
    incomingId: row.id,
    operatorId: row.operator_id,
    sender: row.sender,
    shortCode: row.short_code,
    encoding: row.encoding,
    text: row.text ?? '',
    missingParts: row.missing_parts === null ? [] : JSON.parse(row.missing_parts),
    receivedAtMs: row.received_at,
  }))
}

/**
 * Carries out the plans, each at most once: a message that is no longer `received` was handled by another node.
 *
 * @returns those that were handled here
 */
export function handle(knex: Knex, plans: readonly InboundPlan[], nowMs: number): Promise<HandledIncoming[]> {
  return knex.transaction(async transaction => {
    await dialectOf(transaction).lockInbound(transaction)
    const handled: HandledIncoming[] = []
    const counts: InboundCount[] = []
    for (const plan of plans) {
      const outcome = await handleOne(transaction, { plan, nowMs, counts })
      if (outcome !== null) handled.push(outcome)
    }
    await countInbound(transaction, nowMs, counts)
    return handled
  })
}

/** Gives up a message whose handling is at fault, so that the next ones go on. */
export async function failIncoming(
  knex: Knex,
  incomingId: number,
  reason: string,
  nowMs: number,
): Promise<void> {
  await knex('incoming')
    .whereRaw("id = ? and state = 'received'", [incomingId])
    .update({ state: 'failed', detail: storable(reason.slice(0, detailLimit)), handled_at: nowMs })
}

const detailLimit = 300

interface Work {
  plan: InboundPlan
  nowMs: number
  counts: InboundCount[]
}

interface StepOutcome {
  kind: InboundActionKind
  target: string
  state: InboundActionState
  detail: string
  /** The wish was carried out, its confirmation could not be written. */
  textFailure?: string
  reply: { messageId: number; message: RoutedMessage } | null
}

async function handleOne(transaction: Knex.Transaction, work: Work): Promise<HandledIncoming | null> {
  const { plan, nowMs, counts } = work
  const { incomingId } = plan
  // First a write on the row: of two nodes the second finds it taken.
  const taken = await transaction('incoming')
    .whereRaw("id = ? and state = 'received'", [incomingId])
    .update({
      state: 'handled',
      phone: plan.phone,
      rule_id: plan.ruleId,
      keyword: plan.keyword.slice(0, 40),
      service: plan.service,
      owner_client_id: plan.owner?.clientId ?? null,
      owner_alert_id: plan.owner?.alertId ?? null,
      answered_message_id: plan.owner?.messageId ?? null,
      detail: plan.detail.slice(0, detailLimit),
      handled_at: nowMs,
    })
  if (taken === 0) return null
  const before: { kind: string; target: string; state: string }[] = await transaction('inbound_actions')
    .where({ incoming_id: incomingId })
    .select('kind', 'target', 'state')
  const outcomes: StepOutcome[] = []
  for (const step of plan.steps) {
    const kind = step.kind === 'not-done' ? step.of : step.kind
    // A message that is tried again does not repeat what was done the first time.
    if (before.some(action => action.kind === kind && action.target === step.target)) continue
    const outcome = await carryOut(transaction, step, work)
    outcomes.push(outcome)
    await transaction('inbound_actions').insert({
      incoming_id: incomingId,
      kind: outcome.kind,
      target: outcome.target.slice(0, 200),
      state: outcome.state,
      detail: storable(outcome.detail.slice(0, detailLimit)),
      message_id: outcome.reply?.messageId ?? null,
      phone: plan.phone,
      created_at: nowMs,
      finished_at: outcome.state === 'waiting' ? null : nowMs,
    })
  }
  const states = [...before.map(action => action.state), ...outcomes.map(outcome => outcome.state)]
  const state = states.includes('failed') ? 'failed' : states.includes('waiting') ? 'waiting' : 'handled'
  if (state !== 'handled') await transaction('incoming').where({ id: incomingId }).update({ state })
  if (state === 'failed') counts.push({ operatorId: plan.operatorId, event: 'failed' })
  return {
    incomingId,
    state,
    replies: outcomes.flatMap(({ reply }) => (reply === null ? [] : [reply])),
    failures: outcomes.flatMap(({ state: is, detail, textFailure = '' }) =>
      is === 'failed' || textFailure !== '' ? [detail] : [],
    ),
  }
}

async function carryOut(transaction: Knex.Transaction, step: InboundStep, work: Work): Promise<StepOutcome> {
  const { plan, nowMs, counts } = work
  const tell = (event: InboundEvent): void => void counts.push({ operatorId: plan.operatorId, event })
  const { target } = step
  switch (step.kind) {
    case 'not-done':
      return {
        kind: step.of,
        target,
        state: step.isFailure ? 'failed' : 'skipped',
        detail: step.reason,
        reply: null,
      }
    case 'mail':
    case 'application':
    case 'smpp-client':
      tell('marked')
      return { kind: step.kind, target, state: 'waiting', detail: '', reply: null }
    case 'reply':
    case 'help':
      return reply(transaction, step, work)
    case 'stop':
    case 'start': {
      const change = step.kind === 'stop' ? stopPhone : startPhone
      const wish = { phone: plan.phone, service: target, incomingId: plan.incomingId }
      const hasChanged = await change(transaction, wish, nowMs)
      // Said once: a phone that is silent already is not written to again, and a YES that lifts nothing means
      // something else.
      if (!hasChanged) return { kind: step.kind, target, state: 'done', detail: 'unchanged', reply: null }
      tell(step.kind)
      return reply(transaction, step, work)
    }
    case 'list': {
      const [list] = await transaction('inbound_lists')
        .where({ id: Number(target) })
        .select('id')
      if (list === undefined) {
        return { kind: 'list', target, state: 'failed', detail: `there is no list ${target}`, reply: null }
      }
      await transaction('inbound_list_numbers')
        .insert({
          list_id: Number(target),
          phone: plan.phone,
          incoming_id: plan.incomingId,
          added_at: nowMs,
        })
        .onConflict(['list_id', 'phone'])
        .ignore()
      tell('listed')
      return reply(transaction, step, work)
    }
  }
}

/**
 * Queues what the phone is told. A confirmation of STOP is queued in the transaction that blocks the phone: it is
 * transactional, which no stop list ends, so that it leaves.
 */
async function reply(
  transaction: Knex.Transaction,
  step: Extract<InboundStep, { kind: 'reply' | 'help' | 'stop' | 'start' | 'list' }>,
  { plan, nowMs, counts }: Work,
): Promise<StepOutcome> {
  const { kind, target, text } = step
  const textFailure = 'textFailure' in step ? step.textFailure : ''
  const done: StepOutcome = { kind, target, state: 'done', detail: textFailure, textFailure, reply: null }
  if (text === null) return done
  const isAlone = kind === 'reply' || kind === 'help'
  if (await isGuarded(transaction, plan.phone, nowMs)) {
    counts.push({ operatorId: plan.operatorId, event: 'guarded' })
    // The wish itself is carried out; only the answer to it is withheld.
    return { ...done, state: isAlone ? 'skipped' : 'done', detail: 'loop-guard' }
  }
  const [result] = await enqueueIn(transaction, { items: [{ message: text, ledger: null }], nowMs })
  if (result?.kind !== 'enqueued') throw new Error('a reply without ledger key was not stored')
  counts.push({ operatorId: plan.operatorId, event: 'reply' })
  const queued = { messageId: result.messageId, message: text }
  if (result.state === 'blocked') return { ...done, state: 'failed', detail: result.reason, reply: queued }
  return { ...done, reply: queued }
}
