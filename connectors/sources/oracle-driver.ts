/**
 * What we need of Oracle's driver, and nothing else of it: the one interface between `oracledb` and our code, so that
 * what we do with a connection can be tested where no Oracle server runs.
 */
import { createRequire } from 'node:module'

export interface OracleLogin {
  user: string
  password: string
  connectString: string
  connectTimeoutMs: number
  /** Certificates in PEM, thin mode only. */
  wallet?: string
  /** Thick mode, with the folder of the Instant Client where it is not in the machine's search path. */
  thick?: { instantClient: string | undefined }
}

export interface OracleColumn {
  name: string
  /** In the driver's words: `DATE`, `NUMBER`, `VARCHAR2`, `TIMESTAMP WITH TIME ZONE`… */
  type: string
  /** Digits after the point of a NUMBER; -127 when the column was declared without. */
  scale: number | undefined
  /** Bytes of a text. */
  byteSize: number | undefined
}

/** A long text or binary value, read in pieces. */
export interface OracleLob {
  /** Characters or bytes. */
  length: number
  getData(offset?: number, amount?: number): Promise<string | Uint8Array | null>
}

/** NUMBER comes as text, exact; dates as instants whose UTC fields are those that the database holds. */
export type OracleValue = string | number | boolean | null | Date | Uint8Array | OracleLob

interface OracleRows {
  columns: OracleColumn[]
  /** At most `count` rows; none at the end. */
  getRows(count: number): Promise<OracleValue[][]>
  close(): Promise<void>
}

export interface OracleConnection {
  query(sql: string, values: Record<string, string | number | null>): Promise<OracleRows>
  /** A statement without rows. @returns rows changed */
  run(sql: string, values: Record<string, string | number | null>): Promise<number>
  commit(): Promise<void>
  rollback(): Promise<void>
  /** Bounds each round trip. */
  setCallTimeout(timeoutMs: number): void
  /** Makes the server give up the running statement. */
  break(): Promise<void>
  close(): Promise<void>
}

export interface OracleDriver {
  connect(login: OracleLogin): Promise<OracleConnection>
}

/** The part of node-oracledb 26 that is used; the package brings no types. */
interface OracledbModule {
  DB_TYPE_VARCHAR: unknown
  DB_TYPE_NUMBER: unknown
  OUT_FORMAT_ARRAY: number
  fetchTypeHandler: (column: { dbType: unknown }) => { type: unknown } | undefined
  initOracleClient(options: { libDir?: string; driverName?: string }): void
  getConnection(options: Record<string, unknown>): Promise<OracledbConnection>
}
interface OracledbConnection {
  callTimeout: number
  execute(
    sql: string,
    binds: Record<string, unknown>,
    options: Record<string, unknown>,
  ): Promise<{
    metaData?: { name: string; dbTypeName: string; scale?: number; byteSize?: number }[]
    resultSet?: { getRows(count: number): Promise<OracleValue[][]>; close(): Promise<void> }
    rowsAffected?: number
  }>
  commit(): Promise<void>
  rollback(): Promise<void>
  breakExecution?(): Promise<void>
  break?(): Promise<void>
  close(options?: { drop: boolean }): Promise<void>
}

/** The driver itself. Loading it is this function's first work, so that only the child pays for it. */
export function loadOracleDriver(): OracleDriver {
  const oracledb = createRequire(import.meta.url)('oracledb') as OracledbModule
  oracledb.fetchTypeHandler = ({ dbType }) =>
    dbType === oracledb.DB_TYPE_NUMBER ? { type: oracledb.DB_TYPE_VARCHAR } : undefined
  return {
    async connect({ thick, wallet, user, password, connectString, connectTimeoutMs }) {
      if (thick !== undefined) {
        const { instantClient } = thick
        oracledb.initOracleClient(instantClient === undefined ? {} : { libDir: instantClient })
      }
      const seconds = Math.ceil(connectTimeoutMs / 1_000)
      const limits = thick === undefined ? { connectTimeout: seconds, transportConnectTimeout: seconds } : {}
      const connection = await oracledb.getConnection({
        user,
        password,
        connectString,
        ...limits,
        ...(wallet !== undefined && { walletContent: wallet }),
      })
      return connectionOf(connection, oracledb.OUT_FORMAT_ARRAY)
    },
  }
}

function connectionOf(connection: OracledbConnection, outFormat: number): OracleConnection {
  return {
    async query(sql, values) {
      // No rows come with the answer to the statement: how large they are is not known yet, and what may be asked for
      // at first is driver-child.ts's to say. Each `getRows` then names its own number.
      const options = { resultSet: true, outFormat, prefetchRows: 0 }
      const { metaData = [], resultSet } = await connection.execute(sql, values, options)
      return {
        columns: metaData.map(({ name, dbTypeName, scale, byteSize }) => {
          return { name, type: dbTypeName, scale, byteSize }
        }),
        getRows: async count => (await resultSet?.getRows(count)) ?? [],
        close: async () => await resultSet?.close(),
      }
    },
    async run(sql, values) {
      const { rowsAffected = 0 } = await connection.execute(sql, values, { autoCommit: false })
      return rowsAffected
    },
    commit: () => connection.commit(),
    rollback: () => connection.rollback(),
    setCallTimeout(timeoutMs) {
      connection.callTimeout = timeoutMs
    },
    break: async () => await (connection.breakExecution?.() ?? connection.break?.()),
    close: () => connection.close(),
  }
}
