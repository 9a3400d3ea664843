/** One CSV file, streamed. */
import type { FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { CsvError, type Parser, parse } from 'csv-parse'
import iconv from 'iconv-lite'
import type { SourceValue } from '../../source.ts'
import { openRegularFile } from '../regular-file.ts'
import { batchRows } from '../row-reading.ts'
import { decodeText } from '../text-values.ts'
import {
  type CsvChoice,
  type CsvEncoding,
  type CsvSeparator,
  columnNames,
  detectedBytes,
  detectSeparator,
  encodingNames,
  encodingScanner,
  headText,
  parsingOptions,
  separatorLine,
} from './csv-detect.ts'
import { FileNotReadable, mostFileColumns, type OpenFile } from './open-file.ts'

/** Bytes parsed in one turn of the event loop: some milliseconds. */
const chunkBytes = 65_536

/**
 * @param signal ends the reading
 * @throws FileNotReadable for what is no text or has no header; errors of the file system
 */
export async function openCsv(path: string, choice: CsvChoice, signal: AbortSignal): Promise<OpenFile> {
  const { encoding, separator, start } = await inspect(path, choice, signal)
  const records = recordStream(await openRegularFile(path), { encoding, separator, start, signal })
  try {
    const first = await records.next()
    const hasHeader = choice.hasHeader ?? true
    const cells = first?.cells ?? []
    if (cells.length > mostFileColumns) {
      throw new FileNotReadable(
        `row ${first?.row} has ${cells.length} cells; ${mostFileColumns} are the limit`,
      )
    }
    const columns = columnNames(hasHeader ? cells : cells.map(() => ''))
    if (!hasHeader && first !== undefined) records.putBack(first)
    const name = separator === 'tab' ? 'tab' : separator
    return {
      columns,
      isText: true,
      typeName: 'text',
      detail: `${encodingNames[encoding]}, separator ${name}, ${columns.length} columns`,
      batches: batchesOf(records, columns.length, encoding),
      close: records.close,
    }
  } catch (error) {
    records.close()
    throw explained(error)
  }
}

interface CsvShape {
  encoding: CsvEncoding
  separator: CsvSeparator
  /** Bytes before the first row: a byte order mark, Excel's `sep=;` line. */
  start: number
}

/** Reads all of the file for its letters: at a gigabyte a second, and the first accent may be the last letter. */
async function inspect(path: string, choice: CsvChoice, signal: AbortSignal): Promise<CsvShape> {
  const file = await openRegularFile(path)
  try {
    const head = await readHead(file)
    const encoding = choice.encoding ?? (await scanEncoding(file, signal))
    if (!encoding.startsWith('utf16') && head.includes(0)) {
      throw new FileNotReadable(
        'it holds zero bytes and is no text file; choose the right format or encoding',
      )
    }
    const text = headText(head, encoding)
    const separator = choice.separator ?? detectSeparator(text)
    const mark = byteOrderMark(head, encoding)
    const line = separatorLine.exec(text)?.[0].length ?? 0
    return { encoding, separator, start: mark + line * (encoding.startsWith('utf16') ? 2 : 1) }
  } finally {
    await file.close()
  }
}

/** One byte more than is looked at, so that a longer file shows. */
async function readHead(file: FileHandle): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(detectedBytes + 1), 0, detectedBytes + 1, 0)
  return buffer.subarray(0, bytesRead)
}

async function scanEncoding(file: FileHandle, signal: AbortSignal): Promise<CsvEncoding> {
  const scanner = encodingScanner()
  const buffer = Buffer.alloc(1_048_576)
  for (let position = 0; ; ) {
    signal.throwIfAborted()
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position)
    if (bytesRead === 0) return scanner.result()
    scanner.push(buffer.subarray(0, bytesRead))
    position += bytesRead
  }
}

function byteOrderMark(head: Buffer, encoding: CsvEncoding): number {
  const marks: Record<CsvEncoding, string> = {
    utf8: 'efbbbf',
    cp1252: 'efbbbf',
    cp850: 'efbbbf',
    utf16le: 'fffe',
    utf16be: 'feff',
  }
  const mark = marks[encoding]
  return head.toString('hex', 0, mark.length / 2) === mark ? mark.length / 2 : 0
}

interface CsvRecord {
  cells: string[]
  /** As a spreadsheet shows it: empty rows count. */
  row: number
}

interface RecordStream {
  /** Undefined at the end. Rows without a value (`;;`, which spreadsheets leave) are passed over. */
  next(): Promise<CsvRecord | undefined>
  /** As many as are there without waiting, at most `most`; none is the end. */
  take(most: number): Promise<CsvRecord[]>
  putBack(record: CsvRecord): void
  close(): void
}

function recordStream(file: FileHandle, shape: CsvShape & { signal: AbortSignal }): RecordStream {
  const { encoding, separator, start, signal } = shape
  const bytes = file.createReadStream({ start, highWaterMark: chunkBytes, signal })
  const isWide = encoding.startsWith('utf16')
  // One byte a letter: cells are decoded one by one, since old programs append UTF-8 to Windows files.
  const letters = isWide || encoding === 'utf8' ? 'utf8' : 'latin1'
  const parser: Parser = parse({ ...parsingOptions(separator), encoding: letters })
  bytes.on('error', error => parser.destroy(error))
  const input = isWide ? Readable.from(decoded(bytes, encoding), { objectMode: false }) : bytes
  input.on('error', (error: Error) => parser.destroy(error))
  input.pipe(parser)
  let row = 0
  let held: CsvRecord | undefined
  let failure: unknown
  let wake: (() => void) | undefined
  parser.on('error', (error: unknown) => {
    failure = error
  })
  for (const event of ['readable', 'end', 'error', 'close']) parser.on(event, () => wake?.())
  const readNow = (): CsvRecord | undefined => {
    for (let cells = parser.read(); cells !== null; cells = parser.read()) {
      row += 1
      if (cells[0] !== '' || cells.some((cell: string) => cell !== '')) return { cells, row }
    }
    return undefined
  }
  const take = async (most: number): Promise<CsvRecord[]> => {
    const taken = held === undefined ? [] : [held]
    held = undefined
    for (;;) {
      while (taken.length < most) {
        const record = readNow()
        if (record === undefined) break
        taken.push(record)
      }
      if (taken.length > 0) return taken
      if (failure !== undefined) throw failure
      if (parser.readableEnded || parser.destroyed) return []
      await new Promise<void>(resolve => {
        wake = resolve
      })
    }
  }
  return {
    take,
    next: async () => (await take(1))[0],
    putBack(record) {
      held = record
    },
    close() {
      bytes.destroy()
      parser.destroy()
    },
  }
}

async function* decoded(bytes: AsyncIterable<Buffer>, encoding: CsvEncoding): AsyncGenerator<Buffer> {
  const decoder = iconv.getDecoder(encoding, { stripBOM: true })
  for await (const chunk of bytes) {
    const text = decoder.write(chunk)
    if (text !== '') yield Buffer.from(text)
  }
  const rest = decoder.end()
  if (rest !== undefined && rest !== '') yield Buffer.from(rest)
}

async function* batchesOf(
  records: RecordStream,
  width: number,
  encoding: CsvEncoding,
): AsyncGenerator<SourceValue[][], void, undefined> {
  const textOf = cellReader(encoding)
  try {
    for (;;) {
      const taken = await records.take(batchRows)
      if (taken.length === 0) return
      yield taken.map(({ cells, row }) => rowOf(cells, row, { width, textOf }))
    }
  } catch (error) {
    throw explained(error)
  } finally {
    records.close()
  }
}

/** Changes the cells in place: a row is made once. */
function rowOf(
  cells: (SourceValue | undefined)[],
  row: number,
  { width, textOf }: { width: number; textOf: (cell: string) => string },
): SourceValue[] {
  // Separators after the last column are what spreadsheets leave of emptied cells.
  while (cells.length > width && cells.at(-1) === '') cells.pop()
  if (cells.length !== width) {
    const hint = 'A cell that holds the separator or a line end must stand in quotes.'
    throw new FileNotReadable(`row ${row} has ${cells.length} cells, the first row ${width}. ${hint}`)
  }
  for (let index = 0; index < width; index += 1) {
    const cell = cells[index] as string
    cells[index] = cell === '' ? null : textOf(cell)
  }
  cells.push(row)
  return cells as SourceValue[]
}

function cellReader(encoding: CsvEncoding): (cell: string) => string {
  if (encoding !== 'cp1252' && encoding !== 'cp850') return cell => cell
  const isForeign = /[\u0080-\u00ff]/
  return cell => (isForeign.test(cell) ? decodeText(Buffer.from(cell, 'latin1'), encoding) : cell)
}

function explained(error: unknown): unknown {
  if (!(error instanceof CsvError)) return error
  const line = typeof error.lines === 'number' ? `line ${error.lines}: ` : ''
  const words =
    error.code === 'CSV_MAX_RECORD_SIZE' || error.code === 'CSV_QUOTE_NOT_CLOSED'
      ? 'a quote (") opens a cell and is not closed'
      : error.message
  return new FileNotReadable(`${line}${words}`)
}
