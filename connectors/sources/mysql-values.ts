/** MySQL's and MariaDB's values as a source gives them. */
import iconv from 'iconv-lite'
import mysql, { type FieldPacket } from 'mysql2'
import type { SourceValue } from '../source.ts'
import type { ReadingSettings } from './settings.ts'
import { decodeText } from './text-values.ts'
import { parseExactJson } from './web/json-text.ts'

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
  const jsonPlaces = [...fields.keys()].filter(index => isJson(fields[index]!))
  return row => {
    for (let index = 0; index < row.length; index += 1) {
      const value = row[index]
      // Most values are text, which no converter changes.
      if (typeof value !== 'string' && value !== null) row[index] = converters[index]!(value)
    }
    for (const index of jsonPlaces) row[index] = jsonValue(row[index])
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
  const wide = wideEncodings[field.encoding ?? '']
  return value => {
    if (value instanceof Uint8Array) {
      if (!isText) return new Uint8Array(value)
      return wide === undefined ? decodeText(value, encoding) : iconv.decode(Buffer.from(value), wide)
    }
    // Points and what else the driver parses: templates and keys want a text.
    return typeof value === 'object' ? JSON.stringify(value) : (value as SourceValue)
  }
}

/** Character sets that are no code page, as the driver names them: nobody stores Windows bytes in them. */
const wideEncodings: Readonly<Record<string, string>> = {
  ucs2: 'utf16-be',
  utf16: 'utf16-be',
  'utf16-le': 'utf16-le',
  utf32: 'utf32-be',
}

/** MariaDB calls it a text and says beside it what it holds. */
function isJson(field: FieldPacket & { extendedFormat?: string }): boolean {
  return (field.columnType ?? field.type) === Types.JSON || field.extendedFormat === 'json'
}

/** A document is its text as the database writes it; a name or a number taken out of one is plain. */
function jsonValue(value: unknown): SourceValue {
  if (typeof value !== 'string' || /^\s*[[{]/.test(value)) return value as SourceValue
  try {
    return parseExactJson(value) as SourceValue
  } catch {
    // MariaDB keeps what is no JSON when the check of the column was dropped.
    return value
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
