/** Which letters, separator and columns a CSV file has: nobody who saves one knows. Pure. */
import { isUtf8 } from 'node:buffer'
import { parse } from 'csv-parse/sync'
import iconv from 'iconv-lite'
import { uniqueColumnNames } from '../tables/table-set.ts'

const csvEncodings = ['utf8', 'cp1252', 'cp850', 'utf16le', 'utf16be'] as const
export type CsvEncoding = (typeof csvEncodings)[number]

/** As people call them. */
export const encodingNames: Readonly<Record<CsvEncoding, string>> = {
  utf8: 'UTF-8',
  cp1252: 'Windows-1252',
  cp850: 'DOS (CP850)',
  utf16le: 'UTF-16',
  utf16be: 'UTF-16 (big-endian)',
}

export const separators = { ';': ';', ',': ',', tab: '\t', '|': '|' } as const
export type CsvSeparator = keyof typeof separators

export interface CsvChoice {
  encoding?: CsvEncoding | undefined
  separator?: CsvSeparator | undefined
  /** The first row names the columns. */
  hasHeader?: boolean
}

/** What is looked at; a header and some tens of rows fit. */
export const detectedBytes = 65_536
const detectedRows = 50

/** Names as the header row has them, without the blanks around. */
export function columnNames(cells: readonly string[]): string[] {
  return uniqueColumnNames(cells.map(cell => cell.trim()))
}

/** The text of the beginning, up to its last whole line. */
export function headText(bytes: Uint8Array, encoding: CsvEncoding): string {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, detectedBytes))
  const text = iconv.decode(head, encoding, { stripBOM: true })
  const isWhole = bytes.byteLength <= detectedBytes
  return isWhole ? text : text.slice(0, text.lastIndexOf('\n') + 1)
}

/** The line `sep=;` that Excel understands says which separator follows, and is no row. */
export const separatorLine = /^(?:"sep=(.)"|sep=(.))\r?\n/i

/** The one that cuts the most rows into the same number of cells, at least two. */
export function detectSeparator(text: string): CsvSeparator {
  const said = separatorLine.exec(text)
  const names = Object.keys(separators) as CsvSeparator[]
  const named = names.find(name => separators[name] === (said?.[1] ?? said?.[2]))
  if (named !== undefined) return named
  let best: { name: CsvSeparator; score: number } = { name: ';', score: 0 }
  for (const name of names) {
    const score = scoreOf(headRows(text, name))
    if (score > best.score) best = { name, score }
  }
  return best.name
}

function scoreOf(rows: readonly string[][]): number {
  const width = rows[0]?.length ?? 0
  if (width < 2) return 0
  const same = rows.filter(row => row.length === width).length
  return (same / rows.length) * 1_000 + Math.min(width, 500)
}

function headRows(text: string, separator: CsvSeparator): string[][] {
  const start = separatorLine.exec(text)?.[0].length ?? 0
  const options = { ...parsingOptions(separator), skip_empty_lines: true, to: detectedRows }
  try {
    return parse(text.slice(start), options)
  } catch {
    // A quote that never closes: the rows are then told where the file is read.
    return parse(text.slice(start), { ...options, quote: null })
  }
}

/** A record longer than this is a quote that never closes. */
const longestRecord = 1_048_576

export function parsingOptions(separator: CsvSeparator) {
  return {
    delimiter: separators[separator],
    relax_column_count: true,
    // `Résidence "Les Palmiers"` without quotes around is how people type.
    relax_quotes: true,
    max_record_size: longestRecord,
  } as const
}

/** Looks at all bytes of a file, chunk by chunk: the first accent may come late. */
export function encodingScanner(): { push(chunk: Uint8Array): void; result(): CsvEncoding } {
  let marked: CsvEncoding | undefined
  let isFirst = true
  let isValid = true
  let carried = Buffer.alloc(0)
  let dosLetters = 0
  let windowsLetters = 0
  return {
    push(chunk) {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      if (isFirst) marked = markedEncoding(bytes)
      isFirst = false
      if (marked !== undefined) return
      const joined = carried.length === 0 ? bytes : Buffer.concat([carried, bytes])
      const end = wholeCharacters(joined)
      carried = Buffer.from(joined.subarray(end))
      if (isUtf8(joined.subarray(0, end))) return
      isValid = false
      const { dos, windows } = countLetters(joined)
      dosLetters += dos
      windowsLetters += windows
    },
    result() {
      if (marked !== undefined) return marked
      if (isValid && carried.length === 0) return 'utf8'
      return dosLetters > windowsLetters ? 'cp850' : 'cp1252'
    },
  }
}

/** A byte order mark, or the zeros that Latin letters have in UTF-16. */
function markedEncoding(bytes: Buffer): CsvEncoding | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf16le'
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf16be'
  const head = bytes.subarray(0, 1_024)
  const zeros = [0, 0]
  for (const [index, byte] of head.entries()) if (byte === 0) zeros[index % 2]! += 1
  const many = head.length / 4
  if (zeros[1]! > many && zeros[0]! === 0) return 'utf16le'
  return zeros[0]! > many && zeros[1]! === 0 ? 'utf16be' : undefined
}

/** Where the last character that is wholly there ends. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back]!
    if (byte < 0x80) break
    if (byte < 0xc0) continue
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
    return length > back ? bytes.length - back : bytes.length
  }
  return bytes.length
}

/** é è ê ë ç à â ô ï î ù û É Ç of CP850; in Windows-1252 these are quotes, dashes and signs, rarely inside words. */
const dosAccents = new Set([
  0x82, 0x8a, 0x88, 0x89, 0x87, 0x85, 0x83, 0x93, 0x8b, 0x8c, 0x97, 0x96, 0x90, 0x80,
])

/** Counts letters that only one of the two has where they stand: beside an ASCII letter. */
function countLetters(bytes: Buffer): { dos: number; windows: number } {
  let dos = 0
  let windows = 0
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index]!
    if (byte < 0x80) continue
    if (byte >= 0xc0) windows += 1
    else if (dosAccents.has(byte) && (isLetter(bytes[index - 1]) || isLetter(bytes[index + 1]))) dos += 1
  }
  return { dos, windows }
}

function isLetter(byte: number | undefined): boolean {
  return byte !== undefined && (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a
}
