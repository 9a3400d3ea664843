/**
 * The child process that reads one sheet of an Excel file: the parser unpacks and holds all of it. Started by
 * xlsx-file.ts only.
 */
import { readSheet, SheetNotFoundError } from 'read-excel-file/node'
import { systemClock } from '../../clock.ts'
import type { SourceValue } from '../../source.ts'
import { type SizedBatch, takeBatch } from '../batch-size.ts'
import { codedError } from '../error-words.ts'
import { plainInstant } from '../plain-instant.ts'
import { answer, failedAnswer, serveOrders } from '../reading-child.ts'
import type { FailedAnswer } from '../reading-process.ts'
import { readRegularFile } from '../regular-file.ts'
import { exactInteger } from '../text-values.ts'
import { unpackedBytes } from './zip-size.ts'

export type XlsxOrder =
  | { kind: 'open'; path: string; sheet: string | undefined; hasHeader: boolean }
  | { kind: 'next'; batchRows: number }

export type XlsxAnswer =
  | { kind: 'opened'; header: string[]; rows: number }
  | ({ kind: 'rows' } & SizedBatch)
  | FailedAnswer

type Cell = string | number | boolean | Date | null

/** 150,000 rows of ten columns unpack to some 80 MiB of XML; what packs much smaller is made to fill a memory. */
const mostUnpackedMiB = 400
/** A package may understate what it unpacks to: above this the process gives up. */
const mostHeldMiB = 1_800
const lookEveryMs = 100

let rows: SourceValue[][] = []
let sent = 0

serveOrders<XlsxOrder, XlsxAnswer>(
  order => (order.kind === 'open' ? open(order) : nextRows(order.batchRows)),
  'NOT_XLSX',
)

async function open({ path, sheet, hasHeader }: Extract<XlsxOrder, { kind: 'open' }>): Promise<XlsxAnswer> {
  const bytes = await readRegularFile(path)
  const unpacked = unpackedBytes(bytes)
  if (unpacked.kind === 'unreadable') throw codedError('NOT_XLSX', unpacked.reason)
  if (unpacked.bytes > mostUnpackedMiB * 2 ** 20) {
    const size = Math.round(unpacked.bytes / 2 ** 20)
    throw codedError('TOO_BIG', `it unpacks to ${size} MiB; ${mostUnpackedMiB} are the limit`)
  }
  const stopLooking = systemClock.every(lookEveryMs, endWhenSwollen)
  try {
    const options = { trim: false, parseNumber: exactNumber }
    const cells = (await readSheet(bytes, sheet ?? 1, options)) as unknown as Cell[][]
    const filled = cells.map((row, index) => [...row.map(plainCell), index + 1])
    rows = filled.filter(row => row.some((cell, index) => cell !== null && index < row.length - 1))
  } catch (error) {
    if (!(error instanceof SheetNotFoundError)) throw error
    throw codedError('NO_SHEET', `there is no sheet "${error.sheet}"; there are: ${sheetNames(error)}`)
  } finally {
    stopLooking()
  }
  const [first] = rows
  const header = (first ?? []).slice(0, -1).map(cell => (hasHeader && cell !== null ? String(cell) : ''))
  if (hasHeader) rows.shift()
  return { kind: 'opened', header, rows: rows.length }
}

function endWhenSwollen(): void {
  if (process.memoryUsage.rss() < mostHeldMiB * 2 ** 20) return
  const swollen = codedError('TOO_BIG', `it unpacks to more than ${mostHeldMiB} MiB of memory`)
  answer(failedAnswer(swollen))
  systemClock.after(lookEveryMs, () => process.exit(1))
}

function sheetNames(error: SheetNotFoundError): string {
  return 'sheets' in error && Array.isArray(error.sheets) ? error.sheets.join(', ') : 'others'
}

function nextRows(batchRows: number): XlsxAnswer {
  let taken = 0
  const batch = takeBatch(batchRows, () => rows[sent + taken++])
  sent += batch.rows.length
  return { kind: 'rows', ...batch }
}

function plainCell(cell: Cell): SourceValue {
  if (cell instanceof Date) return plainInstant(roundedInstant(cell))
  if (typeof cell === 'boolean') return cell ? 1 : 0
  return cell === '' ? null : cell
}

/** Excel counts days in floating point: 02:30:00 may come as 02:29:59.999. */
function roundedInstant(instant: Date): Date {
  const ms = instant.getTime()
  const second = Math.round(ms / 1_000) * 1_000
  return Math.abs(ms - second) <= 2 ? new Date(second) : instant
}

/** Excel holds 15 digits; programs that write its files without it may write more. */
function exactNumber(text: string): number | string {
  return /^-?\d+$/.test(text) ? exactInteger(text) : Number(text)
}
