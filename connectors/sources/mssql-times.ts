/**
 * SQL Server's dates and times from the bytes of the wire, as the text that the server itself would write: nothing
 * passes through an instant or a time zone. Pure.
 *
 * @see MS-TDS 2.2.5.5.1.8 (date and time values)
 */

const msPerDay = 86_400_000
/** Days from 0001-01-01 to 1970-01-01 and to 1900-01-01. */
const daysTo1970 = 719_162
const daysTo1900 = 693_595
/** 9999-12-31. */
const lastDay = 3_652_058

export function dateText(bytes: Buffer): string {
  return dayText(days(bytes))
}

function days(bytes: Buffer): number {
  return bytes.readUIntLE(0, 3)
}

/** @param day counted from 0001-01-01 */
function dayText(day: number): string {
  if (day < 0 || day > lastDay) throw malformed('a date')
  return new Date((day - daysTo1970) * msPerDay).toISOString().slice(0, 10)
}

export function smallDateTime(bytes: Buffer): string {
  return `${dayText(daysTo1900 + bytes.readUInt16LE(0))} ${clockText(bytes.readUInt16LE(2) * 60, 0)}`
}

/** Three-hundredths of a second, shown as the milliseconds .000, .003 and .007. */
export function dateTime(bytes: Buffer): string {
  const thirds = bytes.readInt32LE(4)
  const ms = Math.round((thirds * 10) / 3)
  return `${dayText(daysTo1900 + bytes.readInt32LE(0))} ${clockText(ms, 3)}`
}

export function dateTime2(bytes: Buffer, scale: number): string {
  const split = bytes.length - 3
  return `${dayText(days(bytes.subarray(split)))} ${timeText(bytes.subarray(0, split), scale)}`
}

/** Stored in UTC with the zone beside it; shown as the server does, in that zone. */
export function dateTimeOffset(bytes: Buffer, scale: number): string {
  const split = bytes.length - 5
  const zoneMinutes = bytes.readInt16LE(split + 3)
  if (Math.abs(zoneMinutes) > 840) throw malformed('a time zone')
  // A day has fewer than 2^53 units of any scale.
  const perSecond = 10 ** scale
  const units = unitsOf(bytes.subarray(0, split)) + zoneMinutes * 60 * perSecond
  const dayShift = units < 0 ? -1 : units >= 86_400 * perSecond ? 1 : 0
  const day = dayText(days(bytes.subarray(split)) + dayShift)
  const zone = Math.abs(zoneMinutes)
  const sign = zoneMinutes < 0 ? '-' : '+'
  const zoneText = `${sign}${twoDigits(Math.floor(zone / 60))}:${twoDigits(zone % 60)}`
  return `${day} ${clockText(units - dayShift * 86_400 * perSecond, scale)} ${zoneText}`
}

export function timeText(bytes: Buffer, scale: number): string {
  return clockText(unitsOf(bytes), scale)
}

function unitsOf(bytes: Buffer): number {
  if (bytes.length < 3 || bytes.length > 5) throw malformed('a time')
  return bytes.readUIntLE(0, bytes.length)
}

/** `HH:MM:SS`, with all digits of the scale when there is a fraction. */
function clockText(units: number, scale: number): string {
  const perSecond = 10 ** scale
  const seconds = Math.floor(units / perSecond)
  if (scale > 7 || units < 0 || seconds >= 86_400) throw malformed('a time')
  const fraction = units % perSecond
  const minutes = Math.floor(seconds / 60)
  const whole = `${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}:${twoDigits(seconds % 60)}`
  return fraction === 0 ? whole : `${whole}.${fraction.toString().padStart(scale, '0')}`
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : String(value)
}

/** Bytes that no value has. */
export function malformed(what: string): Error {
  return Object.assign(new Error(`the server sent ${what} that cannot be read`), { code: 'EMALFORMED' })
}
