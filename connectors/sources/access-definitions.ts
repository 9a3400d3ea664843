/** The columns of a table of an Access file, as its definition tells them. Pure. */
import { layoutOf } from './access-layout.ts'
import { pageAt } from './access-pages.ts'
import { type AccessTextReader, textReaderOf } from './access-texts.ts'
import { codedError } from './error-words.ts'

/** By the byte that stands for it. */
const types = {
  1: 'boolean',
  2: 'byte',
  3: 'integer',
  4: 'long',
  5: 'currency',
  6: 'float',
  7: 'double',
  8: 'datetime',
  9: 'binary',
  10: 'text',
  11: 'ole',
  12: 'memo',
  15: 'repid',
  16: 'numeric',
  18: 'complex',
  19: 'bigint',
  20: 'datetimextended',
} as const

export type AccessType = (typeof types)[keyof typeof types]

export interface AccessColumn {
  name: string
  /** `complex` are attachments, values of another table and calculated ones. */
  type: AccessType
  /** Bytes; of text and binary, at most. */
  size: number
  /** Digits of a Decimal after the point. */
  scale: number
  /** Its bit in a row's list of those that are not NULL. */
  number: number
  /** Among the columns of variable length; -1 for the others. */
  variableIndex: number
  /** Of a column of fixed length: where it begins in a row. */
  offset: number
}

const definitionType = 2
const continuedAt = 4
const continuedHeadBytes = 8
/** A table of 255 columns with long names needs some thirty pages; a page may lead back to itself. */
const mostPages = 64
/** Access's own limit. */
const mostColumns = 255
const fixedFlag = 1
const scaleAt = 12
/** Values of calculated columns are wrapped, and of the type of another place. Access 2010 brought them. */
const calculatedSince = 3
const moreFlagsAt = 16
const calculatedFlags = 0xc0

/**
 * @param file a whole Access file, not encrypted
 * @param page the number of the page where the definition begins
 * @returns them in the order in which Access shows them first
 * @throws Error DAMAGED, or RangeError
 * @see HACKING.md of mdbtools, "TDEF (Table Definition) Pages"
 */
export function readColumns(file: Buffer, page: number): AccessColumn[] {
  const layout = layoutOf(file)
  const bytes = definitionBytes(file, page)
  const count = bytes.readUInt16LE(layout.columnCountAt)
  if (count > mostColumns)
    throw codedError('DAMAGED', `a table of ${count} columns; Access ends at ${mostColumns}`)
  const first = layout.indexesAt + bytes.readUInt32LE(layout.indexCountAt) * layout.indexBytes
  const from = first + count * layout.columnBytes
  const names = columnNames(bytes, { from, count, countBytes: layout.countBytes, text: textReaderOf(file) })
  const columns = names.map((name, index): AccessColumn => {
    const entry = bytes.subarray(first + index * layout.columnBytes, first + (index + 1) * layout.columnBytes)
    const isFixed = (entry.readUInt8(layout.flagsAt) & fixedFlag) !== 0
    const type = typeOf(entry, file[20]!)
    return {
      name,
      type,
      size: type === 'boolean' ? 0 : entry.readUInt16LE(layout.sizeAt),
      scale: entry.readUInt8(scaleAt),
      number: entry.readUInt8(layout.numberAt),
      variableIndex: isFixed ? -1 : entry.readUInt8(layout.variableIndexAt),
      offset: layout.countBytes + entry.readUInt16LE(layout.fixedOffsetAt),
    }
  })
  columns.sort((a, b) => a.number - b.number)
  return columns
}

function typeOf(entry: Buffer, version: number): AccessType {
  const isCalculated = version >= calculatedSince && (entry.readUInt8(moreFlagsAt) & calculatedFlags) !== 0
  const type = isCalculated ? 'complex' : types[entry.readUInt8(0) as keyof typeof types]
  if (type === undefined) throw codedError('DAMAGED', 'Unsupported column type')
  return type
}

/** After all the columns, in their order there. */
function columnNames(
  bytes: Buffer,
  {
    from,
    count,
    countBytes,
    text,
  }: { from: number; count: number; countBytes: number; text: AccessTextReader },
): string[] {
  const names: string[] = []
  for (let at = from; names.length < count; ) {
    const start = at + countBytes
    at = start + bytes.readUIntLE(at, countBytes)
    names.push(text(bytes, start, Math.min(at, bytes.length)))
  }
  return names
}

/** A definition may go on in other pages, which begin with a head of their own. */
function definitionBytes(file: Buffer, first: number): Buffer {
  const parts: Buffer[] = []
  for (let page = first; page !== 0 && parts.length < mostPages; ) {
    const bytes = pageAt(file, page)
    if (bytes[0] !== definitionType) {
      throw codedError('DAMAGED', `Wrong page type. Expected ${definitionType} but received ${bytes[0]}.`)
    }
    parts.push(parts.length === 0 ? bytes : bytes.subarray(continuedHeadBytes))
    page = bytes.readUInt32LE(continuedAt)
  }
  return Buffer.concat(parts)
}
