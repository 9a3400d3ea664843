/** Pages, rows and long values of an Access 97 file. See jet3.ts. */

export const pageSize = 2_048

/** Bytes of the fixed types; the others are as long as their value. */
export const jet3Types = {
  boolean: { code: 1, bytes: 0 },
  byte: { code: 2, bytes: 1 },
  integer: { code: 3, bytes: 2 },
  long: { code: 4, bytes: 4 },
  currency: { code: 5, bytes: 8 },
  float: { code: 6, bytes: 4 },
  double: { code: 7, bytes: 8 },
  datetime: { code: 8, bytes: 8 },
  repid: { code: 15, bytes: 16 },
  binary: { code: 9, bytes: undefined },
  text: { code: 10, bytes: undefined },
  ole: { code: 11, bytes: undefined },
  memo: { code: 12, bytes: undefined },
} as const

export interface Jet3Column {
  name: string
  type: keyof typeof jet3Types
  /** Bytes at most, of text and binary. */
  size?: number
}

/** Currency is a bigint of ten-thousandths, a date the days since 1899-12-30. */
export type Jet3Value = null | boolean | number | bigint | string | Buffer

export const fixedBytes = ({ type }: Jet3Column): number | undefined => jet3Types[type].bytes

export class Jet3Pages {
  readonly #pages: Buffer[] = []
  readonly encode: (text: string) => Buffer

  constructor(encode: (text: string) => Buffer) {
    this.encode = encode
  }

  /** @returns its number */
  add(page: Buffer): number {
    return this.#pages.push(page) - 1
  }

  put(number: number, page: Buffer): void {
    this.#pages[number] = page
  }

  file(): Buffer {
    return Buffer.concat(this.#pages)
  }
}

export interface Jet3Record {
  bytes: Buffer
  /** 0x4000 leads to another place, 0x8000 was moved here, both: deleted. */
  flags: number
}

/** Records lie from the end of the page forward. */
export function dataPage(records: readonly Jet3Record[], owner: number | 'LVAL'): Buffer {
  const page = Buffer.alloc(pageSize)
  page[0] = 1
  page[1] = 1
  if (owner === 'LVAL') page.write('LVAL', 4, 'latin1')
  else page.writeUInt32LE(owner, 4)
  page.writeUInt16LE(records.length, 8)
  let start = pageSize
  for (const [index, { bytes, flags }] of records.entries()) {
    start -= bytes.length
    bytes.copy(page, start)
    page.writeUInt16LE(start | flags, 10 + index * 2)
  }
  const free = start - 10 - records.length * 2
  if (free < 0) throw new Error('more than a page holds')
  page.writeUInt16LE(free, 2)
  return page
}

/** A record of pages as bits, for pages 0 to 1,023. */
export function usageMap(pages: readonly number[]): Buffer {
  if (pages.some(page => page >= 1_024)) throw new Error('more pages than the record holds')
  const map = Buffer.alloc(5 + 128)
  for (const page of pages) map[5 + (page >> 3)]! |= 1 << (page & 7)
  return map
}

/** One row; long values go to pages of their own. */
export function packRow(columns: readonly Jet3Column[], row: readonly Jet3Value[], pages: Jet3Pages): Buffer {
  const fixed: Buffer[] = []
  const variable: Buffer[] = []
  const present = Buffer.alloc(Math.ceil(columns.length / 8))
  for (const [index, column] of columns.entries()) {
    const value = row[index] ?? null
    if (value !== null && value !== false) present[index >> 3]! |= 1 << (index & 7)
    const size = fixedBytes(column)
    if (size === undefined)
      variable.push(value === null ? Buffer.alloc(0) : variableBytes(column, value, pages))
    else fixed.push(value === null ? Buffer.alloc(size) : fixedValue(column, value))
  }
  const head = Buffer.concat([Buffer.from([columns.length]), ...fixed])
  if (variable.length === 0) return Buffer.concat([head, present])
  const offsets = [head.length]
  for (const bytes of variable) offsets.push(offsets.at(-1)! + bytes.length)
  const data = Buffer.concat([head, ...variable])
  const table = Buffer.from(offsets.map(offset => offset & 0xff)).reverse()
  const jumps = jumpTable(offsets, data.length + table.length + 1 + present.length)
  return Buffer.concat([data, table, jumps, Buffer.from([variable.length]), present])
}

/**
 * Offsets are one byte: for each 256 bytes of the row, an entry tells the first column beyond. 0xff where the row is
 * that long but no column begins there.
 */
function jumpTable(offsets: readonly number[], otherBytes: number): Buffer {
  let count = 0
  while (Math.floor((otherBytes + count - 1) / 256) > count) count += 1
  const jumps: number[] = []
  for (let jump = 1; jump <= count; jump += 1) {
    const first = offsets.findIndex(offset => offset >= jump * 256)
    jumps.push(first === -1 ? 0xff : first)
  }
  return Buffer.from(jumps).reverse()
}

function fixedValue({ type }: Jet3Column, value: Jet3Value): Buffer {
  const bytes = Buffer.alloc(jet3Types[type].bytes ?? 0)
  if (Buffer.isBuffer(value)) value.copy(bytes)
  else if (type === 'byte') bytes.writeUInt8(Number(value))
  else if (type === 'integer') bytes.writeInt16LE(Number(value))
  else if (type === 'long') bytes.writeInt32LE(Number(value))
  else if (type === 'currency') bytes.writeBigInt64LE(BigInt(value as bigint))
  else if (type === 'float') bytes.writeFloatLE(Number(value))
  else if (type === 'double' || type === 'datetime') bytes.writeDoubleLE(Number(value))
  return bytes
}

function variableBytes({ type }: Jet3Column, value: Jet3Value, pages: Jet3Pages): Buffer {
  const bytes = Buffer.isBuffer(value) ? value : pages.encode(String(value))
  return type === 'memo' || type === 'ole' ? longValue(bytes, pages) : bytes
}

/** As Access does it: short values stay in the row, those of a page have a record of their own, others a chain. */
const longestInRow = 64
const longestInPage = pageSize - 12
const longestInChain = longestInPage - 4

function longValue(bytes: Buffer, pages: Jet3Pages): Buffer {
  const head = Buffer.alloc(12)
  head.writeUIntLE(bytes.length, 0, 3)
  if (bytes.length <= longestInRow) {
    head[3] = 0x80
    return Buffer.concat([head, bytes])
  }
  if (bytes.length <= longestInPage) {
    head[3] = 0x40
    head.writeUInt32LE(pages.add(dataPage([{ bytes, flags: 0 }], 'LVAL')) << 8, 4)
    return head
  }
  let next = 0
  const count = Math.ceil(bytes.length / longestInChain)
  for (let part = count - 1; part >= 0; part -= 1) {
    const record = Buffer.alloc(4)
    record.writeUInt32LE(next)
    const chunk = bytes.subarray(part * longestInChain, (part + 1) * longestInChain)
    next = pages.add(dataPage([{ bytes: Buffer.concat([record, chunk]), flags: 0 }], 'LVAL')) << 8
  }
  head.writeUInt32LE(next, 4)
  return head
}
