/** Calendar days as text `YYYY-MM-DD`, without zone or hour, and the ways old files spell them. */

export type Day = string

const dayMs = 86_400_000
/** Day zero of Excel's serial numbers once its false 29 February 1900 is counted. */
const excelEpochMs = Date.UTC(1899, 11, 30)

/** @throws RangeError when `text` is not an existing day written `YYYY-MM-DD` */
export function assertDay(text: string, name: string): void {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text) && isExisting(text)
  if (!isDay)
    throw new RangeError(`${name}: expected an existing day as YYYY-MM-DD, got ${JSON.stringify(text)}`)
}

export function addDays(day: Day, days: number): Day {
  return toDay(Date.parse(day) + days * dayMs)
}

/** The same day of another month, or that month's last day when it is shorter. */
export function addMonths(day: Day, months: number): Day {
  const date = new Date(day)
  const monthIndex = date.getUTCMonth() + months
  const lastOfMonth = new Date(Date.UTC(date.getUTCFullYear(), monthIndex + 1, 0)).getUTCDate()
  return toDay(Date.UTC(date.getUTCFullYear(), monthIndex, Math.min(date.getUTCDate(), lastOfMonth)))
}

/** Whole days from one day to a later one; negative when `to` is earlier. */
export function daysBetween(from: Day, to: Day): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / dayMs)
}

/** `dd/mm/yyyy`. */
export function asFrench(day: Day): string {
  return `${day.slice(8)}/${day.slice(5, 7)}/${day.slice(0, 4)}`
}

/** `yyyymmdd`. */
export function asCompact(day: Day): string {
  return day.replaceAll('-', '')
}

/** Days since 1899-12-30, as a spreadsheet saved as CSV writes a date cell that lost its format. */
export function asExcelSerial(day: Day): string {
  return String((Date.parse(day) - excelEpochMs) / dayMs)
}

function toDay(epochMs: number): Day {
  return new Date(epochMs).toISOString().slice(0, 10)
}

function isExisting(text: string): boolean {
  const epochMs = Date.parse(text)
  return !Number.isNaN(epochMs) && toDay(epochMs) === text
}
