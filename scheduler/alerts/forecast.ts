/** What will leave on each of the next days: each alert dry-run at its planned times on the rows of today. */
import { SourceError } from '../../connectors/source.ts'
import { localDateAt } from '../calendar/zoned.ts'
import { runsBetween } from '../cron/next-run.ts'
import type { AlertRecord } from '../store.ts'
import { dryRunAlert } from './dry-run.ts'
import type { EngineDependencies } from './engine.ts'
import { newRehearsal } from './rehearsal.ts'
import type { Forecast, ForecastDay, PlannedMessage } from './report.ts'
import { readSchedule } from './schedule.ts'
import { AlertNotRunnable, readDefinition } from './setup.ts'
import { triggerKindOf } from './triggers/kinds.ts'

/** A forecast reads every source once per day: more days are asked for in vain. */
const mostDays = 60
/** Planned times looked at: sixty days of every ten minutes. Only the first of a day is played. */
const mostRuns = 10_000

export async function forecastAlerts(days: number, dependencies: EngineDependencies): Promise<Forecast> {
  const { store, clock } = dependencies
  const forecast: Forecast = { days: [], unforeseen: [] }
  const caps = new Set<string>()
  const request = { now: clock.now(), days: Math.min(days, mostDays), caps }
  for (const alert of await store.activeAlerts()) {
    try {
      forecast.days.push(...(await forecastAlert(alert, request, dependencies)))
    } catch (error) {
      if (!(error instanceof SourceError || error instanceof AlertNotRunnable)) throw error
      forecast.unforeseen.push({ alertId: alert.id, alertName: alert.name, reason: error.message })
    }
  }
  return forecast
}

async function forecastAlert(
  alert: AlertRecord,
  { now, days, caps }: { now: Date; days: number; caps: Set<string> },
  dependencies: EngineDependencies,
): Promise<ForecastDay[]> {
  const { trigger, schedule } = readDefinition(alert.definition)
  if (triggerKindOf(trigger).hasBaseline) throw new AlertNotRunnable('depends on rows that do not exist yet')
  const read = readSchedule(schedule)
  if (read.kind === 'invalid') throw new AlertNotRunnable(read.problem)
  const { cron, zone } = read
  const period = { from: now, to: new Date(now.getTime() + days * 86_400_000), limit: mostRuns }
  const rehearsal = newRehearsal(caps)
  const found = new Map<string, ForecastDay>()
  const onPlanned = (planned: PlannedMessage): void => {
    if (planned.state === 'blocked' || planned.text === '') return
    // A run at night is sent in the morning: what counts is the day on which it leaves.
    addTo(found, alert, { ...planned, day: localDateAt(new Date(planned.dueAtMs), zone) })
  }
  let { coveredUntil } = alert
  let lastDay = ''
  for (const at of runsBetween(cron, zone, period).runs) {
    const day = localDateAt(at, zone)
    // Rows do not change in a forecast: the first run of a day finds all that the day has.
    if (day === lastDay) continue
    lastDay = day
    const options = { now: at, sampleSize: 0, rehearsal, onPlanned }
    const dry = await dryRunAlert({ ...alert, coveredUntil }, dependencies, options)
    // Half of the rows would give a number that looks like an answer.
    const isWhole = !['source-failed', 'row-cap-reached'].includes(dry.outcome)
    if (!isWhole) throw new AlertNotRunnable(dry.detail)
    coveredUntil = day
  }
  return [...found.values()].sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : 0))
}

function addTo(
  found: Map<string, ForecastDay>,
  { id: alertId, name: alertName }: AlertRecord,
  { day, operatorId, category, parts }: PlannedMessage & { day: string },
): void {
  const key = `${day}|${operatorId}`
  const sum = found.get(key) ?? { day, alertId, alertName, category, operatorId, messages: 0, parts: 0 }
  sum.messages += 1
  sum.parts += parts
  found.set(key, sum)
}
