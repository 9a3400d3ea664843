/** MySQL's and MariaDB's values as a source gives them. */
import mysql, { type FieldPacket } from 'mysql2'
import type { SourceValue } from '../source.ts'
import type { ReadingSettings } from './settings.ts'
import { decodeText } from './text-values.ts'

const { Types } = mysql

/** The "character set" of columns that hold no text. */
const binaryCharacterSet = 63

const textTypes = new Set([
  Types.VARCHAR,
  Types.VAR_STRING,
  Types.STRING,
  Types.TINY_BLOB,
  Types.BLOB,
  Types.MEDIUM_BLOB,
  Types.LONG_BLOB,
])

/** What typeCast is handed for one value. */
interface CastField {
  type: string
  buffer(): Buffer | null
}

const castTextTypes = new Set([
  'VARCHAR',
  'VAR_STRING',
  'STRING',
  'TINY_BLOB',
  'BLOB',
  'MEDIUM_BLOB',
  'LONG_BLOB',
])

/** Hands text over as its stored bytes; everything else as the driver reads it. */
export function textAsBytes(field: CastField, next: () => unknown): unknown {
  return castTextTypes.has(field.type) ? field.buffer() : next()
}

/** One row of the driver, made plain in its place. */
export function rowConverter(
  fields: readonly FieldPacket[],
  encoding: ReadingSettings['encoding'],
): (row: unknown[]) => SourceValue[] {
  const converters = fields.map(field => converterOf(field, encoding))
  return row => {
    for (let index = 0; index < row.length; index += 1) {
      const value = row[index]
      // Most values are text, which no converter changes.
      if (typeof value !== 'string' && value !== null) row[index] = converters[index]!(value)
    }
    return row as SourceValue[]
  }
}

function converterOf(
  field: FieldPacket,
  encoding: ReadingSettings['encoding'],
): (value: unknown) => SourceValue {
  const type = field.columnType ?? field.type
  if (type === Types.BIT) return bitsToInteger
  if (type === Types.FLOAT) return shortestFloat
  const isText = type !== undefined && textTypes.has(type) && field.characterSet !== binaryCharacterSet
  return value => {
    if (value instanceof Uint8Array) return isText ? decodeText(value, encoding) : new Uint8Array(value)
    // JSON columns and what else the driver parses: templates and keys want the text.
    return typeof value === 'object' ? JSON.stringify(value) : (value as SourceValue)
  }
}

/** BIT(n), n up to 64. BIT(1) is how these databases write a boolean. */
function bitsToInteger(value: unknown): SourceValue {
  if (!(value instanceof Uint8Array)) return value as SourceValue
  const bits = BigInt(`0x0${Buffer.from(value).toString('hex')}`)
  return bits <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(bits) : bits.toString()
}

/** A FLOAT arrives as 4 bytes; the shortest decimal that gives the same 4 bytes is what was typed in. */
function shortestFloat(value: unknown): SourceValue {
  if (typeof value !== 'number') return value as SourceValue
  for (let digits = 6; digits < 9; digits += 1) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return short
  }
  return value
}
