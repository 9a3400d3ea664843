/** What every kind of source that is a server must do beside the contract of all kinds. */
import type { ExecutionContext } from 'ava'
import { systemClock } from '../../../connectors/clock.ts'
import type { Source } from '../../../connectors/source.ts'
import {
  anything,
  type ContractItem,
  collect,
  contractTests,
  executeAll,
  type Fixture,
  type FixtureDatabase,
  failureOf,
  openFixture,
  prepare,
  type SqlDatabase,
} from './contract-fixture.ts'

const serverItems = {
  'wrong-password': 'a wrong password is told with host and user and without the password',
  'unknown-host': 'an unknown host is told by its name',
  'nothing-listens': 'a port where nothing listens is told as such',
  'stopped-mid-stream': 'a server that stops in the middle of the rows ends the read with an error',
  tls: 'TLS encrypts when required, and when verified refuses a stranger',
  'read-only-transaction': 'the transaction refuses a write that the guard cannot see',
  'cancel-on-server': 'a cancelled statement is also stopped on the server',
  'write-warning': 'the connection test warns about an account that can write',
} as const

export type ServerItem = keyof typeof serverItems

export interface ServerFixture<Database extends FixtureDatabase = SqlDatabase> extends Fixture<Database> {
  /** A server of its own, that the test may stop. */
  startServer(
    t: ExecutionContext,
    options?: { tls: boolean },
  ): Promise<{ config: Record<string, unknown>; caPem: string | undefined; stop(): Promise<void> }>
  /** Rows of the result in whose middle the server stops: more than it can have sent by then. 5,000,000 when absent. */
  endlessRows?: number
  /** Creates the function `write_row()`, which inserts one more row into `people`. */
  writingFunction?: string[]
  /** Creates an account that may only read; `config` with its name and password. */
  readerConfig?(database: Database): Promise<Record<string, unknown>>
  /** Counts the statements or requests of ours that the server is working on. */
  runningCount(database: Database): Promise<number>
  /** What messages about a source with this config must contain; `host:port` and the user when absent. */
  placeWords?(config: Record<string, unknown>): string[]
  /** Settings that name another host in place of the one of `config`; `{ host }` when absent. */
  atHost?(config: Record<string, unknown>, host: string): Record<string, unknown>
  lacks?: Partial<Record<ContractItem | ServerItem, string>>
}

export function testServerContract<Database extends FixtureDatabase>(fixture: ServerFixture<Database>): void {
  const items = Object.keys(serverItems) as ServerItem[]
  const lacks = Object.fromEntries(
    items.flatMap(item => (fixture.lacks?.[item] === undefined ? [] : [[item, fixture.lacks[item]]])),
  )
  const serverTest = contractTests<ServerItem>(fixture, serverItems, lacks)
  const placeWords = fixture.placeWords ?? (config => [`${config.host}:${config.port}`, String(config.user)])
  const atHost = fixture.atHost ?? ((_, host) => ({ host }))

  serverTest('wrong-password', async t => {
    const { config } = await fixture.database(t)
    const source = openFixture(t, fixture, config, { password: 'not-this-one' })
    const { error } = await failureOf(t, source.read(anything(fixture)))
    t.is(error.code, 'source-login-refused', error.message)
    for (const words of placeWords(config)) t.true(error.message.includes(words), error.message)
    t.false(`${error.message}${JSON.stringify(error.details)}`.includes('not-this-one'))
    t.deepEqual(await stepsOf(source), ['resolve ok', 'connect ok', 'login failed'])
  })

  serverTest('unknown-host', async t => {
    const { config } = await fixture.database(t)
    const source = openFixture(t, fixture, config, atHost(config, 'nowhere.invalid'))
    const { error } = await failureOf(t, source.read(anything(fixture)))
    t.is(error.code, 'source-unreachable')
    t.regex(error.message, /nowhere\.invalid.*(?:DNS)/)
    t.deepEqual(await stepsOf(source), ['resolve failed'])
  })

  serverTest('nothing-listens', async t => {
    const server = await fixture.startServer(t)
    await server.stop()
    const source = openFixture(t, fixture, server.config)
    const { error } = await failureOf(t, source.read(anything(fixture)))
    t.is(error.code, 'source-unreachable')
    t.regex(error.message, /Nothing listens/)
    t.is((await source.test()).at(-1)?.step, 'connect')
  })

  serverTest('stopped-mid-stream', async t => {
    const server = await fixture.startServer(t)
    const maxRows = fixture.endlessRows ?? 5_000_000
    const source = openFixture(t, fixture, server.config, { maxRows })
    const rows = source.read({ sql: fixture.numbers(maxRows) })[Symbol.asyncIterator]()
    await rows.next()
    const stopping = server.stop()
    const { error } = await failureOf(t, { [Symbol.asyncIterator]: () => rows })
    t.is(error.code, 'source-unreachable', error.message)
    await stopping
  })

  serverTest('tls', async t => {
    const { config, caPem } = await fixture.startServer(t, { tls: true })
    const lastStep = async (host: string, tls: Record<string, unknown>): Promise<string> => {
      const steps = await openFixture(t, fixture, config, { ...atHost(config, host), tls }).test()
      return `${steps.at(-1)?.step} ${steps.at(-1)?.outcome}`
    }
    t.is(await lastStep('127.0.0.1', { mode: 'require' }), 'select ok')
    t.is(await lastStep('localhost', { mode: 'verify', caPem }), 'select ok')
    t.regex(await lastStep('localhost', { mode: 'verify' }), /^(?:tls|login) failed$/)
    const source = openFixture(t, fixture, config, {
      ...atHost(config, 'localhost'),
      tls: { mode: 'verify' },
    })
    const { error } = await failureOf(t, source.read(anything(fixture)))
    t.is(error.code, 'source-unreachable')
    t.regex(error.message, /certificate/)
  })

  serverTest('read-only-transaction', async t => {
    const database = await fixture.database(t)
    await prepare(fixture, database, 'people')
    await executeAll(database, fixture.writingFunction)
    const source = openFixture(t, fixture, database.config)
    const sql = `SELECT write_row() AS written${fixture.fromNothing ?? ''}`
    const { error } = await failureOf(t, source.read({ sql }))
    t.is(error.code, 'source-query-failed')
    t.regex(error.message, /read.only transaction/i)
    t.is((await collect(source.read({ sql: 'SELECT id FROM people' }))).length, 3)
  })

  serverTest('cancel-on-server', async t => {
    const database = await fixture.database(t)
    await prepare(fixture, database, 'silent')
    const source = openFixture(t, fixture, database.config)
    const cancel = new AbortController()
    const reading = collect(source.read({ sql: fixture.silent }, cancel.signal))
    await until(async () => (await fixture.runningCount(database)) > 0)
    cancel.abort(new Error('run stopped'))
    await t.throwsAsync(reading, { message: 'run stopped' })
    await until(async () => (await fixture.runningCount(database)) === 0)
    t.pass()
  })

  serverTest('write-warning', async t => {
    const database = await fixture.database(t)
    await prepare(fixture, database, 'people')
    const asOwner = openFixture(t, fixture, database.config)
    const before = ['resolve ok', 'connect ok', 'login ok']
    t.deepEqual(await stepsOf(asOwner), [...before, 'read-only warning', 'select ok'])
    const asReader = openFixture(t, fixture, (await fixture.readerConfig?.(database)) ?? database.config)
    t.deepEqual(await stepsOf(asReader), [...before, 'read-only ok', 'select ok'])
    const details = (await asReader.test()).filter(step => step.step !== 'tls').map(step => step.detail)
    t.deepEqual(details, ['', '', '', '', ''])
  })
}

/** The steps of a connection test without `tls`, which depends on the setting and has a test of its own. */
async function stepsOf(source: Source): Promise<string[]> {
  const steps = (await source.test()).filter(({ step }) => step !== 'tls')
  return steps.map(({ step, outcome }) => `${step} ${outcome}`)
}

/** Waits for a condition of a server; the time limit of AVA ends a condition that never comes. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await systemClock.sleep(10)
}
