/** What we need of npm's `odbc`, which is there only where an administrator installed it. */
import { createRequire } from 'node:module'

export interface OdbcColumn {
  name: string
  /** `SQL_VARCHAR`, `SQL_TYPE_DATE`… */
  dataTypeName: string
  columnSize: number
  decimalDigits: number
}

/** Rows as arrays: two columns may have one name. */
export type OdbcResult = unknown[][] & { columns?: OdbcColumn[]; count?: number }

export interface OdbcCursor {
  readonly noData: boolean
  fetch(): Promise<OdbcResult>
  close(): Promise<void>
}

export interface OdbcConnection {
  query(sql: string, options: { cursor: true; fetchSize: number; timeout: number }): Promise<OdbcCursor>
  query(
    sql: string,
    values: unknown[],
    options: { cursor: true; fetchSize: number; timeout: number },
  ): Promise<OdbcCursor>
  query(sql: string): Promise<OdbcResult>
  query(sql: string, values: unknown[]): Promise<OdbcResult>
  tables(catalog: null, schema: string | null, table: string | null, type: null): Promise<OdbcResult>
  columns(catalog: null, schema: string | null, table: string | null, column: null): Promise<OdbcResult>
  beginTransaction(): Promise<void>
  commit(): Promise<void>
  rollback(): Promise<void>
  cancel(): Promise<void>
  close(): Promise<void>
}

export interface OdbcDriver {
  connect(options: {
    connectionString: string
    loginTimeout: number
    fetchArray: true
  }): Promise<OdbcConnection>
}

/** Code of the error of `loadOdbcDriver`. */
export const odbcAbsent = 'ODBC-ABSENT'

/**
 * @param load `require` of a file of the product
 * @throws Error with code `odbcAbsent` when the package, its binary or the driver manager is not there
 */
export function loadOdbcDriver(load: (name: string) => unknown = createRequire(import.meta.url)): OdbcDriver {
  try {
    return load('odbc') as OdbcDriver
  } catch (error) {
    const words = error instanceof Error ? error.message.split('\n')[0] : String(error)
    throw Object.assign(new Error(words, { cause: error }), { code: odbcAbsent })
  }
}
