/**
 * SMPP time strings.
 *
 * @see SMPP v3.4 section 7.1.1 (absolute YYMMDDhhmmsstnnp) and 7.1.2 (relative YYMMDDhhmmss000R)
 */

/** SMSCs keep a message for some days; 63 is the longest validity GSM itself can express (TS 23.040, 9.2.3.12). */
const longestSeconds = 63 * 86_400

/** `000002030000000R` for two days and three hours; '' (the SMSC's default) for 0 or less. */
export function relativeTime(validitySeconds: number): string {
  if (!(validitySeconds > 0)) return ''
  const total = Math.ceil(Math.min(validitySeconds, longestSeconds))
  const days = Math.floor(total / 86_400)
  // Days above 30 are carried into months: many SMSCs check the day field against a calendar.
  const parts = [
    0,
    Math.floor(days / 30),
    days % 30,
    Math.floor(total / 3600) % 24,
    Math.floor(total / 60) % 60,
  ]
  return `${parts.map(two).join('')}${two(total % 60)}000R`
}

/** `270316220000000+`: the UTC instant `validitySeconds` after `nowMs`; '' for 0 or less. */
export function absoluteTime(validitySeconds: number, nowMs: number): string {
  if (!(validitySeconds > 0)) return ''
  const end = new Date(nowMs + Math.min(validitySeconds, longestSeconds) * 1000)
  const date = [end.getUTCFullYear() % 100, end.getUTCMonth() + 1, end.getUTCDate()]
  const time = [end.getUTCHours(), end.getUTCMinutes(), end.getUTCSeconds()]
  return `${[...date, ...time].map(two).join('')}000+`
}

/**
 * The instant of a `submit date` or `done date` of a receipt: 10 (YYMMDDhhmm), 12 (with seconds) or 14 digits
 * (YYYYMMDDhhmmss), in the SMSC's own zone.
 *
 * @returns epoch ms, null when it is no date
 */
export function receiptTime(digits: string, utcOffsetMinutes: number): number | null {
  if (!/^(\d{10}|\d{12}|\d{14})$/.test(digits)) return null
  const number = Number(digits) * (digits.length === 10 ? 100 : 1)
  const full = digits.length === 14 ? number : thisCentury + number
  const [month, day] = [pairAt(full, 1e8), pairAt(full, 1e6)]
  const [hour, minute, second] = [pairAt(full, 1e4), pairAt(full, 100), pairAt(full, 1)]
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return null
  return Date.UTC(Math.floor(full / 1e10), month - 1, day, hour, minute, second) - utcOffsetMinutes * 60_000
}

/** 2000 as YYYYMMDDhhmmss. */
const thisCentury = 20_000_000_000_000

/** The two digits of a number that stand before this power of ten. */
function pairAt(number: number, power: number): number {
  return Math.floor(number / power) % 100
}

const two = (value: number): string => String(value).padStart(2, '0')
