/**
 * Whatever is asked of the store in whatever order: states move only as message-state.ts allows, and counters are
 * what a recount of every move gives. The moves are written down by a trigger, not by the code under test.
 */
import type { ExecutionContext } from 'ava'
import fc from 'fast-check'
import type { Knex } from 'knex'
import { canMove, finalStates } from '../../server/gateway/message-state.ts'
import { stateCodes } from '../../server/store/codes.ts'
import { cancelMessages, releaseMessages } from '../../server/store/messages.ts'
import { reroute } from '../../server/store/outbox.ts'
import {
  expireWaiting,
  expireWithoutReceipt,
  recoverSending,
  resendUnknown,
} from '../../server/store/recovery.ts'
import { closeRunHold } from '../../server/store/run-holds.ts'
import {
  beginSecondTries,
  concludeSecondTries,
  secondTryCandidates,
} from '../../server/store/second-tries.ts'
import type { FakeClock } from '../support/fake-clock.ts'
import { postgresTest, type StoreBody, sqliteTest } from '../support/store.ts'
import { answered, item, put, receipt, settleAll, take } from '../support/stored-messages.ts'

interface Step {
  verb: number
  /** Which messages, which outcome: read differently by each verb. */
  pick: number
  choice: number
}

interface World {
  knex: Knex
  clock: FakeClock
  ids: number[]
  keys: string[]
}

const recipients = ['22670000001', '22670000002', '22670000003']

const verbs: ((world: World, step: Step) => Promise<unknown>)[] = [
  enqueueSome,
  enqueueSome,
  claimSome,
  claimSome,
  settleSome,
  settleSome,
  settleSome,
  receiveSome,
  receiveSome,
  ({ knex, clock }) => recoverSending(knex, clock.nowMs(), clock.nowMs() + 60_000),
  ({ knex, clock }) => resendUnknown(knex, clock.nowMs()),
  ({ knex, clock }) => expireWaiting(knex, clock.nowMs()),
  ({ knex, clock }) => expireWithoutReceipt(knex, clock.nowMs(), clock.nowMs() - 3_600_000),
  ({ knex, clock, ids }, { pick }) =>
    cancelMessages(knex, chosen(ids, pick), { actor: 'x', nowMs: clock.nowMs() }),
  ({ knex, clock, ids }, { pick }) =>
    releaseMessages(knex, chosen(ids, pick), { actor: 'x', nowMs: clock.nowMs() }),
  ({ knex, clock }, { choice }) =>
    closeRunHold(knex, {
      alertId: 1 + (choice % 2),
      outcome: choice % 3 === 0 ? 'approval' : 'release',
      nowMs: clock.nowMs(),
    }),
  ({ knex, clock, ids }, { pick, choice }) => {
    const moves = chosen(ids, pick).map(messageId => ({ messageId, operatorId: 1 + (choice % 2) }))
    return reroute(knex, { moves, nowMs: clock.nowMs(), reason: 'x' })
  },
  secondTrySome,
  ({ clock }, { choice }) => clock.advance((choice % 120) * 60_000),
]

async function enqueueSome({ knex, clock, ids }: World, { pick, choice }: Step): Promise<void> {
  const holds = ['missing-value', 'approval', 'run-open'] as const
  const items = Array.from({ length: 1 + (pick % 4) }, (_, index) => {
    const random = choice + index * 7
    const isHeld = random % 5 === 0
    return item(
      {
        alertId: 1 + (random % 2),
        runId: 1 + (random % 3),
        recipient: recipients[random % 3]!,
        parts: 1 + (random % 3),
        priority: (['express', 'normal', 'bulk'] as const)[random % 3]!,
        unknownPolicy: random % 2 === 0 ? 'resend' : 'hold',
        operatorId: random % 11 === 0 ? null : 1 + (random % 2),
        state: isHeld ? 'held' : 'queued',
        reason: isHeld ? holds[random % 3]! : '',
        capKey: random % 4 === 0 ? `day-${random % 9}` : null,
        dueAtMs: clock.nowMs(),
        expiresAtMs: clock.nowMs() + (1 + (random % 90)) * 60_000,
      },
      random % 3 === 0 ? null : [`POL-${random % 6}`, `${pick % 5}`],
    )
  })
  for (const result of await put(knex, clock, ...items)) {
    if (result.kind === 'enqueued') ids.push(result.messageId)
  }
}

async function claimSome({ knex, clock }: World, { pick, choice }: Step): Promise<void> {
  const operatorId = 1 + (choice % 2)
  const claimed = await take(knex, clock, { operatorId, limit: 1 + (pick % 6), turn: choice })
  const rows = await knex('messages').whereIn(
    'id',
    claimed.map(message => message.messageId),
  )
  if (rows.some(row => row.state !== stateCodes.codeOf('sending'))) throw new Error('claimed but not sending')
}

async function settleSome({ knex, clock, ids, keys }: World, { pick, choice }: Step): Promise<void> {
  const atMs = clock.nowMs()
  const items = chosen(ids, pick).map((messageId, index) => {
    const random = choice + index
    const remoteKey = `K${(pick * 31 + random) % 40}`
    keys.push(remoteKey)
    switch (random % 7) {
      case 0:
        return {
          kind: 'retry',
          messageId,
          atMs,
          dueAtMs: atMs,
          reason: 'x',
          countsAttempt: random % 2 === 0,
        } as const
      case 1:
        return { kind: 'unknown', messageId, atMs, graceUntilMs: atMs + 60_000, reason: 'timeout' } as const
      case 2:
        return { kind: 'refused', messageId, atMs, reason: 'x' } as const
      case 3:
        return { kind: 'reroute', messageId, atMs, operatorId: 1 + (random % 2), reason: 'x' } as const
      default:
        return answered(messageId, remoteKey, {
          partNumber: 1 + (random % 3),
          submittedParts: random % 4,
          operatorId: 1 + (pick % 2),
          atMs,
        })
    }
  })
  await settleAll(knex, clock, items)
}

async function receiveSome({ knex, clock, keys }: World, { pick, choice }: Step): Promise<void> {
  const states = ['delivered', 'undelivered', 'expired', 'rejected', 'unknown', 'intermediate'] as const
  const known = keys.length === 0 ? ['none'] : keys
  const receipts = Array.from({ length: 1 + (pick % 5) }, (_, index) =>
    receipt(known[(pick + index * choice) % known.length]!, {
      state: states[(choice + index) % states.length]!,
      operatorId: 1 + ((choice + index) % 2),
      recipient: choice % 4 === 0 ? '' : recipients[(pick + index) % 3]!,
      submittedAtMs: choice % 3 === 0 ? clock.nowMs() : null,
      atMs: clock.nowMs(),
    }),
  )
  await settleAll(knex, clock, [], receipts)
}

async function secondTrySome({ knex, clock, ids }: World, { pick, choice }: Step): Promise<void> {
  const candidates = await secondTryCandidates(knex, chosen(ids, pick), clock.nowMs())
  const tries = candidates.map(({ messageId, operatorId }) => ({
    messageId,
    fromOperatorId: operatorId,
    operatorId: 1 + (choice % 2),
  }))
  await beginSecondTries(knex, tries, clock.nowMs())
  if (choice % 2 === 0) await concludeSecondTries(knex, clock.nowMs())
}

function chosen(ids: readonly number[], pick: number): number[] {
  if (ids.length === 0) return [9_999_999]
  return Array.from({ length: 1 + (pick % 4) }, (_, index) => ids[(pick + index * 13) % ids.length]!)
}

async function watchMoves(knex: Knex): Promise<void> {
  await knex.schema.createTable('moves', table => {
    table.integer('from_state')
    for (const column of ['to_state', 'operator_id', 'alert_id', 'parts']) table.integer(column).notNullable()
  })
  const write = (from: string): string =>
    `insert into moves values (${from}, new.state, coalesce(new.operator_id, 0), coalesce(new.alert_id, 0), new.part_count);`
  if (knex.client.config.client === 'pg') {
    await knex.raw(`create function watch() returns trigger language plpgsql as $$ begin
      if tg_op = 'INSERT' then ${write('null')} elsif old.state <> new.state then ${write('old.state')} end if;
      return new; end $$`)
    await knex.raw(
      'create trigger watch after insert or update on messages for each row execute function watch()',
    )
    return
  }
  await knex.raw(`create trigger watch_insert after insert on messages begin ${write('null')} end`)
  await knex.raw(
    `create trigger watch_update after update on messages when old.state <> new.state begin ${write('old.state')} end`,
  )
}

async function checkMoves(t: ExecutionContext, knex: Knex): Promise<void> {
  const moves: { from_state: number; to_state: number }[] = await knex('moves')
    .whereNotNull('from_state')
    .distinct('from_state', 'to_state')
  for (const { from_state: from, to_state: to } of moves) {
    const words = [stateCodes.wordOf(from), stateCodes.wordOf(to)] as const
    t.true(canMove(...words), words.join(' -> '))
  }
  const recount = await knex('moves')
    // Claims are not counted: `sending` lasts milliseconds and the hot path is spared a row.
    .whereNot({ to_state: stateCodes.codeOf('sending') })
    .groupBy('to_state', 'operator_id', 'alert_id')
    .orderBy(['to_state', 'operator_id', 'alert_id'])
    .select('to_state as state', 'operator_id', 'alert_id')
    .count({ messages: '*' })
    .sum({ parts: 'parts' })
  const counters = await knex('counters')
    .groupBy('state', 'operator_id', 'alert_id')
    .orderBy(['state', 'operator_id', 'alert_id'])
    .select('state', 'operator_id', 'alert_id')
    .sum({ messages: 'messages', parts: 'parts' })
  t.deepEqual(counters, recount)
}

async function checkMessages(t: ExecutionContext, knex: Knex): Promise<void> {
  for (const row of await knex('messages')) {
    const state = stateCodes.wordOf(row.state)
    t.is(row.final_at !== null, finalStates.includes(state), `message ${row.id} in ${state}: final_at`)
    if (state === 'sent' || state === 'delivered')
      t.true(row.operator_id !== null, `message ${row.id}: operator`)
    if (state === 'queued' || state === 'sending') {
      t.true(row.operator_id !== null && row.reason !== 'missing-value', `message ${row.id} in ${state}`)
    }
    t.true(row.attempts >= 0)
  }
}

const stepArbitrary = fc.record({
  verb: fc.nat(verbs.length - 1),
  pick: fc.nat(200),
  choice: fc.nat(200),
})

function randomOperations(numRuns: number): StoreBody {
  return async (t, { knex, clock }) => {
    await watchMoves(knex)
    const world: World = { knex, clock, ids: [], keys: [] }
    const property = fc.asyncProperty(
      fc.array(stepArbitrary, { minLength: 10, maxLength: 60 }),
      async steps => {
        for (const step of steps) await verbs[step.verb]!(world, step)
        await checkMoves(t, knex)
        await checkMessages(t, knex)
      },
    )
    await fc.assert(property, { numRuns, endOnFailure: true })
    const reached = await knex('moves').distinct('to_state').pluck('to_state')
    t.true(reached.length >= 8, `only ${reached.length} states were reached: the test has lost its reach`)
  }
}

const title = 'random operations move states as allowed and keep counters equal to a recount'
sqliteTest(title, randomOperations(30))
postgresTest(title, randomOperations(12))
