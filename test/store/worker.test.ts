/** The store as the main thread holds it: worker threads, structured cloning, errors with their codes. */
import { join } from 'node:path'
import test from 'ava'
import { openStore } from '../../server/store/client.ts'
import { isStoreUnavailable } from '../../server/store/dialect.ts'
import { postgresAvailable, startPostgres } from '../support/postgres.ts'
import { item } from '../support/stored-messages.ts'
import { type Teardown, tempDir } from '../support/temp-dir.ts'

async function open(t: Teardown, file = join(tempDir(t), 'rappel.db')) {
  const opened = await openStore(
    { kind: 'sqlite', file },
    {
      onFailure(error) {
        throw error
      },
    },
  )
  return opened
}

test('what is asked of the store is done in its thread and comes back whole', async t => {
  const { store, close } = await open(t)
  const memories = { alertId: 1, entries: [{ entityKey: 'A', memory: 'x' }] }
  const [result] = await store.enqueue.enqueue({ items: [item()], nowMs: 1_000, memories })
  t.is(result?.kind, 'enqueued')
  t.deepEqual(await store.memories.recall(1, ['A']), new Map([['A', 'x']]))
  t.is((await store.messages.search({ limit: 5 })).length, 1)
  t.is((await store.statistics.backlog(1_000))[0]?.queued, 1)
  await close()
})

test('an error of the store keeps its code and what explains it', async t => {
  const { store, close } = await open(t)
  await t.throwsAsync(store.sources.remove(99, { actor: 'x', nowMs: 1 }), { code: 'not-found' })
  await t.throwsAsync(store.enqueue.enqueue({ items: [item({ text: null as never })], nowMs: 1 }), {
    code: 'internal',
  })
  t.is((await store.messages.search({ limit: 5 })).length, 0)
  await close()
})

test('what was asked before the close is done, what comes after is refused', async t => {
  const file = join(tempDir(t), 'rappel.db')
  const first = await open(t, file)
  const asked = Array.from({ length: 20 }, () => first.store.enqueue.enqueue({ items: [item()], nowMs: 1 }))
  await first.close()
  t.is((await Promise.all(asked)).length, 20)
  await t.throwsAsync(first.store.messages.find(1), { code: 'store-unavailable' })
  const second = await open(t, file)
  t.is((await second.store.messages.search({ limit: 50 })).length, 20)
  await second.close()
})

test('a database that cannot be opened is a clear error', async t => {
  await t.throwsAsync(open(t, join(tempDir(t), 'missing', 'rappel.db')), { code: 'store-unavailable' })
})

const postgresTest = postgresAvailable() ? test : test.skip

postgresTest(
  'a PostgreSQL that goes away in mid-work is unavailable, whatever its driver calls it',
  async t => {
    const server = await startPostgres(t)
    const { url } = await server.createDatabase()
    const { store, close } = await openStore(
      { kind: 'postgres', url },
      { onFailure: error => t.fail(error.message) },
    )
    let isDown = false
    const working = Array.from({ length: 6 }, async (_, alertId) => {
      while (!isDown) await store.memories.remember(alertId, [{ entityKey: 'A', memory: 'x' }])
    })
    const ends = Promise.allSettled(working)
    await store.memories.recall(1, ['A'])
    await server.stop()
    await t.throwsAsync(store.memories.recall(1, ['A']), { code: 'store-unavailable' })
    isDown = true
    // An `internal` would make the batcher write once more what a lost answer to COMMIT may have stored.
    for (const end of await ends) t.is(end.status === 'rejected' && end.reason.code, 'store-unavailable')
    await close()
  },
)

test('only the end of a message tells of a lost connection, never a text that SQL quotes', t => {
  t.true(isStoreUnavailable(new Error('ROLLBACK - Connection terminated unexpectedly')))
  t.true(isStoreUnavailable(new Error('Connection ended unexpectedly')))
  t.false(isStoreUnavailable(new Error("insert 'x - Connection terminated unexpectedly' - out of range")))
  t.false(isStoreUnavailable(null))
})
