/** How a writer keeps its connection, on doubles: when which step ends is the test's to say. */
import test from 'ava'
import { type ConnectionKind, keepConnection } from '../../../connectors/sources/kept-connection.ts'
import type { CheckedStatement } from '../../../connectors/sources/row-reading.ts'

const statement: CheckedStatement = { statement: '', parameterNames: [], values: [] }
const never = new AbortController().signal

/** Connections are numbers; an update ends when the test says so. */
function doubleOf(more: Partial<ConnectionKind<number>> = {}) {
  const log: string[] = []
  const running = new Map<number, PromiseWithResolvers<number>>()
  let opened = 0
  const kept = keepConnection<number>({
    async open() {
      opened += 1
      return opened
    },
    change(connection) {
      log.push(`change on ${connection}`)
      const end = Promise.withResolvers<number>()
      running.set(connection, end)
      return end.promise
    },
    stop(connection) {
      log.push(`stop ${connection}`)
      running.get(connection)?.reject(new Error('stopped'))
    },
    free: connection => void log.push(`free ${connection}`),
    ...more,
  })
  /** Starts an update and waits for its statement to be sent. */
  const start = async (connection: number, signal = never): Promise<{ end: Promise<number> }> => {
    running.delete(connection)
    const end = kept.run(statement, 100, signal)
    while (!running.has(connection)) await Promise.resolve()
    return { end }
  }
  return { kept, log, running, start }
}

test('a connection is kept for the next update, and freed at the end', async t => {
  const { kept, log, running, start } = doubleOf()
  for (const rows of [1, 2]) {
    const { end } = await start(1)
    running.get(1)?.resolve(rows)
    t.is(await end, rows)
  }
  await kept.close()
  t.deepEqual(log, ['change on 1', 'change on 1', 'free 1'])
})

test('a connection on which an update failed, or that was lost meanwhile, is not used again', async t => {
  const { log, running, start } = doubleOf({ isOpen: connection => connection !== 2 })
  const { end: failing } = await start(1)
  running.get(1)?.reject(new Error('no such table'))
  await t.throwsAsync(failing, { message: 'no such table' })
  const { end: second } = await start(2)
  running.get(2)?.resolve(1)
  await second
  const { end: third } = await start(3)
  running.get(3)?.resolve(1)
  await third
  t.deepEqual(log, ['change on 1', 'free 1', 'change on 2', 'change on 3'])
})

test('an update that is given up stops its connection, which is not kept even when it had ended well', async t => {
  const { log, running, start } = doubleOf({ stop: () => undefined })
  const cancel = new AbortController()
  const { end } = await start(1, cancel.signal)
  cancel.abort()
  running.get(1)?.resolve(1)
  await end
  t.deepEqual(log, ['change on 1', 'free 1'])

  const stopped = doubleOf()
  const later = new AbortController()
  const { end: refused } = await stopped.start(1, later.signal)
  later.abort()
  await t.throwsAsync(refused, { message: 'stopped' })
  t.deepEqual(stopped.log, ['change on 1', 'stop 1', 'free 1'])
})

test('an update given up while its connection was made does not begin on it', async t => {
  const cancel = new AbortController()
  const reason = new Error('the server stops')
  const { kept, log } = doubleOf({
    async open() {
      cancel.abort(reason)
      return 1
    },
  })
  t.is(await t.throwsAsync(kept.run(statement, 100, cancel.signal)), reason)
  t.deepEqual(log, ['free 1'])
})

test('two updates at once have a connection each, and one of them is kept', async t => {
  const { kept, log, running, start } = doubleOf()
  const { end: first } = await start(1)
  const { end: second } = await start(2)
  running.get(1)?.resolve(1)
  await first
  running.get(2)?.resolve(1)
  await second
  await kept.close()
  t.deepEqual(log, ['change on 1', 'change on 2', 'free 2', 'free 1'])
})

test('a connection whose update outlives the writer is freed when it ends', async t => {
  const { kept, log, running, start } = doubleOf()
  const { end } = await start(1)
  await kept.close()
  running.get(1)?.resolve(1)
  t.is(await end, 1)
  t.deepEqual(log, ['change on 1', 'free 1'])
})
