/** Works that wait for SQLite share a commit, and each stands or falls alone. */
import Database from 'better-sqlite3'
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

sqliteTest('what waits shares the commit of the first, which is answered after it', async (t, { knex }) => {
  const file = (await knex.raw('pragma database_list'))[0].file as string
  const other = new Database(file, { readonly: true })
  t.teardown(() => other.close())
  const visible = (): unknown =>
    other.prepare("select count(*) from settings where name like 'test-%'").pluck().get()
  const first = put(knex, 'test-1').then(visible)
  const seenByLater: unknown[] = []
  const later = inTransaction(knex, async transaction => {
    await transaction('settings').insert({ name: 'test-2', value: '' })
    seenByLater.push(visible())
  })
  t.is(await first, 2)
  await later
  t.deepEqual(seenByLater, [0])
})

sqliteTest(
  'a commit that fails is told to all of it, nothing stays, and the next one works',
  async (t, { knex }) => {
    const broken = inTransaction(knex, async transaction => {
      await transaction.raw('pragma defer_foreign_keys = on')
      await transaction('alert_templates').insert({ alert_id: 77, template_id: 77 })
    })
    const results = await Promise.allSettled([put(knex, 'test-1'), broken, put(knex, 'test-2')])
    for (const result of results) {
      t.is(result.status, 'rejected')
      t.regex(String((result as PromiseRejectedResult).reason), /FOREIGN KEY/)
    }
    t.deepEqual(await names(knex), [])
    t.is(await put(knex, 'test-3'), 'test-3')
  },
)

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
