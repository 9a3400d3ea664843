import type { ExecutionContext } from 'ava'
import type { Knex } from 'knex'
import { createAlert, deleteAlert } from '../../server/store/alerts.ts'
import { cancelMessages } from '../../server/store/messages.ts'
import { beginSecondTries } from '../../server/store/second-tries.ts'
import { createSource, deleteSource } from '../../server/store/sources.ts'
import { createTemplate } from '../../server/store/templates.ts'
import {
  countWriteBacks,
  listWriteBacks,
  pruneWriteBacks,
  retryWriteBacks,
} from '../../server/store/write-back-lists.ts'
import {
  findWriteBackSettings,
  forgetWriteBackPassword,
  removeWriteBack,
  setWriteBack,
} from '../../server/store/write-back-settings.ts'
import { claimWriteBacks, type DueWriteBack, settleWriteBacks } from '../../server/store/write-backs.ts'
import { definition } from '../support/alert-definitions.ts'
import type { FakeClock } from '../support/fake-clock.ts'
import { storeTest } from '../support/store.ts'
import { answered, item, operatorId, put, receipt, settleAll, take } from '../support/stored-messages.ts'

const states = ['delivered', 'undelivered', 'expired', 'refused', 'blocked', 'cancelled'] as const
const sql = 'UPDATE sms SET etat = :state WHERE police = :police'
const change = (clock: FakeClock) => ({ actor: 'test', nowMs: clock.nowMs() })

interface Room {
  sourceId: number
  alertId: number
}

async function room(knex: Knex, clock: FakeClock, isOn = true): Promise<Room> {
  const input = { name: 'client', kind: 'sqlite', config: {}, sealedPassword: null }
  const { sourceId } = await createSource(knex, input, change(clock))
  const { templateId } = await createTemplate(knex, { name: 'T', language: 'fr', source: 'x' }, change(clock))
  const alert = { name: 'A', definition: definition({ sourceId, templates: [{ templateId }] }) }
  const { id: alertId } = await createAlert(knex, alert, change(clock))
  if (isOn) await switchOn(knex, clock, sourceId)
  return { sourceId, alertId }
}

function switchOn(
  knex: Knex,
  clock: FakeClock,
  sourceId: number,
  told: readonly (typeof states)[number][] = states,
) {
  const settings = { sourceId, account: null, sealedPassword: null, statement: sql, states: [...told] }
  return setWriteBack(knex, settings, change(clock))
}

/** A message of the alert about `police`, sent and answered by `key`. */
async function sent(knex: Knex, clock: FakeClock, alertId: number, key: string): Promise<number> {
  const [result] = await put(knex, clock, item({ alertId }, [key, 'once']))
  await take(knex, clock)
  const messageId = result?.kind === 'enqueued' ? result.messageId : 0
  await settleAll(knex, clock, [answered(messageId, key)], [])
  return messageId
}

function claimAll(knex: Knex, clock: FakeClock, exceptSources: number[] = []): Promise<DueWriteBack[]> {
  const nowMs = clock.nowMs()
  return claimWriteBacks(knex, { nowMs, leaseUntilMs: nowMs + 600_000, exceptSources, limit: 200 })
}

async function listed(knex: Knex): Promise<string[]> {
  const all = await listWriteBacks(knex, { limit: 100 })
  return all.map(entry => `${entry.entityKey} ${entry.messageState} ${entry.state}`).sort()
}

storeTest('a message that ends is to be written back, with its key and times', async (t, { knex, clock }) => {
  const { sourceId, alertId } = await room(knex, clock)
  const messageId = await sent(knex, clock, alertId, 'P1')
  t.deepEqual(await claimAll(knex, clock), [], 'sent is no end')
  await settleAll(knex, clock, [], [receipt('P1')])
  const [due, ...others] = await claimAll(knex, clock)
  t.deepEqual(others, [])
  t.like(due, {
    messageId,
    sourceId,
    attempts: 0,
    keyColumns: ['police'],
    entityKey: 'P1',
    zone: 'Africa/Ouagadougou',
    state: 'delivered',
    reason: '',
    finalAtMs: receipt('P1').atMs,
  })
  t.true(due!.sentAtMs! > 0)
  t.deepEqual(await claimAll(knex, clock), [], 'claimed once')
})

storeTest(
  'whatever ends a message is told, and only what the source asks for',
  async (t, { knex, clock }) => {
    const { sourceId, alertId } = await room(knex, clock)
    await put(knex, clock, item({ alertId, state: 'blocked', reason: 'stop-list' }, ['blocked', 'once']))
    const [held] = await put(
      knex,
      clock,
      item({ alertId, state: 'held', reason: 'manual' }, ['cancelled', 'once']),
    )
    await cancelMessages(knex, [held?.kind === 'enqueued' ? held.messageId : 0], {
      nowMs: clock.nowMs(),
      actor: 'x',
    })
    const [refused] = await put(knex, clock, item({ alertId }, ['refused', 'once']))
    const refusedId = refused?.kind === 'enqueued' ? refused.messageId : 0
    await take(knex, clock)
    await settleAll(
      knex,
      clock,
      [{ kind: 'refused', messageId: refusedId, atMs: clock.nowMs(), reason: 'status 11' }],
      [],
    )
    await sent(knex, clock, alertId, 'failed')
    await settleAll(knex, clock, [], [receipt('failed', { state: 'undelivered', detail: 'err:021' })])
    await put(knex, clock, item({ alertId: null }, null))
    t.deepEqual(await listed(knex), [
      'blocked blocked waiting',
      'cancelled cancelled waiting',
      'failed undelivered waiting',
      'refused refused waiting',
    ])
    t.is((await claimAll(knex, clock)).find(({ entityKey }) => entityKey === 'failed')?.reason, 'err:021')

    await switchOn(knex, clock, sourceId, ['delivered'])
    await sent(knex, clock, alertId, 'later')
    await settleAll(knex, clock, [], [receipt('later', { state: 'expired', detail: '' })])
    t.false((await listed(knex)).some(line => line.startsWith('later')))
  },
)

storeTest('without a write-back nothing is queued', async (t, { knex, clock }) => {
  const { alertId } = await room(knex, clock, false)
  await sent(knex, clock, alertId, 'P1')
  await settleAll(knex, clock, [], [receipt('P1')])
  t.deepEqual(await listed(knex), [])
})

storeTest(
  'a message that ends anew is written anew, whatever became of the first',
  async (t, { knex, clock }) => {
    const { alertId } = await room(knex, clock)
    await sent(knex, clock, alertId, 'P1')
    await settleAll(knex, clock, [], [receipt('P1', { state: 'undelivered', detail: 'err:021' })])
    const [first] = await claimAll(knex, clock)
    // The receipt comes while the failure is being written.
    await settleAll(knex, clock, [], [receipt('P1')])
    const { messageId, revision } = first!
    await settleWriteBacks(knex, [{ kind: 'written', messageId, revision, rowsChanged: 1 }], clock.nowMs())
    const [second, ...others] = await claimAll(knex, clock)
    t.like(second, { messageId, state: 'delivered', attempts: 0 })
    t.deepEqual(others, [])
    await settleWriteBacks(knex, [{ ...second!, kind: 'written', rowsChanged: 1 }], clock.nowMs())
    t.deepEqual(await listed(knex), ['P1 delivered done'])
  },
)

storeTest(
  'a message that goes to a second operator is not told before it ends there',
  async (t, { knex, clock }) => {
    const { alertId } = await room(knex, clock)
    const messageId = await sent(knex, clock, alertId, 'P1')
    await settleAll(knex, clock, [], [receipt('P1', { state: 'undelivered', detail: 'unknown subscriber' })])
    await beginSecondTries(knex, [{ messageId, fromOperatorId: operatorId, operatorId: 2 }], clock.nowMs())
    t.deepEqual(await claimAll(knex, clock), [])
    t.deepEqual(await listed(knex), [])
  },
)

storeTest(
  'what was claimed by a node that died is due again when its time is over',
  async (t, { knex, clock }) => {
    const { sourceId, alertId } = await room(knex, clock)
    await sent(knex, clock, alertId, 'P1')
    await settleAll(knex, clock, [], [receipt('P1')])
    t.deepEqual(await claimAll(knex, clock, [sourceId]), [], 'a source that rests')
    t.is((await claimAll(knex, clock)).length, 1)
    await clock.advance(599_999)
    t.is((await claimAll(knex, clock)).length, 0)
    await clock.advance(1)
    t.is((await claimAll(knex, clock)).length, 1)
  },
)

storeTest('results are kept, counted, listed by state, retried and forgotten', async (t, { knex, clock }) => {
  const { sourceId, alertId } = await room(knex, clock)
  const keys = ['done', 'none', 'again', 'failed', 'left']
  for (const key of keys) {
    await sent(knex, clock, alertId, key)
    await settleAll(knex, clock, [], [receipt(key)])
  }
  const due = new Map((await claimAll(knex, clock)).map(one => [one.entityKey, one]))
  const of = (key: string): DueWriteBack => due.get(key)!
  const nowMs = clock.nowMs()
  await settleWriteBacks(
    knex,
    [
      { ...of('done'), kind: 'written', rowsChanged: 2 },
      { ...of('none'), kind: 'written', rowsChanged: 0 },
      { ...of('again'), kind: 'retry', dueAtMs: nowMs + 30_000, error: 'the server is away' },
      { ...of('failed'), kind: 'failed', error: 'x'.repeat(900) },
      { ...of('left'), kind: 'released' },
    ],
    nowMs,
  )
  t.deepEqual(await countWriteBacks(knex, sourceId), {
    waiting: 2,
    retrying: 1,
    done: 1,
    noRow: 1,
    failed: 1,
  })
  const [done] = await listWriteBacks(knex, { state: 'done', limit: 10 })
  t.like(done, {
    entityKey: 'done',
    alertId,
    attempts: 1,
    rowsChanged: 2,
    dueAtMs: null,
    finishedAtMs: nowMs,
    error: '',
  })
  const [none] = await listWriteBacks(knex, { state: 'no-row', sourceId, limit: 10 })
  t.like(none, { entityKey: 'none', rowsChanged: 0 })
  const [failed] = await listWriteBacks(knex, { state: 'failed', limit: 10 })
  t.is(failed?.error.length, 500)
  const again = (await listWriteBacks(knex, { state: 'waiting', limit: 10 })).find(
    one => one.entityKey === 'again',
  )
  t.like(again, { attempts: 1, dueAtMs: nowMs + 30_000, error: 'the server is away' })
  t.deepEqual(
    (await claimAll(knex, clock)).map(one => one.entityKey),
    ['left'],
    'released is due at once',
  )

  t.is(await retryWriteBacks(knex, { messageIds: [of('none').messageId, of('done').messageId] }, nowMs), 1)
  t.is(await retryWriteBacks(knex, { sourceId }, nowMs), 4)
  t.deepEqual(await countWriteBacks(knex, sourceId), {
    waiting: 4,
    retrying: 0,
    done: 1,
    noRow: 0,
    failed: 0,
  })
  t.is(await pruneWriteBacks(knex, nowMs), 0)
  t.is(await pruneWriteBacks(knex, nowMs + 1), 1)
  t.is((await countWriteBacks(knex, sourceId)).done, 0)
})

storeTest('an alert that is deleted leaves its messages to be told', async (t, { knex, clock }) => {
  const { alertId } = await room(knex, clock)
  await sent(knex, clock, alertId, 'P1')
  await deleteAlert(knex, alertId, change(clock))
  await settleAll(knex, clock, [], [receipt('P1')])
  t.is((await claimAll(knex, clock)).length, 1)
})

storeTest(
  'settings are set, changed, lose their password and are removed with what waits',
  async (t, { knex, clock }) => {
    const { sourceId, alertId } = await room(knex, clock)
    const secret = {
      sourceId,
      account: 'writer',
      sealedPassword: 'sealed',
      statement: sql,
      states: ['delivered' as const],
    }
    await setWriteBack(knex, secret, change(clock))
    t.like(await findWriteBackSettings(knex, sourceId), secret)
    t.true(await forgetWriteBackPassword(knex, sourceId, change(clock)))
    t.false(await forgetWriteBackPassword(knex, sourceId, change(clock)))
    t.is((await findWriteBackSettings(knex, sourceId))?.sealedPassword, null)
    await sent(knex, clock, alertId, 'P1')
    await settleAll(knex, clock, [], [receipt('P1')])
    await removeWriteBack(knex, sourceId, change(clock))
    t.deepEqual(await listed(knex), [])
    t.is(await findWriteBackSettings(knex, sourceId), null)
    await refuses(t, removeWriteBack(knex, sourceId, change(clock)))
    await refuses(t, setWriteBack(knex, { ...secret, sourceId: 99 }, change(clock)))
  },
)

storeTest('a source that nobody reads is deleted with its write-back', async (t, { knex, clock }) => {
  const { sourceId, alertId } = await room(knex, clock)
  await deleteAlert(knex, alertId, change(clock))
  await deleteSource(knex, sourceId, change(clock))
  t.is(await findWriteBackSettings(knex, sourceId), null)
})

async function refuses(t: ExecutionContext, work: Promise<unknown>): Promise<void> {
  await t.throwsAsync(work, { code: 'not-found' })
}
