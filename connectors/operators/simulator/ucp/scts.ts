/** The operator's local time as UCP writes it, `DDMMYYhhmmss`: one second is the finest that a message id can tell. */

export function sctsOf(atMs: number, zoneMinutes: number): string {
  const [year, month, day, ...time] = new Date(atMs + zoneMinutes * 60_000).toISOString().split(/\D/)
  return `${day}${month}${year!.slice(2)}${time.slice(0, 3).join('')}`
}
