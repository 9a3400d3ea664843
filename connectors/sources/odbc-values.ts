/** ODBC's values as a source gives them. */
import type { SourceValue } from '../source.ts'
import type { OdbcColumn } from './odbc-driver.ts'
import type { ReadingSettings } from './settings.ts'
import { decodeText, exactInteger } from './text-values.ts'

/** Decimal digits that a double holds for certain: the package hands decimals over as one. */
export const exactDigits = 15
/** The package's room for one character of text, in bytes. */
const bytesOfCharacter = 4

type OdbcConverter = (value: unknown) => SourceValue

/** What a column was turned into by a rewritten statement (odbc-rewriting.ts). */
export type Rewritten = 'decimal-text' | 'hex-text' | undefined

export function odbcConverter(
  column: OdbcColumn,
  encoding: ReadingSettings['encoding'],
  rewritten: Rewritten,
): OdbcConverter {
  const convert = plainConverter(column, encoding, rewritten)
  return value => (value === null || value === undefined ? null : convert(value))
}

function plainConverter(
  column: OdbcColumn,
  encoding: ReadingSettings['encoding'],
  rewritten: Rewritten,
): OdbcConverter {
  if (rewritten === 'decimal-text')
    return value =>
      String(value)
        .trim()
        .replace(/^(-?)\./, '$10.')
  if (rewritten === 'hex-text') return value => decodeText(Buffer.from(String(value), 'hex'), encoding)
  switch (column.dataTypeName) {
    case 'SQL_BIT':
      return value => value === true || value === 1 || value === '1'
    case 'SQL_BIGINT':
      return value => exactInteger(String(value))
    case 'SQL_DECIMAL':
    case 'SQL_NUMERIC':
      return value => (typeof value === 'number' ? decimalText(value, column) : String(value))
    case 'SQL_TINYINT':
    case 'SQL_SMALLINT':
    case 'SQL_INTEGER':
    case 'SQL_REAL':
    case 'SQL_FLOAT':
    case 'SQL_DOUBLE':
      return value => (Number.isFinite(value) ? Number(value) : String(value))
    case 'SQL_TYPE_TIME':
    case 'SQL_TYPE_TIMESTAMP':
    case 'SQL_TIMESTAMP':
    case 'SQL_DATETIME':
      return value =>
        String(value)
          .replace(/(:\d\d)\.0*$/, '$1')
          .replace(/(\.\d*[1-9])0+$/, '$1')
    case 'SQL_BINARY':
    case 'SQL_VARBINARY':
      return value => wholeBinary(value, column)
    case 'SQL_LONGVARBINARY':
      return value => bytesOf(value)
    case 'SQL_CHAR':
    case 'SQL_VARCHAR':
      return value => wholeText(value, column, encoding)
    default:
      return value => (value instanceof ArrayBuffer ? bytesOf(value) : textOf(value, encoding))
  }
}

/**
 * A decimal that the package made a double, as the digits that it was.
 *
 * @throws Error when it has more digits than a double holds for certain
 */
export function decimalText(value: number, { name, decimalDigits }: OdbcColumn): string {
  const fixed = Number.isFinite(value) && decimalDigits <= 100 ? value.toFixed(decimalDigits) : String(value)
  // A driver may not know the digits of a column: then the shortest text of the number is what was written.
  const text = Number(fixed) === value ? fixed : String(value)
  const digits = text.replace(/^-?0*/, '').replace('.', '')
  if (digits.length <= exactDigits && /^-?\d+(?:\.\d+)?$/.test(text)) return text
  throw new Error(
    `${name} has a decimal of more than ${exactDigits} digits, which this driver cannot hand over exactly; write CAST(${name} AS VARCHAR(40)) in the query`,
  )
}

/** The package makes room by the declared size, and reads past it when the value is longer. */
function wholeBinary(value: unknown, { name, columnSize }: OdbcColumn): Uint8Array {
  const bytes = bytesOf(value)
  if (columnSize > 0 && bytes.length > columnSize) {
    throw new Error(
      `${name} holds ${bytes.length} bytes and was announced with ${columnSize}: leave the column out`,
    )
  }
  return bytes
}

/** A text that fills the room of the package to the last byte was cut. */
function wholeText(value: unknown, { name, columnSize }: OdbcColumn, encoding: ReadingSettings['encoding']) {
  if (columnSize > 0 && Buffer.byteLength(String(value)) >= columnSize * bytesOfCharacter) {
    throw new Error(
      `${name} is longer than the ${columnSize} characters that its driver announced; cut it in the query`,
    )
  }
  return textOf(value, encoding)
}

/**
 * A driver without an idea of the letters hands each byte over as the sign of that number: these are turned back into
 * bytes and read as the source says. Signs above 255 tell that the driver has decoded.
 */
function textOf(value: unknown, encoding: ReadingSettings['encoding']): string {
  const text = String(value)
  if (encoding === 'utf8' || !/[\u0080-\u00ff]/.test(text) || /[\u0100-\uffff]/.test(text)) return text
  return decodeText(Buffer.from(text, 'latin1'), encoding)
}

function bytesOf(value: unknown): Uint8Array {
  return value instanceof ArrayBuffer ? new Uint8Array(value) : new Uint8Array(Buffer.from(String(value)))
}
