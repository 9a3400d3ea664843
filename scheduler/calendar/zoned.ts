/**
 * Instants and the wall clock of an IANA zone, both ways, with the product's daylight-saving rule:
 * a wall time that the clocks skip becomes the first instant after the gap; a wall time that comes twice is
 * the first of the two.
 *
 * Offsets come from Intl (ICU's copy of the tz database) and are cached by UTC day: one formatter call per
 * zone and day, so that 100,000 conversions stay well under a second.
 */
import type { LocalDate } from './local-date.ts'
import { fromDayNumber, toDayNumber } from './local-date.ts'

/** What a clock on the wall shows. */
export interface WallTime {
  date: LocalDate
  /** 0..86,399 as the clock shows it: 02:30:00 is 9,000 even on a day that lost an hour. */
  secondOfDay: number
}

const msPerDay = 86_400_000

/** Zones run from UTC-12 to UTC+14, and old local mean times stay within 16 hours. */
const widestOffsetMs = 16 * 3_600_000

/** Days kept per zone before the cache starts afresh: more than a century of forecasts never needs so many. */
const cachedDaysPerZone = 20_000

/** The offset through one UTC day; `changeAtMs` is when `before` gives way to `after`. */
interface DayOffsets {
  before: number
  after: number
  changeAtMs: number
}

interface ZoneCache {
  formatter: Intl.DateTimeFormat
  days: Map<number, DayOffsets>
}

const zones = new Map<string, ZoneCache>()

const zero = 0x30
const colon = 0x3a

/** Whether Intl knows the zone; offsets such as `+02:00` are refused because they carry no rules. */
export function isZone(zone: string): boolean {
  if (zones.has(zone)) return true
  if (!/^[A-Za-z][A-Za-z0-9_+\-/]{1,63}$/.test(zone)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

/**
 * How far the zone's wall clock is ahead of UTC at an instant.
 *
 * @returns milliseconds, negative west of Greenwich
 * @throws RangeError for a zone that `isZone` refuses
 */
export function offsetMsAt(instantMs: number, zone: string): number {
  const cache = zoneCache(zone)
  const day = Math.floor(instantMs / msPerDay)
  let offsets = cache.days.get(day)
  if (offsets === undefined) {
    offsets = readDay(cache, day)
    if (cache.days.size >= cachedDaysPerZone) cache.days.clear()
    cache.days.set(day, offsets)
  }
  return instantMs < offsets.changeAtMs ? offsets.before : offsets.after
}

/** What the zone's clocks show at an instant; fractions of a second are dropped. */
export function toWallTime(instant: Date, zone: string): WallTime {
  const localMs = instant.getTime() + offsetMsAt(instant.getTime(), zone)
  const day = Math.floor(localMs / msPerDay)
  return { date: fromDayNumber(day), secondOfDay: Math.floor((localMs - day * msPerDay) / 1000) }
}

/** The calendar day it is in a zone at an instant. */
export function localDateAt(instant: Date, zone: string): LocalDate {
  return fromDayNumber(Math.floor((instant.getTime() + offsetMsAt(instant.getTime(), zone)) / msPerDay))
}

/**
 * The instant at which the zone's clocks first show a wall time.
 *
 * @returns for a time inside a gap, the first instant after the gap; for a repeated time, the first of the two
 */
export function toInstant(wall: WallTime, zone: string): Date {
  const localMs = toDayNumber(wall.date) * msPerDay + wall.secondOfDay * 1000
  const before = offsetMsAt(localMs - widestOffsetMs, zone)
  const after = offsetMsAt(localMs + widestOffsetMs, zone)
  const early = localMs - before
  if (offsetMsAt(early, zone) === before) return new Date(early)
  const late = localMs - after
  if (offsetMsAt(late, zone) === after) return new Date(late)
  return new Date(findChange(late, early, ms => offsetMsAt(ms, zone)))
}

/** The first instant of a local day: 00:00, or later where the clocks jump over midnight. */
export function startOfDay(date: LocalDate, zone: string): Date {
  return toInstant({ date, secondOfDay: 0 }, zone)
}

/** `HH:MM` (00:00 to 24:00) as seconds since midnight, or null. */
export function parseTimeOfDay(text: string): number | null {
  // Asked several times per message: read without a match array.
  if (text.length !== 5 || text.charCodeAt(2) !== colon) return null
  const hours = twoDigits(text, 0)
  const minutes = twoDigits(text, 3)
  const seconds = hours * 3600 + minutes * 60
  return hours >= 0 && minutes >= 0 && minutes < 60 && seconds <= 86_400 ? seconds : null
}

/** -1 where other characters than digits stand. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - zero
  const ones = text.charCodeAt(at + 1) - zero
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1
}

function zoneCache(zone: string): ZoneCache {
  let cache = zones.get(zone)
  if (cache === undefined) {
    const formatter = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
    cache = { formatter, days: new Map() }
    zones.set(zone, cache)
  }
  return cache
}

function readDay(cache: ZoneCache, day: number): DayOffsets {
  const startMs = day * msPerDay
  const endMs = startMs + msPerDay
  const before = cache.days.get(day - 1)?.after ?? askIntl(cache.formatter, startMs)
  // No zone of the tz database changes twice within one UTC day, so equal ends mean a day without change.
  const after = askIntl(cache.formatter, endMs - 1)
  if (before === after) return { before, after, changeAtMs: startMs }
  return { before, after, changeAtMs: findChange(startMs, endMs - 1, ms => askIntl(cache.formatter, ms)) }
}

/** The first millisecond after `fromMs` with another offset than at `fromMs`, known to be at or before `toMs`. */
function findChange(fromMs: number, toMs: number, offsetAt: (ms: number) => number): number {
  const start = offsetAt(fromMs)
  let low = fromMs
  let high = toMs
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (offsetAt(middle) === start) low = middle
    else high = middle
  }
  return high
}

/** Reads `GMT`, `GMT+05:30` or, for local mean times, `GMT-00:16:08`. */
function askIntl(formatter: Intl.DateTimeFormat, instantMs: number): number {
  const text = formatter.formatToParts(instantMs).find(part => part.type === 'timeZoneName')?.value ?? ''
  const match = /^GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/.exec(text)
  if (match === null) throw new RangeError(`cannot read the zone offset "${text}"`)
  const seconds = Number(match[2] ?? 0) * 3600 + Number(match[3] ?? 0) * 60 + Number(match[4] ?? 0)
  return (match[1] === '-' ? -seconds : seconds) * 1000
}
