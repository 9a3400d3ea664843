/**
 * UCP's times: the SMSC's local time, without zone and with two digits for the year.
 *
 * A local time between two offsets is met twice a year where clocks are changed: one that is there twice is taken as
 * the later of the two that is not in the future, one that never was as if the clock had not been put forward.
 */

export interface LocalTime {
  /** `DDMMYYHHmm` of an instant, as in VP and DDT. */
  minutes(atMs: number): string
  /** `DDMMYYhhmmss` of an instant, as in SCTS and DSCTS. */
  seconds(atMs: number): string
  /**
   * The instant of a time of either form; years from 90 on are of the last century.
   *
   * @param nowMs decides between the two instants of a doubled hour
   * @returns epoch ms, or null when it is no date
   */
  read(digits: string, nowMs: number): number | null
}

/** Offsets change at whole quarters of an hour. */
const quarterMs = 900_000
/** An SMSC's clock that is this far ahead of ours is not taken for one of another hour. */
const aheadMs = 600_000

/** Whether the runtime knows the zone, as `Europe/Paris`. */
export function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

/** @throws RangeError for an unknown zone */
export function createLocalTime(zone: string): LocalTime {
  const formatter = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
  let quarter = Number.NaN
  let quarterOffsetMs = 0

  /** Milliseconds east of UTC; the last answer is kept, for most questions are about the present. */
  const offsetMs = (atMs: number): number => {
    const asked = Math.floor(atMs / quarterMs)
    if (asked !== quarter) {
      quarter = asked
      quarterOffsetMs = readOffset(formatter, atMs)
    }
    return quarterOffsetMs
  }

  const digitsOf = (atMs: number): string => {
    const local = new Date(atMs + offsetMs(atMs))
    const date = [local.getUTCDate(), local.getUTCMonth() + 1, local.getUTCFullYear() % 100]
    const time = [local.getUTCHours(), local.getUTCMinutes(), local.getUTCSeconds()]
    return [...date, ...time].map(two).join('')
  }

  return {
    minutes: atMs => digitsOf(atMs).slice(0, 10),
    seconds: digitsOf,
    read(digits, nowMs) {
      const localMs = localInstant(digits)
      if (localMs === null) return null
      const early = localMs - offsetMs(localMs - 86_400_000)
      const late = localMs - offsetMs(localMs + 86_400_000)
      const matching = [early, late].filter(atMs => atMs + offsetMs(atMs) === localMs)
      const past = matching.filter(atMs => atMs <= nowMs + aheadMs)
      if (past.length > 0) return Math.max(...past)
      return matching.length > 0 ? Math.min(...matching) : early
    },
  }
}

/** The time as if it were UTC's. */
function localInstant(digits: string): number | null {
  if (!/^(\d{10}|\d{12})$/.test(digits)) return null
  const field = (index: number): number => Number(digits.slice(index * 2, index * 2 + 2) || 0)
  const [day, month, year, hour, minute, second] = [
    field(0),
    field(1),
    field(2),
    field(3),
    field(4),
    field(5),
  ]
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59) return null
  const fullYear = year >= 90 ? 1900 + year : 2000 + year
  const atMs = Date.UTC(fullYear, month - 1, day, hour, minute, second)
  return new Date(atMs).getUTCDate() === day ? atMs : null
}

/** `GMT+02:00` or `GMT`. */
function readOffset(formatter: Intl.DateTimeFormat, atMs: number): number {
  const name = formatter.formatToParts(atMs).find(part => part.type === 'timeZoneName')?.value ?? ''
  const match = /([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(name)
  if (match === null) return 0
  const [, sign, hours, minutes, seconds = '0'] = match
  const totalMs = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000
  return sign === '-' ? -totalMs : totalMs
}

const two = (value: number): string => String(value).padStart(2, '0')
