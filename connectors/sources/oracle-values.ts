/** Oracle's values as a source gives them. */
import type { SourceValue } from '../source.ts'
import type { OracleColumn, OracleLob, OracleValue } from './oracle-driver.ts'
import type { ReadingSettings } from './settings.ts'
import { decodeText, exactInteger } from './text-values.ts'

/** Longer than any SMS by far; a longer value would be held 500 times in memory. */
export const mostLobCharacters = 100_000
const mostLobBytes = 1_048_576

type OracleConverter = (value: OracleValue) => SourceValue | Promise<SourceValue>

/** @param isBytes whether the column is text that was fetched as its stored bytes */
export function converterOf(
  column: OracleColumn,
  isBytes: boolean,
  encoding: ReadingSettings['encoding'],
): OracleConverter {
  const plain = plainConverter(column, isBytes, encoding)
  return value => (value === null || value === undefined ? null : plain(value))
}

function plainConverter(
  column: OracleColumn,
  isBytes: boolean,
  encoding: ReadingSettings['encoding'],
): OracleConverter {
  if (isBytes) return value => (value instanceof Uint8Array ? decodeText(value, encoding) : String(value))
  switch (column.type) {
    case 'NUMBER':
      return value => exactNumber(String(value), column.scale)
    case 'BINARY_INTEGER':
      return value => exactInteger(String(value))
    case 'BINARY_FLOAT':
    case 'BINARY_DOUBLE':
      return value => (Number.isFinite(value) ? Number(value) : String(value))
    case 'DATE':
      return value => dateText(value, column).replace(/ 00:00:00$/, '')
    case 'TIMESTAMP':
      return value => dateText(value, column)
    case 'TIMESTAMP WITH TIME ZONE':
    case 'TIMESTAMP WITH LOCAL TIME ZONE':
      return value => `${dateText(value, column)}+00`
    case 'CLOB':
    case 'NCLOB':
    case 'BLOB':
      return value => wholeLob(value as OracleLob, column)
    default:
      return value => simple(value, column)
  }
}

/** A NUMBER declared with decimals is text in every row; without, integers are numbers as far as these are exact. */
export function exactNumber(digits: string, scale: number | undefined): string | number {
  const text = digits.replace(/^(-?)\./, '$10.')
  const isInteger = /^-?\d+$/.test(text)
  return isInteger && (scale === undefined || scale <= 0) ? exactInteger(text) : text
}

/** The fields that the database holds: the process runs in UTC, where every hour of every day exists. */
function dateText(value: OracleValue, column: OracleColumn): string {
  if (!(value instanceof Date) || Number.isNaN(value.getTime())) throw unreadable(column, 'is no date')
  const [date = '', time = ''] = value.toISOString().replace(/Z$/, '').split('T')
  return `${date} ${time.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, '')}`
}

async function wholeLob(lob: OracleLob, column: OracleColumn): Promise<SourceValue> {
  if (typeof lob === 'string') return lob
  const isText = column.type !== 'BLOB'
  const most = isText ? mostLobCharacters : mostLobBytes
  if (lob.length > most) {
    throw unreadable(
      column,
      `is ${lob.length} long; read a part with DBMS_LOB.SUBSTR(${column.name}, 4000, 1)`,
    )
  }
  const data = lob.length === 0 ? null : await lob.getData(1, lob.length)
  if (isText) return data === null ? '' : String(data)
  return data instanceof Uint8Array ? new Uint8Array(data) : new Uint8Array()
}

function simple(value: OracleValue, column: OracleColumn): SourceValue {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  if (value instanceof Uint8Array) return new Uint8Array(value)
  throw unreadable(column, 'is no plain value; turn it into text with TO_CHAR')
}

function unreadable({ name, type }: OracleColumn, why: string): Error {
  return new Error(`the value of ${name} (${type}) ${why}`)
}
