import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { systemClock } from '../../../connectors/clock.ts'
import type { SourceValue } from '../../../connectors/source.ts'
import {
  changeByDriver,
  type DriverOrder,
  openDriverRows,
} from '../../../connectors/sources/driver-process.ts'
import { explainOdbc } from '../../../connectors/sources/odbc-errors.ts'
import { odbcPresets } from '../../../connectors/sources/odbc-presets.ts'
import { tempDir } from '../../support/temp-dir.ts'

const late = new Error('late')
const hopeless = {
  module: fileURLToPath(new URL('./hopeless-driver.ts', import.meta.url)),
  environment: {},
  clock: systemClock,
  // A process has started long before, on any machine; the test of the limit has its own.
  connectTimeoutMs: 60_000,
  connectTimedOut: () => late,
}

const order = (connection: string, kind: 'read' | 'update' = 'read'): DriverOrder<string> => {
  return { kind, connection, statement: 'SELECT 1', values: [], batchRows: 500 }
}

test('batches come in order, one after the other', async t => {
  const rows = await openDriverRows(hopeless, order('works'), new AbortController().signal)
  const read: SourceValue[][] = []
  for (let count = 0; count < 5; count += 1) read.push(...(await rows.next()))
  t.deepEqual(read, [[1], [2], [3], [4], [5]])
  await rows.close()
  t.is(await changeByDriver(hopeless, order('works', 'update'), new AbortController().signal), 1)
})

test('a driver that crashes ends its own read and nothing else', async t => {
  const signal = new AbortController().signal
  const error = await t.throwsAsync(() => openDriverRows(hopeless, order('crashes'), signal))
  const explained = explainOdbc(error, 'Informix db.example', odbcPresets.informix)
  t.is(explained.code, 'source-unreachable')
  t.regex(explained.message, /SIGSEGV.*the product runs on/)

  const rows = await openDriverRows(hopeless, order('crashes in the middle'), signal)
  const read: SourceValue[][] = []
  const reading = async (): Promise<void> => {
    while (true) read.push(...(await rows.next()))
  }
  await t.throwsAsync(reading, { message: /SIGSEGV/ })
  t.deepEqual(read, [[1], [2], [3]])
  await rows.close()
})

test('a login that never comes ends after its time, and a process that hears nothing is killed', async t => {
  const signal = new AbortController().signal
  const quick = { ...hopeless, connectTimeoutMs: 400 }
  t.is(await t.throwsAsync(() => openDriverRows(quick, order('never connects'), signal)), late)

  const cancel = new AbortController()
  const file = join(tempDir(t), 'pid')
  const opening = openDriverRows(hopeless, order(`spins ${file}`), cancel.signal)
  const pid = await until(() => (existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0))
  const reason = new Error('run stopped')
  cancel.abort(reason)
  t.is(await t.throwsAsync(opening), reason)
  await until(() => (isRunning(pid) ? 0 : 1))
  t.false(isRunning(pid))
})

/** Waits for a condition of another process; the time limit of AVA ends one that never comes. */
async function until(found: () => number): Promise<number> {
  for (let value = found(); ; value = found()) {
    if (value > 0) return value
    await systemClock.sleep(10)
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
