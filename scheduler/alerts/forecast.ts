/** What will leave on each of the next days: each alert dry-run at its planned times on the rows of today. */
import { SourceError } from '../../connectors/source.ts'
import { addDays } from '../calendar/local-date.ts'
import { localDateAt } from '../calendar/zoned.ts'
import { runsBetween } from '../cron/next-run.ts'
import { parseCron } from '../cron/parse.ts'
import type { AlertRecord } from '../store.ts'
import { dryRunAlert } from './dry-run.ts'
import type { EngineDependencies } from './engine.ts'
import type { Forecast, ForecastDay } from './report.ts'
import { AlertNotRunnable } from './setup.ts'
import { triggerKindOf } from './triggers/kinds.ts'

/** A forecast reads every source once per day: more days are asked for in vain. */
const mostDays = 60

export async function forecastAlerts(days: number, dependencies: EngineDependencies): Promise<Forecast> {
  const { store, clock } = dependencies
  const forecast: Forecast = { days: [], unforeseen: [] }
  for (const alert of await store.activeAlerts()) {
    const { trigger } = alert.definition
    if (triggerKindOf(trigger).hasBaseline) {
      unforeseen(forecast, alert, 'depends on rows that do not exist yet')
      continue
    }
    try {
      forecast.days.push(...(await forecastAlert(alert, clock.now(), Math.min(days, mostDays), dependencies)))
    } catch (error) {
      if (!(error instanceof SourceError || error instanceof AlertNotRunnable)) throw error
      unforeseen(forecast, alert, error.message)
    }
  }
  return forecast
}

function unforeseen(forecast: Forecast, { id, name }: AlertRecord, reason: string): void {
  forecast.unforeseen.push({ alertId: id, alertName: name, reason })
}

async function forecastAlert(
  alert: AlertRecord,
  now: Date,
  days: number,
  dependencies: EngineDependencies,
): Promise<ForecastDay[]> {
  const { cron: expression, zone } = alert.definition.schedule
  const cron = parseCron(expression)
  if (cron.kind === 'invalid') throw new AlertNotRunnable(`schedule: ${cron.field} must be ${cron.expected}`)
  const to = new Date(now.getTime() + days * 86_400_000)
  const found: ForecastDay[] = []
  let coveredUntil = alert.coveredUntil
  let lastDay = ''
  for (const at of runsBetween(cron, zone, { from: now, to, limit: 10_000 }).runs) {
    const day = localDateAt(at, zone)
    // Rows do not change in a forecast: the first run of a day finds all that the day has.
    if (day === lastDay) continue
    lastDay = day
    const dry = await dryRunAlert({ ...alert, coveredUntil }, dependencies, { now: at, sampleSize: 0 })
    if (dry.outcome === 'source-failed') throw new AlertNotRunnable(dry.detail)
    for (const { operatorId, messages, parts } of dry.operators) {
      found.push({ day, alertId: alert.id, alertName: alert.name, operatorId, messages, parts })
    }
    coveredUntil = day > addDays(localDateAt(now, zone), -1) ? day : coveredUntil
  }
  return found
}
