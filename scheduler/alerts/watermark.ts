/**
 * How far an alert has read: the largest value of one column, offered to the query of the next run so that it reads
 * what came since. Pure.
 *
 * It moves when a run has looked at all its rows and everything they came to is stored, never before: a crash makes
 * rows be read again, and the ledger keeps their people from being written to twice.
 */
import { z } from 'zod'
import type { SourceValue } from '../../connectors/source.ts'
import { fromDayNumber, parseIsoDate, toDayNumber } from '../calendar/local-date.ts'
import { offsetMsAt } from '../calendar/zoned.ts'
import { columnName } from './column-name.ts'

/** As many digits as Oracle's NUMBER and PostgreSQL's largest identifiers have. */
const wholeNumber = /^-?\d{1,38}$/
/** A week: beyond, the query had better read everything. */
const mostOverlapMinutes = 10_080
/** Rows entered before a transaction that was committed later, and clocks that differ. */
const usualOverlapMinutes = 60

export const incrementalSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('number'),
    /** A number that only grows: an identity, a sequence. The query must give it and compare it. */
    column: columnName,
    /** Where the first run begins. */
    start: z.string().regex(wholeNumber, 'a whole number, in quotes').default('0'),
    /** Numbers read again each time: one that was taken earlier may be committed later. */
    overlap: z.int().min(0).max(1_000_000_000).default(0),
  }),
  z.object({
    kind: z.literal('time'),
    /** When the row was entered or changed last. */
    column: columnName,
    start: z
      .string()
      .max(40)
      .refine(text => parseTime(text) !== null, 'a time such as 2027-01-31 07:30:00')
      .default('1970-01-01 00:00:00'),
    overlapMinutes: z.int().min(0).max(mostOverlapMinutes).default(usualOverlapMinutes),
  }),
])

export type Incremental = z.output<typeof incrementalSchema>

/** The names by which a query asks for the watermark; one of them must stand in it. */
export const watermarkParameter = /:(?:watermark|lastId|since)\b/

/**
 * The parameters of the next read: `:watermark`, and `:lastId` (number) or `:since` (time), which here is finer than
 * the day that every query may use.
 *
 * @param watermark null before the first run that covered its rows
 */
export function watermarkParams(
  incremental: Incremental,
  watermark: string | null,
): Record<string, string | number> {
  if (incremental.kind === 'number') {
    const read = BigInt(watermark ?? incremental.start)
    const from = watermark === null ? read : read - BigInt(incremental.overlap)
    const value = from >= smallestExact && from <= largestExact ? Number(from) : String(from)
    return { watermark: value, lastId: value }
  }
  const from = watermark ?? incremental.start
  const time = parseTime(from)
  const back = watermark === null || time === null ? 0 : incremental.overlapMinutes
  const value = back === 0 ? from : write(time!, time!.localMicros - back * 60_000_000)
  return { watermark: value, since: value }
}

const smallestExact = BigInt(Number.MIN_SAFE_INTEGER)
const largestExact = BigInt(Number.MAX_SAFE_INTEGER)

export type WatermarkStep =
  | { kind: 'read'; watermark: string | null }
  /** The value is no number or time: the row is used, and read again if the column is put right. */
  | { kind: 'unreadable' }

/**
 * The watermark after one more row.
 *
 * @param limit.now a time after it is a clock that went wrong; taken as it is, it would hide all rows to come
 */
export function afterRow(
  incremental: Incremental,
  watermark: string | null,
  value: SourceValue | undefined,
  { now, zone }: { now: Date; zone: string },
): WatermarkStep {
  if (value === null || value === undefined || value === '') return { kind: 'read', watermark }
  if (incremental.kind === 'number') {
    const text = numberText(value)
    if (text === null) return { kind: 'unreadable' }
    const isLater = watermark === null || BigInt(text) > BigInt(watermark)
    return { kind: 'read', watermark: isLater ? text : watermark }
  }
  const time = timeOf(value)
  if (time === null) return { kind: 'unreadable' }
  const text = notAfter(time, now.getTime(), zone)
  return { kind: 'read', watermark: laterTime(watermark, text) }
}

/**
 * Whether nothing in a column is what the watermark counts: then the column is the wrong one, or written in a way that
 * a query cannot compare either (`31/01/2027` as text comes after `01/02/2027`).
 *
 * @param values of the first rows
 * @returns what to write about it; null when a value can be read, or there is none
 */
export function wrongColumn(
  incremental: Incremental,
  values: readonly (SourceValue | undefined)[],
): string | null {
  const filled = values.filter(value => value !== null && value !== undefined && value !== '')
  const isReadable = (value: SourceValue | undefined): boolean =>
    incremental.kind === 'number' ? numberText(value!) !== null : timeOf(value) !== null
  const [example] = filled
  if (example === undefined || filled.some(isReadable)) return null
  const { column, kind } = incremental
  const wanted =
    kind === 'number'
      ? 'whole numbers'
      : 'times such as 2027-01-31 07:30:00; have the query write and compare it so, for day first has no order as text'
  return `the column ${column} of the watermark holds "${String(example).slice(0, 100)}" where it needs ${wanted}`
}

/** The larger of two watermarks: the overlap alone must not take one back. */
export function laterWatermark(
  { kind }: Incremental,
  before: string | null,
  after: string | null,
): string | null {
  if (before === null || after === null) return after ?? before
  if (kind === 'time') return laterTime(before, after)
  return BigInt(after) > BigInt(before) ? after : before
}

/** @returns why a person cannot set this watermark; null when it can be */
export function watermarkProblem({ kind }: Incremental, watermark: string): string | null {
  if (kind === 'number') return wholeNumber.test(watermark) ? null : 'a whole number'
  return parseTime(watermark) === null ? 'a time such as 2027-01-31 07:30:00' : null
}

function numberText(value: SourceValue): string | null {
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : null
  if (typeof value !== 'string') return null
  // Decimals without a fraction: how SQL Server, Oracle and JSON write the numbers of a decimal column.
  const text = value.trim().replace(/\.0{1,38}$/, '')
  return wholeNumber.test(text) ? text : null
}

function timeOf(value: SourceValue | undefined): ReadTime | null {
  return typeof value === 'string' ? parseTime(value.trim()) : null
}

interface ReadTime {
  /** What the text shows, counted as if it were UTC. */
  localMicros: number
  /** null without a zone in the text. */
  offsetMinutes: number | null
  /** How the text is written, so that a time reckoned from it is written the same way. */
  separator: string
  hasTime: boolean
  hasSeconds: boolean
  fractionDigits: number
  /** The zone with the blank before it, if any. */
  suffix: string
  text: string
}

/** SQL Server writes a datetimeoffset with a blank before the zone. */
const timePattern =
  /^(\d{4}-\d{2}-\d{2})(?:([ T])(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?( ?(?:Z|[+-]\d{2}(?::?\d{2})?))?$/
const dayMicros = 86_400_000_000

function parseTime(text: string): ReadTime | null {
  const match = timePattern.exec(text)
  if (match === null) return null
  const [, day, separator = '', hour = '0', minute = '0', second, fraction = '', suffix = ''] = match
  const date = parseIsoDate(day!)
  const seconds = Number(hour) * 3_600 + Number(minute) * 60 + Number(second ?? 0)
  if (date === null || Number(hour) > 23 || Number(minute) > 59 || Number(second ?? 0) > 59) return null
  if (suffix !== '' && separator === '') return null
  return {
    localMicros:
      toDayNumber(date) * dayMicros + seconds * 1_000_000 + Number(fraction.padEnd(6, '0').slice(0, 6)),
    offsetMinutes: suffix === '' ? null : offsetOf(suffix),
    separator,
    hasTime: separator !== '',
    hasSeconds: second !== undefined,
    fractionDigits: fraction.length,
    suffix,
    text,
  }
}

function offsetOf(written: string): number {
  const suffix = written.trim()
  if (suffix === 'Z') return 0
  const sign = suffix.startsWith('-') ? -1 : 1
  return sign * (Number(suffix.slice(1, 3)) * 60 + Number(suffix.slice(3).replace(':', '') || 0))
}

function instantMicros({ localMicros, offsetMinutes }: ReadTime): number {
  return localMicros - (offsetMinutes ?? 0) * 60_000_000
}

function laterTime(before: string | null, after: string): string {
  const known = before === null ? null : parseTime(before)
  return known === null || instantMicros(parseTime(after)!) > instantMicros(known) ? after : before!
}

function notAfter(time: ReadTime, nowMs: number, zone: string): string {
  const offsetMs = time.offsetMinutes === null ? offsetMsAt(nowMs, zone) : time.offsetMinutes * 60_000
  const limit = (nowMs + offsetMs) * 1_000
  return time.localMicros > limit ? write(time, limit) : time.text
}

/** Another moment in the way of writing of a text; what does not fit is cut, so that it is rather too early. */
function write(form: ReadTime, localMicros: number): string {
  const day = Math.floor(localMicros / dayMicros)
  const micros = localMicros - day * dayMicros
  const date = fromDayNumber(day)
  if (!form.hasTime) return date
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  const clock = `${two(micros / 3_600_000_000)}:${two((micros / 60_000_000) % 60)}`
  const seconds = form.hasSeconds ? `:${two((micros / 1_000_000) % 60)}` : ''
  const digits = String(micros % 1_000_000).padStart(6, '0')
  const fraction = form.fractionDigits > 0 ? `.${digits.slice(0, form.fractionDigits)}` : ''
  return `${date}${form.separator}${clock}${seconds}${fraction}${form.suffix}`
}
