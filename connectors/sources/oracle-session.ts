/** What the child does with one connection to Oracle, whatever gives it the driver. */
import type { SourceValue } from '../source.ts'
import type { DriverRows, DriverSession } from './driver-child.ts'
import type { DriverOrder } from './driver-process.ts'
import type { OracleColumn, OracleConnection, OracleDriver, OracleLogin } from './oracle-driver.ts'
import { converterOf } from './oracle-values.ts'
import type { ReadingSettings } from './settings.ts'

/** The kind's part of an order. */
export interface OracleOrder {
  login: OracleLogin
  timeoutMs: number
  timeZone: string | undefined
  encoding: ReadingSettings['encoding']
}

/** `UTL_RAW.CAST_TO_RAW` gives at most 2,000 bytes in SQL. */
const mostRawBytes = 2_000
const textTypes = new Set(['VARCHAR2', 'VARCHAR', 'CHAR'])

/** @throws the driver's error when the login fails */
export async function openOracleSession(
  driver: OracleDriver,
  order: DriverOrder<OracleOrder>,
): Promise<DriverSession> {
  const { connection: settings } = order
  const connection = await driver.connect(settings.login)
  connection.setCallTimeout(settings.timeoutMs)
  for (const command of sessionCommands(settings)) await connection.run(command, {})
  let isWorking = false
  const working = async <T>(work: Promise<T>): Promise<T> => {
    isWorking = true
    return await work.finally(() => {
      isWorking = false
    })
  }
  return {
    async read() {
      await connection.run('SET TRANSACTION READ ONLY', {})
      return await working(openRows(connection, order, working))
    },
    async update() {
      const count = await working(connection.run(order.statement, namedValues(order.values)))
      if (count <= (order.commitsUpTo ?? -1)) await connection.commit()
      else await connection.rollback()
      return count
    },
    async stop() {
      if (isWorking) await connection.break()
      await connection.close()
    },
  }
}

/**
 * What a DATE compared with a text means, and how a number becomes one, would else depend on the machine's language.
 * A text without its time of day is midnight.
 */
function sessionCommands({ timeZone }: OracleOrder): string[] {
  const settings = [
    "NLS_DATE_FORMAT = 'YYYY-MM-DD HH24:MI:SS'",
    "NLS_TIMESTAMP_FORMAT = 'YYYY-MM-DD HH24:MI:SS.FF'",
    "NLS_TIMESTAMP_TZ_FORMAT = 'YYYY-MM-DD HH24:MI:SS.FF TZH:TZM'",
    "NLS_NUMERIC_CHARACTERS = '.,'",
    ...(timeZone === undefined ? [] : [`TIME_ZONE = '${timeZone}'`]),
  ]
  return [`ALTER SESSION SET ${settings.join(' ')}`]
}

async function openRows(
  connection: OracleConnection,
  { statement, values, batchRows, connection: { encoding } }: DriverOrder<OracleOrder>,
  working: <T>(work: Promise<T>) => Promise<T>,
): Promise<DriverRows> {
  const binds = namedValues(values)
  const asked = encoding === 'utf8' ? [] : await columnsOf(connection, statement, binds)
  const bytesOf = asked.map(isReadAsBytes)
  const rows = await connection.query(bytesOf.includes(true) ? asBytes(statement, asked) : statement, binds)
  const converters = rows.columns.map((column, index) =>
    converterOf(column, bytesOf[index] === true, encoding),
  )
  const hasLobs = rows.columns.some(({ type }) => /LOB$/.test(type))
  return {
    columns: rows.columns.map(({ name }) => name),
    async next(most) {
      const batch = await working(rows.getRows(Math.min(most, batchRows)))
      const converted = batch.map(row => row.map((value, index) => converters[index]!(value)))
      if (!hasLobs) return converted as SourceValue[][]
      return await Promise.all(converted.map(row => Promise.all(row)))
    },
  }
}

/** The placeholders that the guard wrote: `:p1`, `:p2`… */
function namedValues(values: DriverOrder<OracleOrder>['values']): Record<string, string | number | null> {
  return Object.fromEntries(values.map((value, index) => [`p${index + 1}`, value]))
}

async function columnsOf(
  connection: OracleConnection,
  statement: string,
  binds: Record<string, string | number | null>,
): Promise<OracleColumn[]> {
  const rows = await connection.query(`SELECT * FROM (${statement}\n) WHERE 1 = 0`, binds)
  await rows.close()
  return rows.columns
}

function isReadAsBytes({ type, byteSize }: OracleColumn): boolean {
  return textTypes.has(type) && byteSize !== undefined && byteSize <= mostRawBytes
}

/**
 * The same rows with text as its stored bytes: a database that calls itself US7ASCII and holds Windows letters would
 * give question marks, because the server converts what it believes to be ASCII.
 */
function asBytes(statement: string, columns: readonly OracleColumn[]): string {
  const values = columns.map(column => {
    const name = `"${column.name}"`
    return isReadAsBytes(column) ? `UTL_RAW.CAST_TO_RAW(${name}) AS ${name}` : name
  })
  return `SELECT ${values.join(', ')} FROM (${statement}\n)`
}
