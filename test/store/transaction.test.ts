/** Transactions of the hot path: each stands or falls alone, and nothing comes between. */
import type { Knex } from 'knex'
import { inTransaction } from '../../server/store/transaction.ts'
import { sqliteTest, storeTest } from '../support/store.ts'

function put(knex: Knex, name: string): Promise<string> {
  return inTransaction(knex, async transaction => {
    await transaction('settings').insert({ name, value: name })
    return name
  })
}

async function names(knex: Knex): Promise<string[]> {
  const rows = await knex('settings').where('name', 'like', 'test-%').orderBy('name').select('name')
  return rows.map(row => row.name)
}

storeTest('what is asked at once is done, each with its own result', async (t, { knex }) => {
  const asked = Array.from({ length: 11 }, (_, index) => `test-${String(index).padStart(2, '0')}`)
  t.deepEqual(await Promise.all(asked.map(name => put(knex, name))), asked)
  t.deepEqual(await names(knex), asked)
})

storeTest('one that throws leaves nothing behind, and its neighbours stay', async (t, { knex }) => {
  const fault = new Error('out of luck')
  const [before, failed, twice, after] = await Promise.allSettled([
    put(knex, 'test-1'),
    inTransaction(knex, async transaction => {
      await transaction('settings').insert({ name: 'test-2', value: '' })
      throw fault
    }),
    // Refused by the database itself.
    inTransaction(knex, async transaction => {
      await transaction('settings').insert({ name: 'test-3', value: '' })
      await transaction('settings').insert({ name: 'test-3', value: '' })
    }),
    put(knex, 'test-4'),
  ])
  t.deepEqual([before.status, after.status], ['fulfilled', 'fulfilled'])
  t.is((failed as PromiseRejectedResult).reason, fault)
  t.is(twice.status, 'rejected')
  t.deepEqual(await names(knex), ['test-1', 'test-4'])
})

sqliteTest('a commit that fails leaves nothing behind, and the next one works', async (t, { knex }) => {
  const broken = inTransaction(knex, async transaction => {
    await transaction.raw('pragma defer_foreign_keys = on')
    await transaction('settings').insert({ name: 'test-1', value: '' })
    await transaction('alert_templates').insert({ alert_id: 77, template_id: 77 })
  })
  await t.throwsAsync(broken, { message: /FOREIGN KEY/ })
  t.is(await put(knex, 'test-2'), 'test-2')
  t.deepEqual(await names(knex), ['test-2'])
})

sqliteTest('one that cannot begin says why, and the next one works', async (t, { knex }) => {
  await knex.raw('pragma query_only = on')
  await t.throwsAsync(put(knex, 'test-1'), { code: 'SQLITE_READONLY' })
  await knex.raw('pragma query_only = off')
  t.is(await put(knex, 'test-2'), 'test-2')
  t.deepEqual(await names(knex), ['test-2'])
})

sqliteTest('a query of another call never runs inside', async (t, { knex }) => {
  const inside = inTransaction(knex, async transaction => {
    await transaction('settings').insert({ name: 'test-1', value: '' })
    throw new Error('rolled back')
  })
  const outside = knex('settings').insert({ name: 'test-2', value: '' })
  await t.throwsAsync(inside, { message: 'rolled back' })
  await outside
  t.deepEqual(await names(knex), ['test-2'])
})
