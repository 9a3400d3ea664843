/** What every kind of source that is a server must do beside the contract of all kinds. */
import type { ExecutionContext } from 'ava'
import { systemClock } from '../../../connectors/clock.ts'
import { collect, type Fixture, type FixtureDatabase, failureOf, openFixture } from './contract.ts'

export interface ServerFixture extends Fixture {
  /** A server of its own, that the test may stop. */
  startServer(
    t: ExecutionContext,
    options?: { tls: boolean },
  ): Promise<{ config: Record<string, unknown>; caPem: string | undefined; stop(): Promise<void> }>
  /** Creates the function `write_row()`, which inserts into `people`. */
  writingFunction: string[]
  /** Creates an account that may only read; `config` with its name and password. */
  readerConfig(database: FixtureDatabase): Promise<Record<string, unknown>>
  /** Counts the statements of ours that the server is working on: `SELECT … AS running`. */
  runningCount(database: FixtureDatabase): Promise<number>
}

export function testServerContract(fixture: ServerFixture): void {
  const { kind, serverTest } = fixture
  const name = (sentence: string): string => `${kind}: ${sentence}`
  const anything = { sql: 'SELECT 1 AS one' }

  serverTest(name('a wrong password is told with host and user and without the password'), async t => {
    const { config } = await fixture.database(t)
    const source = openFixture(t, fixture, config, { password: 'not-this-one' })
    const { error } = await failureOf(t, source.read(anything))
    t.is(error.code, 'source-login-refused')
    t.true(error.message.includes(`${config.host}:${config.port}`))
    t.true(error.message.includes(String(config.user)))
    t.false(`${error.message}${JSON.stringify(error.details)}`.includes('not-this-one'))
    const steps = await source.test()
    t.deepEqual(
      steps.map(step => `${step.step} ${step.outcome}`),
      ['resolve ok', 'connect ok', 'login failed'],
    )
  })

  serverTest(name('an unknown host is told by its name'), async t => {
    const { config } = await fixture.database(t)
    const source = openFixture(t, fixture, config, { host: 'nowhere.invalid' })
    const { error } = await failureOf(t, source.read(anything))
    t.is(error.code, 'source-unreachable')
    t.regex(error.message, /nowhere\.invalid.*(?:DNS)/)
    const steps = await source.test()
    t.deepEqual(
      steps.map(step => `${step.step} ${step.outcome}`),
      ['resolve failed'],
    )
  })

  serverTest(name('a port where nothing listens is told as such'), async t => {
    const server = await fixture.startServer(t)
    await server.stop()
    const source = openFixture(t, fixture, server.config)
    const { error } = await failureOf(t, source.read(anything))
    t.is(error.code, 'source-unreachable')
    t.regex(error.message, /Nothing listens/)
    t.is((await source.test()).at(-1)?.step, 'connect')
  })

  serverTest(name('a server that stops in the middle of the rows ends the read with an error'), async t => {
    const server = await fixture.startServer(t)
    const source = openFixture(t, fixture, server.config, { maxRows: 5_000_000 })
    const rows = source.read({ sql: fixture.numbers(5_000_000) })[Symbol.asyncIterator]()
    await rows.next()
    const stopping = server.stop()
    const { error } = await failureOf(t, { [Symbol.asyncIterator]: () => rows })
    t.is(error.code, 'source-unreachable', error.message)
    await stopping
  })

  serverTest(name('TLS encrypts when required, and when verified refuses a stranger'), async t => {
    const { config, caPem } = await fixture.startServer(t, { tls: true })
    const lastStep = async (host: string, tls: Record<string, unknown>): Promise<string> => {
      const steps = await openFixture(t, fixture, config, { host, tls }).test()
      return `${steps.at(-1)?.step} ${steps.at(-1)?.outcome}`
    }
    t.is(await lastStep('127.0.0.1', { mode: 'require' }), 'select ok')
    t.is(await lastStep('localhost', { mode: 'verify', caPem }), 'select ok')
    t.is(await lastStep('localhost', { mode: 'verify' }), 'login failed')
    const source = openFixture(t, fixture, config, { host: 'localhost', tls: { mode: 'verify' } })
    const { error } = await failureOf(t, source.read(anything))
    t.is(error.code, 'source-unreachable')
    t.regex(error.message, /certificate/)
  })

  serverTest(name('the transaction refuses a write that the guard cannot see'), async t => {
    const database = await fixture.database(t)
    await database.execute('CREATE TABLE people (id INTEGER)')
    for (const sql of fixture.writingFunction) await database.execute(sql)
    const source = openFixture(t, fixture, database.config)
    const { error } = await failureOf(t, source.read({ sql: 'SELECT write_row() AS written' }))
    t.is(error.code, 'source-query-failed')
    t.regex(error.message, /read.only transaction/i)
    t.deepEqual(await collect(source.read({ sql: 'SELECT id FROM people' })), [])
  })

  serverTest(name('a cancelled statement is also stopped on the server'), async t => {
    const database = await fixture.database(t)
    const source = openFixture(t, fixture, database.config)
    const cancel = new AbortController()
    const reading = collect(source.read({ sql: fixture.silent }, cancel.signal))
    await until(async () => (await fixture.runningCount(database)) > 0)
    cancel.abort(new Error('run stopped'))
    await t.throwsAsync(reading, { message: 'run stopped' })
    await until(async () => (await fixture.runningCount(database)) === 0)
    t.pass()
  })

  serverTest(name('the connection test warns about an account that can write'), async t => {
    const database = await fixture.database(t)
    await database.execute('CREATE TABLE people (id INTEGER)')
    const asOwner = await openFixture(t, fixture, database.config).test()
    t.deepEqual(
      asOwner.map(step => `${step.step} ${step.outcome}`),
      ['resolve ok', 'connect ok', 'login ok', 'read-only warning', 'select ok'],
    )
    const asReader = await openFixture(t, fixture, await fixture.readerConfig(database)).test()
    t.deepEqual(
      asReader.map(step => `${step.step} ${step.outcome} ${step.detail}`),
      ['resolve ok ', 'connect ok ', 'login ok ', 'read-only ok ', 'select ok '],
    )
  })
}

/** Waits for a condition of a server; the time limit of AVA ends a condition that never comes. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await systemClock.sleep(10)
}
