/** Statistics and backlog: from counters and partial indexes, never from the history. */
import type { z } from 'zod'
import { addDays } from '../../../scheduler/calendar/local-date.ts'
import { localDateAt, startOfDay } from '../../../scheduler/calendar/zoned.ts'
import type { Grouping } from '../../store/statistics.ts'
import { backlog, statistics, statisticsQuery } from '../contract/statistics.ts'
import { type Endpoint, endpoint } from '../endpoint.ts'
import { invalidRequest } from '../issues.ts'
import { iso, isoOrNull } from './times.ts'

const noun = 'statistics'
const dayMs = 86_400_000
const usualPeriodMs = 7 * dayMs
/** Hours of a month and days of six years: what a chart can still show. */
const longestPeriodMs = {
  hour: 31 * dayMs,
  day: 6 * 366 * dayMs,
  operator: 6 * 366 * dayMs,
  alert: 6 * 366 * dayMs,
}

export const statisticsEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/statistics',
    noun,
    scope: 'statistics:read',
    summary: 'Show how many messages entered each state, by hour, day, operator or alert',
    query: statisticsQuery,
    status: 200,
    answer: statistics,
    async handle({ query, change }, { store, settings }) {
      const by = query.by ?? 'day'
      const period = periodOf(query, change.nowMs)
      const most = longestPeriodMs[by]
      if (period.toMs <= period.fromMs || period.toMs - period.fromMs > most) {
        const expected = `a period after its start of at most ${most / dayMs} days`
        throw invalidRequest([{ path: 'query.to', expected, received: 'another period' }])
      }
      const [totals, groups] = await Promise.all([
        store.statistics.totals(period),
        store.statistics.totalsBy(period, groupingOf(by, period, settings.zone)),
      ])
      const isTime = by === 'hour' || by === 'day'
      return {
        from: iso(period.fromMs),
        to: iso(period.toMs),
        totals,
        groups: groups.map(entry => ({ ...entry, group: isTime ? iso(entry.group) : entry.group })),
      }
    },
  }),
  endpoint({
    method: 'get',
    path: '/backlog',
    noun,
    scope: 'statistics:read',
    summary: 'Show what waits, by operator',
    status: 200,
    answer: backlog,
    async handle({ change }, { store }) {
      const entries = await store.statistics.backlog(change.nowMs)
      return {
        operators: entries.map(({ operatorId, oldestDueAtMs, ...counts }) => ({
          operatorId: operatorId === 0 ? null : operatorId,
          ...counts,
          oldestDueAt: isoOrNull(oldestDueAtMs),
        })),
      }
    },
  }),
]

function periodOf(
  { from, to }: z.output<typeof statisticsQuery>,
  nowMs: number,
): { fromMs: number; toMs: number } {
  const toMs = to === undefined ? nowMs : Date.parse(to)
  return { fromMs: from === undefined ? toMs - usualPeriodMs : Date.parse(from), toMs }
}

function groupingOf(
  by: 'hour' | 'day' | 'operator' | 'alert',
  { fromMs, toMs }: { fromMs: number; toMs: number },
  zone: string,
): Grouping {
  if (by !== 'day') return { by }
  const dayStartsMs: number[] = []
  let date = localDateAt(new Date(fromMs), zone)
  for (;;) {
    const startMs = startOfDay(date, zone).getTime()
    if (startMs >= toMs) return { by, dayStartsMs }
    dayStartsMs.push(startMs)
    date = addDays(date, 1)
  }
}
