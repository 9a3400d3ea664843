import { readFileSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { createLogger, openLog, silentLogger } from '../../server/log.ts'
import { maskPhone } from '../../server/log-redaction.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { tempDir } from '../support/temp-dir.ts'

const clock = fakeClock('2027-01-04T09:00:00Z')

function capture(level: 'trace' | 'debug' | 'info' = 'info') {
  const lines: string[] = []
  return { lines, logger: createLogger({ level, clock, write: line => lines.push(line) }) }
}

test('a line is JSON with level, time, event, ids, then the sentence', t => {
  const { lines, logger } = capture()
  logger.child({ operatorId: 3 }).info({ event: 'bind.bound', durationMs: 12 }, 'bound as transceiver')
  t.deepEqual(lines, [
    '{"level":"info","at":"2027-01-04T09:00:00.000Z","event":"bind.bound","operatorId":3,"durationMs":12,"sentence":"bound as transceiver"}\n',
  ])
})

test('a line below the level is not written', t => {
  const { lines, logger } = capture()
  logger.debug({ event: 'bind.detail' })
  t.false(logger.isEnabled('debug'))
  t.true(logger.isEnabled('warn'))
  t.deepEqual(lines, [])
})

test('the silent logger and its children write nothing', t => {
  t.notThrows(() => silentLogger.child({ a: 1 }).error({ event: 'x' }))
})

test('passwords, keys, authorisation and texts are taken out at every depth and spelling', t => {
  const { lines, logger } = capture('trace')
  const secret = 'hunter2'
  logger.trace({
    event: 'any',
    password: secret,
    PassWord: secret,
    systemPassword: secret,
    client_secret: secret,
    apiKey: secret,
    text: secret,
    short_message: secret,
    request: { headers: { Authorization: `Bearer ${secret}`, cookie: secret, 'x-api-key': secret } },
    list: [{ deep: { passphrase: secret } }],
    url: `postgres://rappel:${secret}@db/rappel`,
    error: new Error(`connect postgres://u:${secret}@h failed`, { cause: { password: secret } }),
    textLength: 12,
  })
  t.is(lines.length, 1)
  t.false(lines[0]!.includes(secret), lines[0]!)
  t.is(JSON.parse(lines[0]!).textLength, 12)
})

test('a whole phone number appears only below info', t => {
  const { lines, logger } = capture('debug')
  const fields = {
    event: 'message.refused',
    recipient: '22670000012',
    batch: [{ phone: '+226 70 00 00 13' }],
  }
  logger.info(fields)
  logger.debug(fields)
  t.false(lines[0]!.includes('70000012'))
  t.like(JSON.parse(lines[0]!), { recipient: '226******12', batch: [{ phone: '226******13' }] })
  t.like(JSON.parse(lines[1]!), { recipient: '22670000012' })
})

test('masking keeps at most five digits and hides what is no number', t => {
  t.is(maskPhone('22670000012'), '226******12')
  t.is(maskPhone('+226 70 00 00 12'), '226******12')
  t.is(maskPhone('7000001'), '***')
  t.is(maskPhone(''), '***')
  t.is(maskPhone('9'.repeat(40)), '***')
})

test('an error is logged with type, code, details and cause', t => {
  const { lines, logger } = capture()
  const cause = Object.assign(new TypeError('inner'), { code: 'ECONNREFUSED' })
  logger.error({ event: 'source.failed', error: new Error('outer', { cause }) })
  t.like(JSON.parse(lines[0]!).error, {
    type: 'Error',
    message: 'outer',
    cause: { type: 'TypeError', message: 'inner', code: 'ECONNREFUSED' },
  })
})

test('cycles, getters that throw, bytes, huge and odd values make one bounded line', t => {
  const { lines, logger } = capture()
  const cycle: Record<string, unknown> = {}
  cycle.self = cycle
  Object.defineProperty(cycle, 'bad', {
    enumerable: true,
    get() {
      throw new Error('no')
    },
  })
  const odd = {
    big: 2n ** 80n,
    bytes: new Uint8Array(5),
    when: new Date(Number.NaN),
    run: () => 1,
    none: undefined,
  }
  const many = Array.from({ length: 100_000 }, () => 'x'.repeat(100))
  logger.info({ event: 'odd', cycle, odd, many, long: 'x'.repeat(1_000_000) })
  t.true(lines[0]!.length < 20_000)
  t.like(JSON.parse(lines[0]!).odd, { big: '1208925819614629174706176', bytes: '[5 bytes]', when: null })
})

test('any fields give exactly one line of JSON with the event', t => {
  const property = fc.property(fc.dictionary(fc.string(), fc.anything()), fields => {
    const { lines, logger } = capture()
    logger.info({ ...fields, event: 'any' })
    const [line = ''] = lines
    return lines.length === 1 && line.indexOf('\n') === line.length - 1 && JSON.parse(line).event === 'any'
  })
  t.notThrows(() => fc.assert(property, { numRuns: 500 }))
})

test('the log file is added to, private, and opened again after rotation', async t => {
  const file = join(tempDir(t), 'rappel.log')
  const log = openLog({ level: 'info', file, clock })
  t.teardown(() => log.flush())
  log.logger.info({ event: 'first' })
  log.flush()
  t.is(statSync(file).mode & 0o777, 0o600)
  renameSync(file, `${file}.1`)
  log.reopen()
  log.logger.fatal({ event: 'second' })
  t.regex(readFileSync(file, 'utf8'), /"event":"second"/, 'the last word is there at once')
  // Another thread writes the others.
  while (readFileSync(`${file}.1`, 'utf8') === '') await new Promise(resolve => setImmediate(resolve))
  t.regex(readFileSync(`${file}.1`, 'utf8'), /"event":"first"/)
})

test('a log file that cannot be opened is named', t => {
  const file = join(tempDir(t), 'none', 'rappel.log')
  t.throws(() => openLog({ level: 'info', file, clock }), {
    message: `log file ${file} cannot be opened for writing`,
  })
})
