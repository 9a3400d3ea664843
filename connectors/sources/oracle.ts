/**
 * Oracle: one process per read (see driver-process.ts), a read-only transaction, rows fetched by the batch.
 *
 * Thick mode is a property of a whole process, and so are the time zone and the language of the driver: a process of
 * its own lets one old server be read in thick mode while the others stay thin.
 */
import { fileURLToPath } from 'node:url'
import type { Clock } from '../clock.ts'
import { type Source, SourceError, type SourceQuery, type SourceRow, type SourceWriter } from '../source.ts'
import { groupTables, mostColumns } from './describing.ts'
import { changeByDriver, type DriverOrder, type DriverProcess, openDriverRows } from './driver-process.ts'
import { connectDescriptor, explainOracle, type OracleConfig, oraclePlace } from './oracle-connection.ts'
import type { OracleOrder } from './oracle-session.ts'
import { batchRows, type CheckedStatement, readRows } from './row-reading.ts'
import { openWriter } from './row-writing.ts'
import { connectTimedOut, placeName, type ServerPlace, testServer } from './server-place.ts'
import type { ReadingSettings } from './settings.ts'
import type { SourceContext } from './source-context.ts'

/** Owners that come with the server. */
const ownOfServer =
  "'SYS','SYSTEM','XDB','MDSYS','CTXSYS','ORDSYS','ORDDATA','WMSYS','OLAPSYS','DBSNMP','OUTLN','LBACSYS','DVSYS','GSMADMIN_INTERNAL','APPQOSSYS','AUDSYS','OJVMSYS','EXFSYS','SYSMAN'"

const tablesQuery = `SELECT OWNER AS "schema", TABLE_NAME AS "table", COLUMN_NAME AS "column",
    DATA_TYPE || CASE
      WHEN DATA_TYPE LIKE '%CHAR%' OR DATA_TYPE = 'RAW' THEN '(' || DATA_LENGTH || ')'
      WHEN DATA_TYPE = 'NUMBER' AND DATA_PRECISION IS NOT NULL THEN '(' || DATA_PRECISION || ',' || DATA_SCALE || ')'
    END AS "type"
  FROM ALL_TAB_COLUMNS WHERE OWNER NOT IN (${ownOfServer}) AND TABLE_NAME NOT LIKE 'BIN$%'
  ORDER BY OWNER, TABLE_NAME, COLUMN_ID`

const writeRightsQuery = `SELECT "what" FROM (
    SELECT PRIVILEGE AS "what" FROM SESSION_PRIVS
      WHERE PRIVILEGE LIKE '% ANY %' AND PRIVILEGE NOT LIKE 'SELECT %' AND PRIVILEGE NOT LIKE 'READ %'
    UNION SELECT PRIVILEGE || ' on ' || OWNER || '.' || TABLE_NAME FROM USER_TAB_PRIVS
      WHERE GRANTEE = USER AND PRIVILEGE IN ('INSERT', 'UPDATE', 'DELETE', 'ALTER', 'EXECUTE')
    UNION SELECT PRIVILEGE || ' on ' || OWNER || '.' || TABLE_NAME FROM ROLE_TAB_PRIVS
      WHERE PRIVILEGE IN ('INSERT', 'UPDATE', 'DELETE', 'ALTER')
    UNION SELECT 'owner of ' || TABLE_NAME FROM USER_TABLES
  ) WHERE ROWNUM <= 10`

export function openOracle(config: OracleConfig, { clock }: SourceContext): Source {
  const place = oraclePlace(config)
  const driver = oracleProcess(config, clock, place)
  const readWith = (
    settings: ReadingSettings,
    query: SourceQuery,
    signal?: AbortSignal,
  ): AsyncGenerator<SourceRow> =>
    readRows({
      query,
      dialect: 'oracle',
      settings,
      clock,
      signal,
      place: placeName(place),
      open: (statement, stop) =>
        openDriverRows(driver, oracleOrder({ ...config, ...settings }, 'read', statement), stop),
      explain: error => explainOracle(error, place),
    })
  const readAll = async (sql: string, signal?: AbortSignal): Promise<SourceRow[]> =>
    await Array.fromAsync(readWith(config, { sql }, signal))
  const login = async (signal: AbortSignal | undefined) => {
    // The login is only known together with a query: what the query is refused for belongs to its own step.
    const selected = await readAll('SELECT 1 AS ONE FROM DUAL', signal).catch(error => {
      if (error instanceof SourceError && error.code === 'source-query-failed') return error
      throw error
    })
    return {
      findWriteRights: async () => writeRights(await readAll(writeRightsQuery, signal)),
      select: async () => {
        if (selected instanceof SourceError) throw selected
      },
      close: async () => undefined,
    }
  }
  return {
    read: (query, signal) => readWith(config, query, signal),
    test: signal => testServer({ place, clock, signal, login: () => login(signal) }),
    describe: signal =>
      groupTables(
        readWith({ ...config, encoding: 'utf8', maxRows: mostColumns }, { sql: tablesQuery }, signal),
      ),
    close: async () => undefined,
  }
}

/** @param config names the account that may write */
export function openOracleWriter(config: OracleConfig, { clock }: SourceContext): SourceWriter {
  const place = oraclePlace(config)
  const driver = oracleProcess(config, clock, place)
  return openWriter({
    dialect: 'oracle',
    place: placeName(place),
    clock,
    settings: config,
    run: (checked, commitsUpTo, signal) =>
      changeByDriver(driver, { ...oracleOrder(config, 'update', checked), commitsUpTo }, signal),
    explain: error => explainOracle(error, place),
  })
}

function oracleProcess(config: OracleConfig, clock: Clock, place: ServerPlace): DriverProcess {
  const { instantClient } = config
  return {
    module: fileURLToPath(new URL('./oracle-reader.ts', import.meta.url)),
    environment: {
      // A DATE passes through an instant in the driver; in UTC every one of them comes back as it was.
      TZ: 'UTC',
      ORA_SDTZ: 'UTC',
      NLS_LANG: 'AMERICAN_AMERICA.AL32UTF8',
      // On Linux the libraries of the Instant Client find each other only so.
      ...(instantClient !== undefined && { LD_LIBRARY_PATH: instantClient }),
    },
    clock,
    connectTimeoutMs: config.connectTimeoutMs,
    connectTimedOut: () => connectTimedOut(place),
  }
}

function oracleOrder(
  config: OracleConfig,
  kind: 'read' | 'update',
  { statement, values }: CheckedStatement,
): DriverOrder<OracleOrder> {
  const { user, password, connectTimeoutMs, timeoutMs, timeZone, encoding, tls, mode, instantClient } = config
  return {
    kind,
    statement,
    values,
    batchRows,
    connection: {
      login: {
        user,
        password,
        connectString: connectDescriptor(config),
        connectTimeoutMs,
        ...(tls.caPem !== undefined && { wallet: tls.caPem }),
        ...(mode === 'thick' && { thick: { instantClient } }),
      },
      timeoutMs,
      timeZone,
      encoding,
    },
  }
}

function writeRights(found: readonly SourceRow[]): string {
  if (found.length === 0) return ''
  return `The account can do more than SELECT; use one that only has SELECT. ${found.map(row => row.what).join('; ')}`
}
