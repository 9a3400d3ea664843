/** Local date-times of files, which drivers hand over as a Date whose UTC fields are what the file holds. Pure. */

/**
 * As the file's own program shows it: without the time when it is midnight.
 *
 * @returns `YYYY-MM-DD`, `YYYY-MM-DD HH:MM:SS` or with milliseconds; null for a date outside the calendar
 */
export function plainInstant(instant: Date): string | null {
  const ms = instant.getTime()
  if (Number.isNaN(ms)) return null
  const dayNumber = Math.floor(ms / dayMs)
  const time = ms - dayNumber * dayMs
  const day = dayText(dayNumber)
  if (time === 0) return day
  const seconds = Math.floor(time / 1_000)
  const clock = `${two(Math.floor(seconds / 3_600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  const fraction = time % 1_000
  return fraction === 0 ? `${day} ${clock}` : `${day} ${clock}.${String(fraction).padStart(3, '0')}`
}

const dayMs = 86_400_000
/** A table holds the same days again and again, and a Date writes itself slowly. */
const daysKept = 10_000
const days = new Map<number, string>()

function dayText(number: number): string {
  const known = days.get(number)
  if (known !== undefined) return known
  const text = new Date(number * dayMs).toISOString().slice(0, -'T00:00:00.000Z'.length)
  if (days.size >= daysKept) days.clear()
  days.set(number, text)
  return text
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value)
}
