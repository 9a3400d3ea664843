/** Ready-made settings of the ODBC kind: one row per database and driver, with the driver's own words as keys. */
import type { SqlDialect } from './sql-tokens.ts'

/** What an administrator fills in for a preset. */
export type OdbcField = 'host' | 'port' | 'database' | 'server' | 'file' | 'dsn' | 'connectionString'

interface OdbcTarget {
  host: string
  port: number
  database: string
  /** INFORMIXSERVER. */
  server: string
  file: string
  connectTimeoutMs: number
  writes: boolean
}

export interface OdbcPreset {
  /** The product, for messages. */
  product: string
  /** The usual name of the driver, as `odbcinst -q -d` or the Windows panel shows it; none for a DSN. */
  driver: string | undefined
  needs: readonly OdbcField[]
  usualPort: number
  dialect: SqlDialect
  /** Keys of the connection string after `Driver`, without user and password. */
  keys(target: OdbcTarget): Record<string, string>
  /** Sent after the login. */
  session: readonly string[]
  /** Sent besides before a read, and not before a write-back. */
  readSession: readonly string[]
  /** Rows of one fetch. 1 for drivers that know no more. */
  fetchSize: number
  /** Drivers without SQLDescribeParam cannot be handed values: these are written into the statement as literals. */
  parameters: 'bound' | 'written'
  /** Whether a read runs in a transaction that is never committed. */
  hasTransaction: boolean
  /** The smallest query; without one the list of tables is asked for. */
  probe?: string
  /** Rows of one column `what`: what the account may write. */
  rights: { sql: string } | 'cannot-write' | 'unknown'
  /** What to do when the driver is not found. */
  install: string
}

const ansiDriver = {
  session: [],
  readSession: [],
  fetchSize: 100,
  parameters: 'bound',
  hasTransaction: true,
  rights: 'unknown',
} as const

const freeTds = {
  driver: 'FreeTDS',
  needs: ['host', 'database'],
  dialect: 'mssql',
  session: ['SET QUOTED_IDENTIFIER ON'],
  readSession: [],
  // It says that it can read long values anywhere in a block of rows, and then cannot (HY109, version 1.3).
  fetchSize: 1,
  parameters: 'written',
  hasTransaction: true,
  probe: 'SELECT 1 AS one',
  rights: 'unknown',
  install: 'Debian: apt install tdsodbc (FreeTDS); it registers itself as "FreeTDS".',
} as const satisfies Partial<OdbcPreset>

const postgresSession = {
  session: ['SET standard_conforming_strings = on', "SET DateStyle = 'ISO, YMD'"],
  // The driver's own ReadOnly would refuse these; the server's refuses more, a function that writes among them.
  readSession: ['SET default_transaction_read_only = on'],
}
const sqliteSession = { session: [], readSession: ['PRAGMA query_only = ON'] }

/**
 * What a server behind an own connection string is told, so that it reads a statement as the guard did, and reads only
 * where it can be told so.
 */
export const sessionsOfDialects: Partial<Record<SqlDialect, Pick<OdbcPreset, 'session' | 'readSession'>>> = {
  postgres: postgresSession,
  mysql: { session: ["SET SESSION sql_mode = ''"], readSession: ['SET SESSION TRANSACTION READ ONLY'] },
  sqlite: sqliteSession,
  mssql: { session: freeTds.session, readSession: freeTds.readSession },
}

const tdsKeys = ({ host, port, database }: OdbcTarget, version: string) => ({
  Server: host,
  Port: String(port),
  Database: database,
  TDS_Version: version,
  ClientCharset: 'UTF-8',
})

export const odbcPresets = {
  informix: {
    ...ansiDriver,
    product: 'Informix',
    driver: 'IBM INFORMIX ODBC DRIVER',
    needs: ['host', 'database', 'server'],
    usualPort: 9088,
    dialect: 'informix',
    keys: ({ host, port, server, database }) => ({
      Host: host,
      Service: String(port),
      Server: server,
      Protocol: 'onsoctcp',
      Database: database,
      CLIENT_LOCALE: 'en_US.utf8',
      // The guard reads a double quote as a name; so must the server.
      DELIMIDENT: 'y',
    }),
    // Readers neither wait for the locks of the till nor hold any.
    readSession: ['SET ISOLATION TO DIRTY READ'],
    probe: 'SELECT FIRST 1 1 AS one FROM systables',
    rights: {
      sql: `SELECT FIRST 10 t.tabname AS what FROM systables t, systabauth a
        WHERE a.tabid = t.tabid AND t.tabid >= 100 AND a.grantee IN (USER, 'public') AND a.tabauth MATCHES '*[uid]*'`,
    },
    install:
      'Install the Informix Client SDK (4.10 for servers before 12.10, else 4.50), register its iclit09b.so in odbcinst.ini, put its lib folders into the loader path (ldconfig), and give INFORMIXDIR in the environment of the source.',
  },
  sybase: {
    ...freeTds,
    product: 'Sybase',
    usualPort: 5000,
    keys: target => tdsKeys(target, '5.0'),
  },
  /** SQL Server 7 and 2000, which the kind `mssql` cannot speak to. */
  'sqlserver-old': {
    ...freeTds,
    product: 'SQL Server',
    usualPort: 1433,
    keys: target => tdsKeys(target, '7.1'),
  },
  db2: {
    ...ansiDriver,
    product: 'DB2',
    driver: 'IBM DB2 ODBC DRIVER',
    needs: ['host', 'database'],
    usualPort: 50_000,
    dialect: 'db2',
    keys: ({ host, port, database, connectTimeoutMs }) => ({
      Hostname: host,
      Port: String(port),
      Protocol: 'TCPIP',
      Database: database,
      ConnectTimeout: String(Math.ceil(connectTimeoutMs / 1_000)),
    }),
    probe: 'SELECT 1 AS one FROM SYSIBM.SYSDUMMY1',
    rights: {
      sql: `SELECT TRIM(TABSCHEMA) || '.' || TABNAME AS "what" FROM SYSCAT.TABAUTH WHERE GRANTEE = USER
        AND (INSERTAUTH <> 'N' OR UPDATEAUTH <> 'N' OR DELETEAUTH <> 'N') FETCH FIRST 10 ROWS ONLY`,
    },
    install:
      'Install the IBM Data Server Driver for ODBC and CLI (for AS/400: IBM i Access ODBC, with an own connection string) and register it in odbcinst.ini.',
  },
  /** Microsoft's own driver: SQL of Access, linked tables; Windows only. */
  'access-windows': {
    ...ansiDriver,
    product: 'Access',
    driver: 'Microsoft Access Driver (*.mdb, *.accdb)',
    needs: ['file'],
    usualPort: 0,
    dialect: 'access',
    keys: ({ file, writes }) => ({ DBQ: file, ReadOnly: writes ? '0' : '1' }),
    probe: 'SELECT 1 AS one',
    rights: 'cannot-write',
    install:
      'Windows only: install the 64-bit Microsoft Access Database Engine (it must match the 64-bit service). On Linux use the kind access.',
  },
  /** Access files on Linux; the kind `access` reads more of them. */
  mdbtools: {
    ...ansiDriver,
    product: 'Access (mdbtools)',
    driver: 'MDBTools',
    needs: ['file'],
    usualPort: 0,
    dialect: 'access',
    keys: ({ file }) => ({ DBQ: file }),
    fetchSize: 1,
    parameters: 'written',
    hasTransaction: false,
    rights: 'cannot-write',
    install: 'Debian: apt install odbc-mdbtools; it registers itself as "MDBTools".',
  },
  postgres: {
    ...ansiDriver,
    product: 'PostgreSQL (ODBC)',
    driver: 'PostgreSQL Unicode',
    needs: ['host', 'database'],
    usualPort: 5432,
    dialect: 'postgres',
    keys: ({ host, port, database }) => ({
      Servername: host,
      Port: String(port),
      Database: database,
      BoolsAsChar: '0',
      TextAsLongVarchar: '1',
      ByteaAsLongVarBinary: '1',
      MaxVarcharSize: '4000',
      LFConversion: '0',
      // Without a cursor of the server the driver would hold the whole result.
      UseDeclareFetch: '1',
      Fetch: '500',
    }),
    ...postgresSession,
    probe: 'SELECT 1 AS one',
    rights: {
      sql: `SELECT n.nspname || '.' || c.relname AS what FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
          AND has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE') LIMIT 10`,
    },
    install: 'Debian: apt install odbc-postgresql; it registers itself as "PostgreSQL Unicode".',
  },
  sqlite: {
    ...ansiDriver,
    product: 'SQLite (ODBC)',
    driver: 'SQLite3',
    needs: ['file'],
    usualPort: 0,
    dialect: 'sqlite',
    keys: ({ file }) => ({ Database: file, NoCreat: '1', Timeout: '5000' }),
    ...sqliteSession,
    probe: 'SELECT 1 AS one',
    rights: 'cannot-write',
    install: 'Debian: apt install libsqliteodbc; it registers itself as "SQLite3".',
  },
  /** A data source that the machine's administrator set up in odbc.ini or the Windows panel. */
  dsn: {
    ...ansiDriver,
    product: 'ODBC',
    driver: undefined,
    needs: ['dsn'],
    usualPort: 0,
    dialect: 'ansi',
    keys: () => ({}),
    install: 'Set up the data source: odbc.ini on Linux, a 64-bit system DSN on Windows.',
  },
  /** Whatever the driver understands. */
  own: {
    ...ansiDriver,
    product: 'ODBC',
    driver: undefined,
    needs: ['connectionString'],
    usualPort: 0,
    dialect: 'ansi',
    keys: () => ({}),
    install: 'Install the driver and name it as `odbcinst -q -d` shows it.',
  },
} as const satisfies Record<string, OdbcPreset>

type OdbcPresetName = keyof typeof odbcPresets
export const odbcPresetNames = Object.keys(odbcPresets) as [OdbcPresetName, ...OdbcPresetName[]]
