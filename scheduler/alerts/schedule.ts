/** When an alert runs, as its definition writes it, or why that cannot be read. */
import { validate } from 'node-cron'
import { isZone } from '../calendar/zoned.ts'
import { nextRun } from '../cron/next-run.ts'
import { type Cron, parseCron } from '../cron/parse.ts'

export type ReadSchedule =
  | { kind: 'schedule'; cron: Cron; zone: string }
  | { kind: 'invalid'; field: 'cron' | 'zone'; problem: string }

/** Whether a schedule ever runs does not depend on the year from which one looks. */
const anyInstant = new Date('2026-01-01T00:00:00Z')

/** @returns `problem` in one readable sentence */
export function readSchedule({ cron: text, zone }: { cron: string; zone: string }): ReadSchedule {
  if (!isZone(zone)) {
    const problem = `${JSON.stringify(zone)} is not a time zone; expected an IANA name such as Africa/Ouagadougou`
    return { kind: 'invalid', field: 'zone', problem }
  }
  const cron = parseCron(text)
  if (cron.kind === 'invalid') {
    const problem = `${JSON.stringify(text)} cannot be read: ${cron.field} must be ${cron.expected}`
    return { kind: 'invalid', field: 'cron', problem }
  }
  if (nextRun(cron, zone, anyInstant) === null) {
    const problem = `${JSON.stringify(text)} never runs; expected days that exist`
    return { kind: 'invalid', field: 'cron', problem }
  }
  // What node-cron would not read must not run here under the same letters.
  if (!validate(text.trim())) {
    const problem = `${JSON.stringify(text)} cannot be read; expected an expression as node-cron has them`
    return { kind: 'invalid', field: 'cron', problem }
  }
  return { kind: 'schedule', cron, zone }
}
