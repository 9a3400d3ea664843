/**
 * Whatever has an ODBC driver: Informix, Sybase, DB2, Access on Windows and others, by ready-made settings
 * (odbc-presets.ts). The drivers are native code of others, so each read has a process of its own: one that crashes
 * ends that read and nothing else. The package `odbc` is loaded only there, and only where it was installed.
 */
import { fileURLToPath } from 'node:url'
import type { Clock } from '../clock.ts'
import {
  type Source,
  SourceError,
  type SourceQuery,
  type SourceRow,
  type SourceTestStep,
  type SourceWriter,
} from '../source.ts'
import { groupTables, mostColumns } from './describing.ts'
import { changeByDriver, type DriverOrder, type DriverProcess, openDriverRows } from './driver-process.ts'
import { errorWords } from './error-words.ts'
import { connectionString, type OdbcConfig, presetOf } from './odbc-config.ts'
import { explainOdbc, withoutPassword } from './odbc-errors.ts'
import { checkOdbcPaths } from './odbc-paths.ts'
import type { OdbcOrder } from './odbc-session.ts'
import { batchRows, type CheckedStatement, readRows } from './row-reading.ts'
import { openWriter } from './row-writing.ts'
import { testServer } from './server-place.ts'
import type { ReadingSettings } from './settings.ts'
import type { SourceContext } from './source-context.ts'

const rightsUnknown =
  'Through this driver it cannot be told whether the account may write: use one that only has SELECT.'

/** The statement of orders that bring none of the server's SQL. */
const nothing: CheckedStatement = { statement: '', parameterNames: [], values: [] }

export function openOdbc(config: OdbcConfig, { clock, ownFiles }: SourceContext): Source {
  const preset = presetOf(config)
  const place = odbcPlace(config)
  const driver = odbcProcess(config, clock)
  const explain = (error: unknown): SourceError => explainOdbc(error, place, preset)
  const readWith = (
    settings: ReadingSettings,
    query: SourceQuery,
    purpose: OdbcOrder['purpose'],
    signal?: AbortSignal,
  ): AsyncGenerator<SourceRow> =>
    readRows({
      query: purpose === 'statement' ? query : { sql: 'SELECT 1' },
      dialect: preset.dialect,
      placeholders: 'odbc',
      settings,
      clock,
      signal,
      place,
      open: async (statement, stop) => {
        await checkOdbcPaths(config, ownFiles, place)
        const order = odbcOrder({ ...config, ...settings }, purpose, {
          kind: 'read',
          checked: purpose === 'statement' ? statement : nothing,
        })
        return await openDriverRows(driver, order, stop)
      },
      explain,
    })
  const tables = (signal?: AbortSignal): AsyncGenerator<SourceRow> =>
    readWith({ ...config, maxRows: mostColumns }, { sql: '' }, 'tables', signal)
  const ask = async (sql: string, signal?: AbortSignal): Promise<SourceRow[]> =>
    await Array.fromAsync(readWith({ ...config, encoding: 'utf8' }, { sql }, 'statement', signal))
  const login = async (signal: AbortSignal | undefined) => {
    await Array.fromAsync(readWith(config, { sql: '' }, 'login', signal))
    return {
      async findWriteRights() {
        if (preset.rights === 'cannot-write') return ''
        if (preset.rights === 'unknown') return rightsUnknown
        return writeRights(await ask(preset.rights.sql, signal).catch(() => undefined))
      },
      async select() {
        if (preset.probe === undefined) await Array.fromAsync(tables(signal))
        else await ask(preset.probe, signal)
      },
      close: async () => undefined,
    }
  }
  return {
    read: (query, signal) => readWith(config, query, 'statement', signal),
    async test(signal) {
      const { host, user, connectTimeoutMs } = config
      if (host === undefined) return await testWithoutHost(() => login(signal))
      const port = config.port ?? preset.usualPort
      const server = { product: preset.product, host, port, user, database: config.database ?? '' }
      return await testServer({
        place: { ...server, connectTimeoutMs },
        clock,
        signal,
        login: () => login(signal),
      })
    },
    describe: signal => groupTables(tables(signal)),
    close: async () => undefined,
  }
}

/** @param config names the account that may write */
export function openOdbcWriter(config: OdbcConfig, { clock, ownFiles }: SourceContext): SourceWriter {
  const preset = presetOf(config)
  const place = odbcPlace(config)
  const driver = odbcProcess(config, clock)
  return openWriter({
    dialect: preset.dialect,
    placeholders: 'odbc',
    place,
    clock,
    settings: config,
    run: async (checked, commitsUpTo, signal) => {
      await checkOdbcPaths(config, ownFiles, place)
      const order = odbcOrder(config, 'statement', { kind: 'update', checked })
      return await changeByDriver(driver, { ...order, commitsUpTo }, signal)
    },
    explain: error => explainOdbc(error, place, preset),
  })
}

/** `Informix 10.0.0.7:9088/agence as lecteur`; of an own connection string nothing but the product. */
function odbcPlace(config: OdbcConfig): string {
  const { product, usualPort } = presetOf(config)
  const { host, port = usualPort, database, file, dsn, user } = config
  const server = host === undefined ? undefined : `${host}:${port}/${database ?? ''}`
  const where = server ?? file ?? dsn ?? config.driver ?? 'by its connection string'
  return `${product} ${where}${user === '' ? '' : ` as ${user}`}`
}

function odbcProcess(config: OdbcConfig, clock: Clock): DriverProcess {
  const { connectTimeoutMs } = config
  return {
    module: fileURLToPath(new URL('./odbc-reader.ts', import.meta.url)),
    environment: { TZ: 'UTC', LANG: 'C.UTF-8', ...config.environment },
    clock,
    connectTimeoutMs,
    connectTimedOut: () =>
      new SourceError(
        'source-unreachable',
        `${odbcPlace(config)}: no login within ${connectTimeoutMs} ms. Check the address, the route and the firewalls.`,
      ),
  }
}

function odbcOrder(
  config: OdbcConfig,
  purpose: OdbcOrder['purpose'],
  { kind, checked }: { kind: 'read' | 'update'; checked: CheckedStatement },
): DriverOrder<OdbcOrder> {
  const { password, connectTimeoutMs, timeoutMs, encoding } = config
  const { dialect, session, readSession, fetchSize, parameters, hasTransaction } = presetOf(config)
  return {
    kind,
    statement: checked.statement,
    values: checked.values,
    batchRows,
    connection: {
      purpose,
      connectionString: connectionString(config, kind === 'update'),
      password,
      connectTimeoutMs,
      timeoutMs,
      dialect,
      session: kind === 'read' ? [...session, ...readSession] : session,
      fetchSize,
      parameters,
      hasTransaction,
      encoding,
    },
  }
}

function writeRights(found: readonly SourceRow[] | undefined): string {
  if (found === undefined) return rightsUnknown
  if (found.length === 0) return ''
  const names = found.map(row => String(Object.values(row)[0])).join(', ')
  return `The account can write tables; use one that only has SELECT. ${names}`
}

/** A file or a data source has no address of ours to resolve. */
async function testWithoutHost(
  login: () => Promise<{ findWriteRights(): Promise<string>; select(): Promise<unknown> }>,
): Promise<SourceTestStep[]> {
  const steps: SourceTestStep[] = []
  let session: Awaited<ReturnType<typeof login>> | undefined
  const attempts: [SourceTestStep['step'], () => Promise<unknown>][] = [
    ['login', async () => (session = await login())],
    ['read-only', async () => session?.findWriteRights()],
    ['select', async () => session?.select()],
  ]
  for (const [step, attempt] of attempts) {
    try {
      const found = await attempt()
      const warning = step === 'read-only' ? String(found) : ''
      steps.push({ step, outcome: warning === '' ? 'ok' : 'warning', detail: warning })
    } catch (error) {
      const words = errorWords(error)
      return [...steps, { step, outcome: 'failed', detail: withoutPassword(words, '') }]
    }
  }
  return steps
}
