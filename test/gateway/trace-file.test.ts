import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { systemClock } from '../../connectors/clock.ts'
import { createTraceFile, readTraceTail } from '../../server/gateway/trace-file.ts'
import { createTraces, type Traces } from '../../server/gateway/traces.ts'
import { silentLogger } from '../../server/log.ts'
import { type FakeClock, fakeClock } from '../support/fake-clock.ts'
import { tempDir } from '../support/temp-dir.ts'

const line = (text: string) => ({ bind: 'transceiver', direction: 'out', line: text }) as const

test('a line has its time in UTC, its bind and its direction; the file is private', async t => {
  const file = join(tempDir(t), 'traces', 'operator-1.log')
  const trace = createTraceFile({ file, clock: fakeClock(), onFailed: error => t.fail(error.message) })
  trace.add(line('submit_sm seq=7'))
  trace.add({ bind: 'transceiver', direction: 'in', line: 'submit_sm_resp seq=7 status=ESME_ROK' })
  await trace.close()
  t.deepEqual(readFileSync(file, 'utf8').split('\n'), [
    '2027-01-04T09:00:00.000Z transceiver > submit_sm seq=7',
    '2027-01-04T09:00:00.000Z transceiver < submit_sm_resp seq=7 status=ESME_ROK',
    '',
  ])
  t.is(statSync(file).mode & 0o777, 0o600)
  t.is(statSync(join(file, '..')).mode & 0o777, 0o700)
  trace.add(line('late'))
  await trace.close()
  t.false(readFileSync(file, 'utf8').includes('late'))
})

test('files are rotated by size, five are kept, and the newest lines are read over the boundary', async t => {
  const file = join(tempDir(t), 'operator-1.log')
  for (let round = 0; round < 9; round += 1) {
    // Each closes before the next begins: every round fills one file.
    const trace = createTraceFile({
      file,
      clock: fakeClock(),
      mostOctets: 500,
      onFailed: error => t.fail(error.message),
    })
    for (let index = 0; index < 10; index += 1) trace.add(line(`round=${round} index=${index}`))
    await trace.close()
  }
  t.deepEqual(
    readdirSync(join(file, '..')).sort(),
    [1, 2, 3, 4].map(index => `operator-1.log.${index}`),
  )
  const last = createTraceFile({ file, clock: fakeClock(), onFailed: error => t.fail(error.message) })
  last.add(line('the newest'))
  await last.close()
  const tail = (await readTraceTail(file, 1_000)).trimEnd().split('\n')
  t.regex(tail.at(-1)!, /the newest$/)
  t.regex(tail.at(-2)!, /round=8 index=9$/)
  t.regex(tail[0]!, /^2027-01-04T/)
  t.true(tail.join('\n').length <= 1_000)
  t.is(await readTraceTail(join(tempDir(t), 'none.log'), 1_000), '')
})

test('a disk that is too slow costs lines, which are counted', async t => {
  const file = join(tempDir(t), 'operator-1.log')
  const trace = createTraceFile({ file, clock: fakeClock(), onFailed: error => t.fail(error.message) })
  for (let index = 0; index < 30_000; index += 1) trace.add(line('x'.repeat(200)))
  await trace.close()
  const written = readFileSync(file, 'utf8').trimEnd().split('\n')
  const [, dropped] = /-- (\d+) lines dropped/.exec(written[0]!) ?? []
  t.is(Number(dropped) + written.length - 1, 30_000)
})

interface Under {
  traces: Traces
  clock: FakeClock
  directory: string
  told: string[]
  alarms: Map<string, string>
}

function tracesIn(t: ExecutionContext, directory = join(tempDir(t), 'traces'), clock = fakeClock()): Under {
  const told: string[] = []
  const alarms = new Map<string, string>()
  const traces = createTraces({
    directory,
    clock,
    log: silentLogger,
    alarms: {
      raise: (kind, subject, detail) => void alarms.set(`${kind} ${subject}`, detail),
      clear: (kind, subject) => void alarms.delete(`${kind} ${subject}`),
    },
    onChange: (operatorId, change) => void told.push(`${operatorId} ${change}`),
  })
  t.teardown(() => traces.stopAll())
  return { traces, clock, directory, told, alarms }
}

const operator = { operatorId: 1, name: 'Orange' }

test('a trace goes off by itself; asked for again, it gets another end', async t => {
  const { traces, clock, told } = tracesIn(t)
  traces.start(operator, 1)
  t.deepEqual(traces.status(1), { isOn: true, untilMs: clock.nowMs() + 60_000 })
  await clock.advance(30_000)
  traces.start(operator, 1)
  await clock.advance(59_000)
  t.true(traces.status(1).isOn)
  await clock.advance(2_000)
  t.deepEqual(traces.status(1), { isOn: false, untilMs: null })
  t.is(traces.sinkOf(1), null)
  t.deepEqual(told, ['1 on', '1 off'])
})

test('a trace whose file cannot be written ends with an alarm, which the next trace or its end clears', async t => {
  const parent = tempDir(t)
  const directory = join(parent, 'traces')
  // A file stands where the directory should be.
  writeFileSync(directory, '')
  const { traces, clock, alarms, told } = tracesIn(t, directory)
  traces.start(operator, 60)
  traces.sinkOf(1)!(line('lost'))
  const untilMs = systemClock.nowMs() + 60_000
  while (traces.status(1).isOn && systemClock.nowMs() < untilMs) await clock.advance(300)
  t.false(traces.status(1).isOn)
  t.regex(alarms.get('trace-failed Orange')!, /ENOTDIR|EEXIST/)
  t.deepEqual(told, ['1 on', '1 off'])
  await traces.stop(operator)
  t.is(alarms.size, 0)
})

test('what a deleted operator left goes with it', async t => {
  const { traces, directory } = tracesIn(t)
  mkdirSync(directory)
  writeFileSync(join(directory, 'operator-1.log.3'), 'old\n')
  traces.start(operator, 60)
  traces.sinkOf(1)!(line('a'))
  await traces.remove(1)
  t.deepEqual(readdirSync(directory), [])
})
