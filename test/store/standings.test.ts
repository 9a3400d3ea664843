import { listAudit } from '../../server/store/audit.ts'
import { known, occasionsOf, standings } from '../../server/store/standings.ts'
import { addStops, isStopped, listStops, removeStop } from '../../server/store/stop-list.ts'
import { storeTest } from '../support/store.ts'
import { item, put } from '../support/stored-messages.ts'

const change = { actor: 'inbound', nowMs: 1_000 }
const first = '22670000001'
const second = '22670000002'

storeTest('standings tell, in order, who is stopped and who is capped', async (t, { knex, clock }) => {
  await addStops(knex, [{ recipient: first, service: 'auto', reason: 'STOP by SMS' }], change)
  await put(knex, clock, item({ recipient: second, capKey: 'auto|2027-01-04' }))
  t.deepEqual(await standings(knex, [second, first, '22670000003', first], 'auto', 'auto|2027-01-04'), [
    { isStopped: false, isCapped: true },
    { isStopped: true, isCapped: false },
    { isStopped: false, isCapped: false },
    { isStopped: true, isCapped: false },
  ])
  const free = { isStopped: false, isCapped: false }
  t.deepEqual(await standings(knex, [second, first], 'santé', null), [free, free])
  t.deepEqual(await standings(knex, [], 'auto', null), [])
  t.deepEqual(await standings(knex, ["x' or 1=1 --", '\0'], 'auto', null), [free, free])
})

storeTest('the stop list is by service, or for all of them', async (t, { knex }) => {
  const entries = [
    { recipient: first, service: 'auto', reason: 'STOP' },
    { recipient: first, service: 'auto', reason: 'again' },
    { recipient: second, service: '*', reason: 'r'.repeat(500) },
  ]
  t.is(await addStops(knex, entries, change), 2)
  t.is(await addStops(knex, entries, { ...change, nowMs: 9_000 }), 0)
  t.true(await isStopped(knex, first, 'auto'))
  t.false(await isStopped(knex, first, 'santé'))
  t.true(await isStopped(knex, second, 'santé'))
  t.deepEqual(await listStops(knex, { limit: 1 }), [
    { recipient: first, service: 'auto', reason: 'STOP', createdAtMs: 1_000 },
  ])
  t.is((await listStops(knex, { limit: 10, afterRecipient: first }))[0]?.recipient, second)
  t.true(await removeStop(knex, { recipient: first, service: 'auto' }, change))
  t.false(await removeStop(knex, { recipient: first, service: 'auto' }, change))
  t.false(await isStopped(knex, first, 'auto'))
  t.deepEqual(
    (await listAudit(knex, { noun: 'stop_list', limit: 10 })).map(entry => entry.action),
    ['delete', 'create'],
  )
})

storeTest('a large stop list is imported at once', async (t, { knex }) => {
  const entries = Array.from({ length: 5_000 }, (_, index) => ({
    recipient: `2267${String(index).padStart(7, '0')}`,
    service: '*',
    reason: 'import',
  }))
  t.is(await addStops(knex, entries, change), 5_000)
  t.is((await listAudit(knex, { limit: 10 }))[0]?.detail.count, 5_000)
})

storeTest(
  'the ledger tells what is known and what an entity was written about',
  async (t, { knex, clock }) => {
    await put(knex, clock, item({ alertId: 1 }, ['POL-1', 'J-7']), item({ alertId: 2 }, ['POL-1', 'payé']))
    await clock.advance(1)
    await put(knex, clock, item({ alertId: 1, state: 'held', reason: 'approval' }, ['POL-1', 'J0']))
    const keys = [
      { entityKey: 'POL-1', occurrenceKey: 'J0' },
      { entityKey: 'POL-1', occurrenceKey: 'payé' },
      { entityKey: 'POL-2', occurrenceKey: 'J0' },
      { entityKey: 'POL-1', occurrenceKey: 'J0' },
    ]
    t.deepEqual(await known(knex, 1, keys), ['written', 'new', 'new', 'written'])
    t.deepEqual(await known(knex, 1, []), [])
    t.deepEqual(
      (await occasionsOf(knex, 'POL-1')).map(({ alertId, occurrenceKey, state }) => [
        alertId,
        occurrenceKey,
        state,
      ]),
      [
        [1, 'J0', 'held'],
        [2, 'payé', 'queued'],
        [1, 'J-7', 'queued'],
      ],
    )
    await knex('messages').delete()
    t.is((await occasionsOf(knex, 'POL-1'))[0]?.state, null)
    t.deepEqual(await occasionsOf(knex, 'POL-9'), [])
  },
)
