/**
 * Cost grows with the work, not with the history: no statement of the hot path may read the whole of a table that
 * keeps history. The statements are those that really ran, explained by SQLite afterwards.
 */
import type { ExecutionContext } from 'ava'
import type { Knex } from 'knex'
import { enqueueGroup } from '../../server/store/enqueue-group.ts'
import { assemble, closeOverdue } from '../../server/store/inbound-assembly.ts'
import { ownersOf } from '../../server/store/inbound-context.ts'
import { inboundFigures, inboundTotals } from '../../server/store/inbound-counters.ts'
import { handle, takeReady } from '../../server/store/inbound-handling.ts'
import {
  findIncoming,
  finishAction,
  searchIncoming,
  waitingActions,
} from '../../server/store/inbound-messages.ts'
import { storeIncoming } from '../../server/store/incoming.ts'
import { recall } from '../../server/store/memories.ts'
import {
  cancelMessages,
  findMessage,
  releaseMessages,
  searchMessages,
  timeline,
} from '../../server/store/messages.ts'
import { deleteOperator } from '../../server/store/operators.ts'
import { reroute, waiting } from '../../server/store/outbox.ts'
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
import { known, occasionsOf, standings } from '../../server/store/standings.ts'
import { backlog, totals, totalsBy } from '../../server/store/statistics.ts'
import {
  countWriteBacks,
  listWriteBacks,
  pruneWriteBacks,
  retryWriteBacks,
} from '../../server/store/write-back-lists.ts'
import { claimWriteBacks, settleWriteBacks } from '../../server/store/write-backs.ts'
import { sqliteTest } from '../support/store.ts'
import { answered, item, put, putOne, receipt, settleAll, take } from '../support/stored-messages.ts'

const history = ['messages', 'm', 'message_parts', 'p', 'message_events', 'e', 'ledger', 'l', 'counters']
const moreHistory = [
  'person_caps',
  'c',
  'alert_memories',
  'a',
  'unmatched_receipts',
  'u',
  'idempotency_keys',
  'k',
  'incoming',
  'incoming_parts',
  'inbound_actions',
  'stop_list',
  'write_backs',
  'w',
]

/** Every step that reads a table of history from one end to the other, as `sql: step`. */
async function fullScans(knex: Knex, work: () => Promise<unknown>): Promise<string[]> {
  const ran = new Map<string, readonly Knex.Value[]>()
  const listen = ({ sql, bindings }: { sql: string; bindings: Knex.Value[] }): void => {
    // `limit 1` without a condition asks whether a table is empty: it stops at the first row.
    if (/^select 1 as one from \w+ limit 1$/.test(sql)) return
    if (/^\s*(select|update|delete|insert|with)\b/i.test(sql)) ran.set(sql, bindings)
  }
  knex.on('query', listen)
  await work()
  knex.off('query', listen)
  const found: string[] = []
  for (const [sql, bindings] of ran) {
    const steps: { detail: string }[] = await knex.raw(`explain query plan ${sql}`, [...bindings])
    for (const { detail } of steps) {
      const [, table] = /^SCAN (\w+)/.exec(detail) ?? []
      const isWalkOfWaiting =
        / USING (COVERING )?INDEX (messages_(queue|sending|held|attention)|incoming_(received|waiting|failed|assembling)|incoming_parts_open|inbound_actions_waiting|write_backs_due)/.test(
          detail,
        )
      if (table !== undefined && [...history, ...moreHistory].includes(table) && !isWalkOfWaiting) {
        found.push(`${sql.replace(/\s+/g, ' ')}: ${detail}`)
      }
    }
  }
  if (ran.size === 0) throw new Error('no statement ran')
  return found
}

async function noFullScan(t: ExecutionContext, knex: Knex, work: () => Promise<unknown>): Promise<void> {
  t.deepEqual(await fullScans(knex, work), [])
}

sqliteTest('a full scan is noticed', async (t, { knex }) => {
  t.is((await fullScans(knex, async () => knex('messages').where('sent_at', '<', 5))).length, 1)
})

sqliteTest('enqueueing reads no history', async (t, { knex, clock }) => {
  const held = { alertId: 1, state: 'held', reason: 'missing-value' } as const
  await put(knex, clock, item(held, ['POL-1', 'J0']))
  await noFullScan(t, knex, () =>
    put(
      knex,
      clock,
      item({ alertId: 1, parts: 2, capKey: 'x' }, ['POL-1', 'J0']),
      item({ alertId: 1 }, ['POL-2', 'J0']),
    ),
  )
  const idempotency = { clientId: 1, key: 'k', requestHash: 'h' }
  await noFullScan(t, knex, () =>
    enqueueGroup(knex, { requests: [{ items: [item()], idempotency }], nowMs: clock.nowMs() }),
  )
  await noFullScan(t, knex, () => recall(knex, 1, ['POL-1']))
  await noFullScan(t, knex, () => standings(knex, ['22670000001'], 'default', 'x'))
  await noFullScan(t, knex, () => known(knex, 1, [{ entityKey: 'POL-1', occurrenceKey: 'J0' }]))
  await noFullScan(t, knex, () => occasionsOf(knex, 'POL-1'))
})

sqliteTest(
  'write-backs are queued, claimed, settled, listed and pruned by index',
  async (t, { knex, clock }) => {
    const nowMs = clock.nowMs()
    const source = { name: 's', kind: 'sqlite', config: '{}', created_at: 0, updated_at: 0 }
    const [{ id: sourceId }] = await knex('sources').insert(source).returning('id')
    const settings = { statement: 'x', states: '["delivered"]', updated_at: 0 }
    await knex('source_write_backs').insert({ source_id: sourceId, ...settings })
    const alert = { name: 'a', definition: JSON.stringify({ sourceId, keyColumns: ['k'], schedule: {} }) }
    const [{ id: alertId }] = await knex('alerts')
      .insert({ ...alert, created_at: 0, updated_at: 0 })
      .returning('id')
    const messageId = await putOne(knex, clock, { alertId })
    await knex('messages').where({ id: messageId }).update({ entity_key: 'K' })
    await take(knex, clock)
    await settleAll(knex, clock, [answered(messageId, 'A1')])
    await noFullScan(t, knex, () => settleAll(knex, clock, [], [receipt('A1')]))
    const claim = { nowMs, leaseUntilMs: nowMs + 1, exceptSources: [99], limit: 5 }
    await noFullScan(t, knex, async () => {
      const [due] = await claimWriteBacks(knex, claim)
      await settleWriteBacks(knex, [{ ...due!, kind: 'failed', error: 'x' }], nowMs)
    })
    await noFullScan(t, knex, () => countWriteBacks(knex, sourceId))
    await noFullScan(t, knex, () => listWriteBacks(knex, { state: 'failed', limit: 5 }))
    await noFullScan(t, knex, () => listWriteBacks(knex, { sourceId, beforeId: 99, limit: 5 }))
    await noFullScan(t, knex, () => pruneWriteBacks(knex, nowMs))
    await noFullScan(t, knex, () => retryWriteBacks(knex, { sourceId }, nowMs))
    await noFullScan(t, knex, () => retryWriteBacks(knex, { messageIds: [messageId] }, nowMs))
  },
)

sqliteTest('claiming walks the queue by index, expired and long messages too', async (t, { knex, clock }) => {
  await put(
    knex,
    clock,
    item({ parts: 3, runId: 1 }),
    item({ runId: 2 }),
    item({ expiresAtMs: clock.nowMs() - 1 }),
  )
  await noFullScan(t, knex, () => take(knex, clock))
  await noFullScan(t, knex, () => waiting(knex, { operatorId: 1, afterId: 0, limit: 5 }))
  const moves = [{ messageId: await putOne(knex, clock), operatorId: 2 }]
  await noFullScan(t, knex, () => reroute(knex, { moves, nowMs: 1, reason: 'x' }))
})

sqliteTest('second tries find their messages by key', async (t, { knex, clock }) => {
  const messageId = await putOne(knex, clock)
  await take(knex, clock)
  const failed = receipt('A1', { state: 'undelivered', isUnknownSubscriber: true })
  await settleAll(knex, clock, [answered(messageId, 'A1')], [failed])
  await noFullScan(t, knex, () => secondTryCandidates(knex, [messageId], clock.nowMs()))
  const tries = [{ messageId, fromOperatorId: 1, operatorId: 2 }]
  await noFullScan(t, knex, () => beginSecondTries(knex, tries, clock.nowMs()))
  await noFullScan(t, knex, () => concludeSecondTries(knex, clock.nowMs()))
})

sqliteTest('settling and receipts find their rows by key', async (t, { knex, clock }) => {
  const ids: number[] = []
  for (let index = 0; index < 6; index += 1)
    ids.push(await putOne(knex, clock, { parts: index === 0 ? 2 : 1 }))
  await take(knex, clock)
  const [long, first, second, third, fourth, fifth] = ids as [number, number, number, number, number, number]
  const atMs = clock.nowMs()
  await settleAll(knex, clock, [], [receipt('A1'), receipt('Z9')])
  await noFullScan(t, knex, () =>
    settleAll(
      knex,
      clock,
      [
        answered(long, 'L1', { partNumber: 1, submittedParts: 2 }),
        answered(long, 'L2', { partNumber: 2, submittedParts: 2 }),
        answered(first, 'A1'),
        { kind: 'refused', messageId: second, atMs, reason: 'x' },
        { kind: 'unknown', messageId: third, atMs, graceUntilMs: atMs, reason: 'x' },
        { kind: 'retry', messageId: fourth, atMs, dueAtMs: atMs, reason: 'x', countsAttempt: true },
        { kind: 'reroute', messageId: fifth, atMs, operatorId: 2, reason: 'x' },
      ],
      [receipt('L1'), receipt('L2'), receipt('foreign', { submittedAtMs: atMs })],
    ),
  )
})

sqliteTest('recovery, policies and decisions walk partial indexes', async (t, { knex, clock }) => {
  const nowMs = clock.nowMs()
  const decision = { actor: 'x', nowMs }
  const messageId = await putOne(knex, clock)
  await take(knex, clock)
  await noFullScan(t, knex, () => recoverSending(knex, nowMs, nowMs))
  await noFullScan(t, knex, () => resendUnknown(knex, nowMs))
  await noFullScan(t, knex, () => expireWaiting(knex, nowMs))
  await noFullScan(t, knex, () => expireWithoutReceipt(knex, nowMs, nowMs + 1))
  await noFullScan(t, knex, () => releaseMessages(knex, [messageId], decision))
  await noFullScan(t, knex, () => cancelMessages(knex, [messageId], decision))
  await noFullScan(t, knex, () => timeline(knex, messageId))
  await noFullScan(t, knex, () => findMessage(knex, messageId))
  await noFullScan(t, knex, () => closeRunHold(knex, { alertId: 1, outcome: 'release', nowMs }))
  await noFullScan(t, knex, () => closeRunHold(knex, { alertId: 1, outcome: 'approval', nowMs }))
})

sqliteTest('statistics read counters of their period, the backlog what waits', async (t, { knex, clock }) => {
  const period = { fromMs: 0, toMs: clock.nowMs() }
  await noFullScan(t, knex, () => totals(knex, period))
  await noFullScan(t, knex, () => totalsBy(knex, period, { by: 'operator' }))
  await noFullScan(t, knex, () => backlog(knex, clock.nowMs()))
})

sqliteTest(
  'searching by number, reference, entity or state to look at uses an index',
  async (t, { knex, clock }) => {
    const [operator] = await knex('operators')
      .insert({ name: 'x', protocol: 'smpp', config: '{}', sender: 'x', created_at: 0, updated_at: 0 })
      .returning('id')
    for (const filter of [
      { recipient: '22670000001' },
      { clientId: 1, clientReference: 'a' },
      { entityKey: 'POL-1' },
      { state: 'undelivered' as const },
      { state: 'unknown' as const },
      { state: 'held' as const, alertId: 1 },
    ]) {
      await noFullScan(t, knex, () => searchMessages(knex, { ...filter, limit: 50 }))
    }
    await noFullScan(t, knex, () => deleteOperator(knex, operator.id, { actor: 'x', nowMs: clock.nowMs() }))
  },
)

sqliteTest('incoming messages are put together, handled and found by index', async (t, { knex, clock }) => {
  const nowMs = clock.nowMs()
  const phone = '22670000001'
  const part = { sender: phone, recipient: '38001', encoding: 'gsm7' as const, partNumber: 1 }
  const parts = [
    { ...part, text: 'STOP', reference: null, partCount: 1 },
    { ...part, text: 'a', reference: 3, partCount: 2 },
  ]
  await storeIncoming(
    knex,
    parts.map(each => ({ operatorId: 1, part: each })),
    nowMs,
  )
  await putOne(knex, clock)
  await noFullScan(t, knex, () => assemble(knex, { nowMs, limit: 10 }))
  await noFullScan(t, knex, () => closeOverdue(knex, { nowMs: nowMs + 3_600_000, limit: 10 }))
  await noFullScan(t, knex, () => takeReady(knex, 10))
  await noFullScan(t, knex, () => ownersOf(knex, [{ phone, shortCode: '38001' }], nowMs))
  const text = item({ text: 'x', category: 'transactional' }).message
  const plan = {
    incomingId: 1,
    operatorId: 1,
    phone,
    ruleId: 1,
    keyword: '',
    service: '*',
    owner: null,
    detail: '',
    steps: [
      { kind: 'stop' as const, target: '*', text, textFailure: '' },
      { kind: 'mail' as const, target: 'x', text: null },
    ],
  }
  await noFullScan(t, knex, () => handle(knex, [plan], nowMs))
  await noFullScan(t, knex, () => waitingActions(knex, { limit: 10 }))
  await noFullScan(t, knex, () => finishAction(knex, 2, { actor: 'x', nowMs }))
  await noFullScan(t, knex, () => findIncoming(knex, 1))
  await noFullScan(t, knex, () => inboundFigures(knex))
  await noFullScan(t, knex, () => inboundTotals(knex, { fromMs: 0, toMs: nowMs }))
  for (const filter of [{ phone }, { shortCode: '38001' }, { state: 'failed' as const }]) {
    await noFullScan(t, knex, () => searchIncoming(knex, { ...filter, limit: 50 }))
  }
})
