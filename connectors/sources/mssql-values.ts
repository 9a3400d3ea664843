/**
 * SQL Server's values from the bytes of the wire. Pure.
 *
 * The driver's own reading goes through a double (decimal, money) and a Date (all times), which loses digits, zones
 * and fractions. Here decimals are text, times are the text that the server would write, text keeps its stored bytes
 * until the source's encoding is known.
 *
 * @see MS-TDS 2.2.5.4 (data types), 2.2.5.5 (values)
 */
import { isAscii } from 'node:buffer'
import iconv from 'iconv-lite'
import type { SourceValue } from '../source.ts'
import {
  dateText,
  dateTime,
  dateTime2,
  dateTimeOffset,
  malformed,
  smallDateTime,
  timeText,
} from './mssql-times.ts'
import type { ReadingSettings } from './settings.ts'
import { decodeText, exactInteger } from './text-values.ts'

type Encoding = ReadingSettings['encoding']

/** A column as the driver read it from COLMETADATA. */
export interface TdsColumn {
  colName: string
  type: { name: string }
  /** Bytes; 65,535 means that the value comes in pieces (`varchar(max)`). */
  dataLength?: number | undefined
  scale?: number | undefined
  collation?: { codepage?: string | undefined } | undefined
}

/** A row whose rest has not arrived: at least `bytes` from its start are needed. */
export class TdsShortage extends Error {
  readonly bytes: number

  constructor(bytes: number) {
    super('the row goes on')
    this.bytes = bytes
  }
}

/** Reads forward in the bytes that have arrived. */
export class TdsCursor {
  readonly bytes: Buffer
  readonly start: number
  at: number

  constructor(bytes: Buffer, start: number) {
    this.bytes = bytes
    this.start = start
    this.at = start
  }

  /** @throws TdsShortage */
  take(length: number): Buffer {
    const end = this.at + length
    if (end > this.bytes.length) throw new TdsShortage(end - this.start)
    const taken = this.bytes.subarray(this.at, end)
    this.at = end
    return taken
  }

  uint(length: 1 | 2 | 4): number {
    return this.take(length).readUIntLE(0, length)
  }
}

type Decoder = (bytes: Buffer) => SourceValue
/** The bytes of the next value; undefined for NULL. */
type Framing = (cursor: TdsCursor) => Buffer | undefined
export type ColumnReader = (cursor: TdsCursor) => SourceValue

/** @returns what reads one value of this column; it throws on bytes that no value has */
export function columnReader(column: TdsColumn, encoding: Encoding): ColumnReader {
  const { name } = column.type
  if (name === 'Null') return () => null
  if (name === 'Variant') return cursor => readVariant(cursor, encoding)
  const frame = framingOf(column)
  const decode = decoderOf(column, encoding)
  return cursor => {
    const bytes = frame(cursor)
    return bytes === undefined ? null : decode(bytes)
  }
}

const fixedLengths: Readonly<Record<string, number>> = {
  TinyInt: 1,
  Bit: 1,
  SmallInt: 2,
  Int: 4,
  Real: 4,
  SmallMoney: 4,
  SmallDateTime: 4,
  BigInt: 8,
  Float: 8,
  Money: 8,
  DateTime: 8,
}
const longNames = new Set(['Text', 'NText', 'Image'])
const piecedNames = new Set(['VarChar', 'NVarChar', 'VarBinary'])
const countedNames = new Set([...piecedNames, 'Char', 'NChar', 'Binary'])
const inPieces = 0xffff
const unknownLength = 0xfffffffffffffffen
const nullLength = 0xffffffffffffffffn

function framingOf({ type: { name }, dataLength }: TdsColumn): Framing {
  const length = fixedLengths[name]
  if (length !== undefined) return cursor => cursor.take(length)
  if (name === 'Xml' || name === 'UDT' || (piecedNames.has(name) && dataLength === inPieces))
    return takePieces
  if (countedNames.has(name)) {
    return cursor => {
      const bytes = cursor.uint(2)
      return bytes === 0xffff ? undefined : cursor.take(bytes)
    }
  }
  if (longNames.has(name)) {
    return cursor => {
      const pointer = cursor.uint(1)
      if (pointer === 0) return undefined
      // The pointer itself and a timestamp, which only writers need.
      cursor.take(pointer + 8)
      return cursor.take(cursor.uint(4))
    }
  }
  return cursor => {
    const bytes = cursor.uint(1)
    return bytes === 0 ? undefined : cursor.take(bytes)
  }
}

/** MS-TDS 2.2.5.2.3, partially length-prefixed bytes. */
function takePieces(cursor: TdsCursor): Buffer | undefined {
  const total = cursor.take(8).readBigUInt64LE()
  if (total === nullLength) return undefined
  const pieces: Buffer[] = []
  for (let length = cursor.uint(4); length > 0; length = cursor.uint(4)) pieces.push(cursor.take(length))
  const whole = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
  if (total !== unknownLength && total !== BigInt(whole.length)) throw malformed('a value in pieces')
  return whole
}

function decoderOf({ type: { name }, scale, collation }: TdsColumn, encoding: Encoding): Decoder {
  switch (name) {
    case 'Bit':
    case 'BitN':
      return bytes => bytes[0] !== 0
    case 'TinyInt':
    case 'SmallInt':
    case 'Int':
    case 'BigInt':
    case 'IntN':
      return integer
    case 'Real':
    case 'Float':
    case 'FloatN':
      return float
    case 'SmallMoney':
    case 'Money':
    case 'MoneyN':
      return money
    case 'NumericN':
    case 'DecimalN':
      return bytes => decimal(bytes, scale ?? 0)
    case 'SmallDateTime':
    case 'DateTime':
    case 'DateTimeN':
      return bytes => (bytes.length === 4 ? smallDateTime(bytes) : dateTime(bytes))
    case 'Date':
      return dateText
    case 'Time':
      return bytes => timeText(bytes, scale ?? 7)
    case 'DateTime2':
      return bytes => dateTime2(bytes, scale ?? 7)
    case 'DateTimeOffset':
      return bytes => dateTimeOffset(bytes, scale ?? 7)
    case 'UniqueIdentifier':
      return guid
    case 'NVarChar':
    case 'NChar':
    case 'NText':
    case 'Xml':
      return bytes => bytes.toString('utf16le')
    case 'VarChar':
    case 'Char':
    case 'Text':
      return bytes => storedText(bytes, collation?.codepage, encoding)
    default:
      return bytes => new Uint8Array(bytes)
  }
}

/** The base types of sql_variant whose type byte is another than their column's. MS-TDS 2.2.5.5.4. */
const variantTypes: Readonly<Record<number, { name: string; properties: 0 | 1 | 2 | 7 }>> = {
  36: { name: 'UniqueIdentifier', properties: 0 },
  40: { name: 'Date', properties: 0 },
  41: { name: 'Time', properties: 1 },
  42: { name: 'DateTime2', properties: 1 },
  43: { name: 'DateTimeOffset', properties: 1 },
  48: { name: 'TinyInt', properties: 0 },
  50: { name: 'Bit', properties: 0 },
  52: { name: 'SmallInt', properties: 0 },
  56: { name: 'Int', properties: 0 },
  58: { name: 'SmallDateTime', properties: 0 },
  59: { name: 'Real', properties: 0 },
  60: { name: 'Money', properties: 0 },
  61: { name: 'DateTime', properties: 0 },
  62: { name: 'Float', properties: 0 },
  106: { name: 'DecimalN', properties: 2 },
  108: { name: 'NumericN', properties: 2 },
  122: { name: 'SmallMoney', properties: 0 },
  127: { name: 'BigInt', properties: 0 },
  165: { name: 'VarBinary', properties: 2 },
  167: { name: 'VarChar', properties: 7 },
  173: { name: 'Binary', properties: 2 },
  175: { name: 'Char', properties: 7 },
  231: { name: 'NVarChar', properties: 7 },
  239: { name: 'NChar', properties: 7 },
}

function readVariant(cursor: TdsCursor, encoding: Encoding): SourceValue {
  const length = cursor.uint(4)
  if (length === 0) return null
  const whole = cursor.take(length)
  const found = variantTypes[whole[0] ?? 0]
  const properties = whole[1] ?? 0
  if (found === undefined || properties !== found.properties) throw malformed('a sql_variant')
  const { name } = found
  // Precision and scale, or scale alone; the code page of a variant's text is that of the commonest collations.
  const scale = properties === 2 ? whole[3] : whole[2]
  return decoderOf({ colName: '', type: { name }, scale }, encoding)(whole.subarray(2 + properties))
}

function storedText(bytes: Buffer, codepage: string | undefined, encoding: Encoding): string {
  if (encoding !== 'utf8') return decodeText(bytes, encoding)
  // Nearly all text is ASCII, which iconv-lite would look up letter by letter.
  return isAscii(bytes) ? bytes.toString('latin1') : iconv.decode(bytes, codepage ?? 'CP1252')
}

function integer(bytes: Buffer): SourceValue {
  switch (bytes.length) {
    case 1:
      return bytes[0]!
    case 2:
      return bytes.readInt16LE()
    case 4:
      return bytes.readInt32LE()
    default:
      return exactInteger(bytes.readBigInt64LE().toString())
  }
}

/** A real arrives as 4 bytes; the shortest decimal that gives the same 4 bytes is what was typed in. */
function float(bytes: Buffer): SourceValue {
  const value = bytes.length === 4 ? bytes.readFloatLE() : bytes.readDoubleLE()
  if (!Number.isFinite(value)) return String(value)
  if (bytes.length === 8) return value
  for (let digits = 6; digits < 9; digits += 1) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return short
  }
  return value
}

/** Ten-thousandths; the 8 bytes of money are two halves, the upper one first. */
function money(bytes: Buffer): string {
  if (bytes.length === 4) return scaled(BigInt(bytes.readInt32LE()), 4)
  return scaled((BigInt(bytes.readInt32LE(0)) << 32n) | BigInt(bytes.readUInt32LE(4)), 4)
}

function decimal(bytes: Buffer, scale: number): string {
  // 38 digits are the most; a longer value is not one of SQL Server's.
  if (bytes.length > 17 || bytes.length % 4 !== 1 || scale > 38) throw malformed('a decimal')
  let value = 0n
  // In fours: a magnitude has 4, 8, 12 or 16 bytes.
  for (let at = bytes.length - 4; at > 0; at -= 4) value = (value << 32n) | BigInt(bytes.readUInt32LE(at))
  return scaled(bytes[0] === 0 ? -value : value, scale)
}

function scaled(value: bigint, scale: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0')
  const sign = value < 0n ? '-' : ''
  if (scale === 0) return sign + digits
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

/** The first three groups are little-endian. Upper case, as the server writes it. */
function guid(bytes: Buffer): string {
  if (bytes.length !== 16) throw malformed('a uniqueidentifier')
  const ordered = Buffer.from([3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15].map(at => bytes[at]!))
  const hex = ordered.toString('hex').toUpperCase()
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
