/**
 * Columns and their values as SQL Server writes them, from texts: an independent writing of what
 * connectors/sources/mssql-values.ts reads. MS-TDS 2.2.5.4, 2.2.5.5 and 2.2.7.4.
 */
import iconv from 'iconv-lite'
import { isBefore2005, shortText } from './tokens.ts'

/** LCID, flags and sort order of a collation, and the code page it stands for. */
export const collations = {
  /** SQL_Latin1_General_CP1_CI_AS */
  cp1252: Buffer.from([0x09, 0x04, 0xd0, 0x00, 0x34]),
  /** SQL_Latin1_General_CP850_CI_AS */
  cp850: Buffer.from([0x09, 0x04, 0xd0, 0x00, 0x2a]),
  /** Latin1_General_100_CI_AS_SC_UTF8 */
  utf8: Buffer.from([0x09, 0x04, 0xd0, 0x24, 0x00]),
} as const

/** A type in the words of SQL Server: `decimal(18,2)`, `varchar(max)`, `datetime2(3)`; `int not null` is fixed. */
export interface TdsColumn {
  name: string
  type: string
  collation?: keyof typeof collations
}

/** Numbers and texts are written as the type wants them; bytes as they are, whatever the collation says. */
export type TdsValue = string | number | bigint | boolean | Buffer | null

interface Kind {
  /** TYPE_INFO. */
  info: Buffer
  /** Bytes before a value say its length; `none` for types that are never NULL. */
  prefix: 'none' | 'byte' | 'word' | 'long' | 'pointer' | 'pieces'
  bytes(value: Exclude<TdsValue, null>): Buffer
  hasTableName: boolean
}

const fixedTypes: Readonly<Record<string, [code: number, nullable: string]>> = {
  tinyint: [0x30, 'tinyint'],
  bit: [0x32, 'bit'],
  smallint: [0x34, 'smallint'],
  int: [0x38, 'int'],
  smalldatetime: [0x3a, 'smalldatetime'],
  real: [0x3b, 'real'],
  money: [0x3c, 'money'],
  datetime: [0x3d, 'datetime'],
  float: [0x3e, 'float'],
  smallmoney: [0x7a, 'smallmoney'],
  bigint: [0x7f, 'bigint'],
}

export function columnMetadata(columns: readonly TdsColumn[], tdsVersion: number): Buffer {
  const head = Buffer.alloc(3)
  head[0] = 0x81
  head.writeUInt16LE(columns.length, 1)
  const described = columns.map(column => {
    const kind = kindOf(column)
    const flags = Buffer.from(isBefore2005(tdsVersion) ? [0, 0, 9, 0] : [0, 0, 0, 0, 9, 0])
    const table = isBefore2005(tdsVersion) ? [1, 0, 0x74, 0] : [1, 1, 0, 0x74, 0]
    return Buffer.concat([
      flags,
      kind.info,
      Buffer.from(kind.hasTableName ? table : []),
      shortText(column.name),
    ])
  })
  return Buffer.concat([head, ...described])
}

/** @param isCompressed writes NBCROW, which leaves NULLs out (since 2008 R2) */
export function rowWriter(columns: readonly TdsColumn[], isCompressed: boolean): (row: TdsValue[]) => Buffer {
  const kinds = columns.map(kindOf)
  return row => {
    const nulls = Buffer.alloc(isCompressed ? Math.ceil(columns.length / 8) : 0)
    const values = kinds.map((kind, index) => {
      const value = row[index] ?? null
      if (value === null && isCompressed) {
        nulls[index >> 3]! |= 1 << (index & 7)
        return Buffer.alloc(0)
      }
      return framed(kind, value)
    })
    return Buffer.concat([Buffer.from([isCompressed ? 0xd2 : 0xd1]), nulls, ...values])
  }
}

function framed({ prefix, bytes }: Kind, value: TdsValue): Buffer {
  if (value === null) {
    const nulls = {
      none: [],
      byte: [0],
      word: [0xff, 0xff],
      long: [0, 0, 0, 0],
      pointer: [0],
      pieces: Array(8).fill(0xff),
    }
    return Buffer.from(nulls[prefix])
  }
  const data = bytes(value)
  const length = Buffer.alloc({ none: 0, byte: 1, word: 2, long: 4, pointer: 4, pieces: 8 }[prefix])
  if (prefix === 'pieces') {
    // The whole length is left unknown and the value cut in two, as servers do with long ones.
    length.writeBigUInt64LE(0xfffffffffffffffen)
    const half = data.length >> 1
    const pieces = [data.subarray(0, half), data.subarray(half)].filter(piece => piece.length > 0)
    return Buffer.concat([length, ...pieces.flatMap(piece => [uint32(piece.length), piece]), uint32(0)])
  }
  if (length.length > 0) length.writeUIntLE(data.length, 0, length.length)
  const pointer =
    prefix === 'pointer' ? Buffer.concat([Buffer.from([16]), Buffer.alloc(24, 0x77)]) : Buffer.alloc(0)
  return Buffer.concat([pointer, length, data])
}

function kindOf({ type, collation = 'cp1252' }: TdsColumn): Kind {
  const [, name = '', , first = '', second = ''] = /^(\w+)(\((\w+)(?:,\s*(\d+))?\))?/.exec(type)
    ? (/^(\w+)(\((\w+)(?:,\s*(\d+))?\))?/.exec(type) as RegExpExecArray)
    : []
  const size = Number(first)
  const isMax = first === 'max'
  const kind = (info: number[] | Buffer, prefix: Kind['prefix'], bytes: Kind['bytes']): Kind => ({
    info: Buffer.from(info),
    prefix,
    bytes,
    hasTableName: prefix === 'pointer',
  })
  const letters = collations[collation]
  const stored = (value: Exclude<TdsValue, null>): Buffer =>
    Buffer.isBuffer(value) ? value : iconv.encode(String(value), collation === 'utf8' ? 'utf8' : collation)
  const wide = (value: Exclude<TdsValue, null>): Buffer => Buffer.from(String(value), 'utf16le')
  const asBytes = (value: Exclude<TdsValue, null>): Buffer => Buffer.from(value as Buffer)
  const padded = (value: Buffer, length: number, blank: string, coding: 'latin1' | 'utf16le'): Buffer =>
    Buffer.concat([value, Buffer.from(blank.repeat(Math.max(0, length - value.length)), coding)]).subarray(
      0,
      length,
    )

  const fixed = fixedTypes[name]
  if (fixed !== undefined && type.endsWith('not null')) {
    return { ...kindOf({ name: '', type: fixed[1] }), info: Buffer.from([fixed[0]]), prefix: 'none' }
  }
  switch (name) {
    case 'bit':
      return kind([0x68, 1], 'byte', value => Buffer.from([value ? 1 : 0]))
    case 'tinyint':
      return kind([0x26, 1], 'byte', value => Buffer.from([Number(value)]))
    case 'smallint':
      return kind([0x26, 2], 'byte', value => signed(BigInt(value as number), 2))
    case 'int':
      return kind([0x26, 4], 'byte', value => signed(BigInt(value as number), 4))
    case 'bigint':
      return kind([0x26, 8], 'byte', value => signed(BigInt(value as string), 8))
    case 'real':
      return kind([0x6d, 4], 'byte', value => float(Number(value), 4))
    case 'float':
      return kind([0x6d, 8], 'byte', value => float(Number(value), 8))
    case 'smallmoney':
      return kind([0x6e, 4], 'byte', value => signed(unscaled(String(value), 4), 4))
    case 'money':
      return kind([0x6e, 8], 'byte', value => {
        const bytes = signed(unscaled(String(value), 4), 8)
        return Buffer.concat([bytes.subarray(4), bytes.subarray(0, 4)])
      })
    case 'decimal':
    case 'numeric': {
      const length = size <= 9 ? 5 : size <= 19 ? 9 : size <= 28 ? 13 : 17
      const code = name === 'decimal' ? 0x6a : 0x6c
      return kind([code, length, size, Number(second)], 'byte', value => {
        const amount = unscaled(String(value), Number(second))
        const magnitude = signed(amount < 0n ? -amount : amount, length)
        return Buffer.concat([Buffer.from([amount < 0n ? 0 : 1]), magnitude.subarray(0, length - 1)])
      })
    }
    case 'smalldatetime':
      return kind([0x6f, 4], 'byte', value => {
        const { day, seconds } = instant(String(value))
        return Buffer.concat([signed(BigInt(day - day1900), 2), signed(seconds / 60n, 2)])
      })
    case 'datetime':
      return kind([0x6f, 8], 'byte', value => {
        const { day, seconds, fraction } = instant(String(value))
        // Three-hundredths of a second, the nearest to the milliseconds given.
        const thirds = seconds * 300n + BigInt(Math.round(Number(`0.${fraction || '0'}`) * 300))
        return Buffer.concat([signed(BigInt(day - day1900), 4), signed(thirds, 4)])
      })
    case 'date':
      return kind([0x28], 'byte', value => signed(BigInt(instant(String(value)).day), 3))
    case 'time':
      return kind([0x29, size], 'byte', value => timeBytes(`1900-01-01 ${String(value)}`, size))
    case 'datetime2':
      return kind([0x2a, size], 'byte', value => {
        return Buffer.concat([timeBytes(String(value), size), signed(BigInt(instant(String(value)).day), 3)])
      })
    case 'datetimeoffset':
      return kind([0x2b, size], 'byte', value => {
        const [, local = '', sign, hours, minutes] = /^(.*) ([+-])(\d\d):(\d\d)$/.exec(String(value)) ?? []
        const offset = (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes))
        const utc = shifted(local, -offset)
        const day = signed(BigInt(instant(utc).day), 3)
        return Buffer.concat([timeBytes(utc, size), day, signed(BigInt(offset), 2)])
      })
    case 'uniqueidentifier':
      return kind([0x24, 16], 'byte', value => {
        const plain = Buffer.from(String(value).replaceAll('-', ''), 'hex')
        const swapped = [plain.subarray(0, 4), plain.subarray(4, 6), plain.subarray(6, 8)].map(part =>
          Buffer.from(part).reverse(),
        )
        return Buffer.concat([...swapped, plain.subarray(8)])
      })
    case 'varchar':
      return kind([0xa7, ...uint16(isMax ? 0xffff : size), ...letters], isMax ? 'pieces' : 'word', stored)
    case 'char':
      return kind([0xaf, ...uint16(size), ...letters], 'word', value =>
        padded(stored(value), size, ' ', 'latin1'),
      )
    case 'nvarchar':
      return kind([0xe7, ...uint16(isMax ? 0xffff : size * 2), ...letters], isMax ? 'pieces' : 'word', wide)
    case 'nchar':
      return kind([0xef, ...uint16(size * 2), ...letters], 'word', value =>
        padded(wide(value), size * 2, ' ', 'utf16le'),
      )
    case 'text':
      return kind([0x23, ...uint32(0x7fffffff), ...letters], 'pointer', stored)
    case 'ntext':
      return kind([0x63, ...uint32(0x7ffffffe), ...letters], 'pointer', wide)
    case 'image':
      return kind([0x22, ...uint32(0x7fffffff)], 'pointer', asBytes)
    case 'varbinary':
      return kind([0xa5, ...uint16(isMax ? 0xffff : size)], isMax ? 'pieces' : 'word', asBytes)
    case 'binary':
      return kind([0xad, ...uint16(size)], 'word', value => padded(asBytes(value), size, '\0', 'latin1'))
    case 'xml':
      return kind([0xf1, 0], 'pieces', wide)
    case 'sql_variant':
      return kind([0x62, ...uint32(8_009)], 'long', variant)
    default:
      throw new Error(`the TDS responder has no type ${type}`)
  }
}

/** A string is nvarchar, a bigint is bigint, another number int, bytes varbinary. */
function variant(value: Exclude<TdsValue, null>): Buffer {
  if (typeof value === 'string') {
    const head = Buffer.from([0xe7, 7, ...collations.cp1252, ...uint16(4_000)])
    return Buffer.concat([head, Buffer.from(value, 'utf16le')])
  }
  if (Buffer.isBuffer(value)) return Buffer.concat([Buffer.from([0xa5, 2, ...uint16(8_000)]), value])
  if (typeof value === 'bigint') return Buffer.concat([Buffer.from([0x7f, 0]), signed(value, 8)])
  return Buffer.concat([Buffer.from([0x38, 0]), signed(BigInt(Number(value)), 4)])
}

const day1900 = 693_595
const msPerDay = 86_400_000

/** `YYYY-MM-DD[ HH:MM:SS[.fraction]]` as a day counted from 0001-01-01 and seconds of it. */
function instant(text: string): { day: number; seconds: bigint; fraction: string } {
  const [date = '', time = '00:00:00'] = text.split(' ')
  const [hours = '0', minutes = '0', rest = '0'] = time.split(':')
  const [seconds = '0', fraction = ''] = rest.split('.')
  const day = Math.round((Date.parse(`${date}T00:00:00Z`) - Date.parse('0001-01-01T00:00:00Z')) / msPerDay)
  return { day, seconds: BigInt(Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)), fraction }
}

function timeBytes(text: string, scale: number): Buffer {
  const { seconds, fraction } = instant(text)
  const units = seconds * 10n ** BigInt(scale) + BigInt(fraction.padEnd(scale, '0').slice(0, scale) || '0')
  return signed(units, scale <= 2 ? 3 : scale <= 4 ? 4 : 5)
}

function shifted(text: string, minutes: number): string {
  const [whole = '', fraction] = text.split('.')
  const moved = new Date(Date.parse(`${whole.replace(' ', 'T')}Z`) + minutes * 60_000).toISOString()
  return `${moved.slice(0, 10)} ${moved.slice(11, 19)}${fraction === undefined ? '' : `.${fraction}`}`
}

function unscaled(text: string, scale: number): bigint {
  const [whole = '0', fraction = ''] = text.split('.')
  return BigInt(`${whole}${fraction.padEnd(scale, '0')}`)
}

/** Two's complement, little-endian. */
function signed(value: bigint, length: number): Buffer {
  let rest = BigInt.asUintN(length * 8, value)
  const bytes = Buffer.alloc(length)
  for (let index = 0; index < length; index += 1) {
    bytes[index] = Number(rest & 0xffn)
    rest >>= 8n
  }
  return bytes
}

function float(value: number, length: 4 | 8): Buffer {
  const bytes = Buffer.alloc(length)
  if (length === 4) bytes.writeFloatLE(value)
  else bytes.writeDoubleLE(value)
  return bytes
}

function uint16(value: number): Buffer {
  return signed(BigInt(value), 2)
}

function uint32(value: number): Buffer {
  return signed(BigInt(value), 4)
}
