/** What an operator wants to be sent: the traffic of a month, and the traffic to expect. */
import type { z } from 'zod'
import { addDays } from '../../../scheduler/calendar/local-date.ts'
import { localDateAt, startOfDay } from '../../../scheduler/calendar/zoned.ts'
import type { TrafficTotal } from '../../store/statistics.ts'
import { traffic, trafficForecast, trafficForecastQuery, trafficQuery } from '../contract/traffic.ts'
import { idParams } from '../contract/values.ts'
import type { CsvCell } from '../csv.ts'
import { type Endpoint, endpoint } from '../endpoint.ts'
import { invalidRequest } from '../issues.ts'
import { findOperator } from './operators.ts'
import { iso } from './times.ts'

const noun = 'contracts'
const dayMs = 86_400_000
/** Weeks, so that every weekday counts equally. */
const observedDays = 28
const usualForecastDays = 30
/** A forecast reads every source once per day. */
const longestForecastDays = 60

type Traffic = z.input<typeof traffic>
type Figures = Traffic['total']
type Forecast = z.input<typeof trafficForecast>

export const trafficEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/operators/:id/traffic',
    noun,
    scope: 'statistics:read',
    summary: 'Count the traffic of a month over an operator, by category and alert',
    params: idParams,
    query: trafficQuery,
    status: 200,
    answer: traffic,
    errors: ['not-found'],
    csvRows: trafficRows,
    async handle({ params, query, change }, workshop) {
      const { store, settings } = workshop
      const { operatorId, name, currency } = await findOperator(params.id, workshop)
      const month = query.month ?? localDateAt(new Date(change.nowMs), settings.zone).slice(0, 7)
      const period = monthIn(month, settings.zone)
      const totals = await store.statistics.trafficOf(operatorId, period)
      const ids = [...new Set(totals.map(({ alertId }) => alertId))]
      const known = new Map((await store.alerts.known(ids)).map(alert => [alert.alertId, alert]))
      const alerts = ids.map(id => ({
        alertId: id === 0 ? null : id,
        alertName: known.get(id)?.name ?? null,
        category: known.get(id)?.category ?? null,
        ...figuresOf(totals.filter(({ alertId }) => alertId === id)),
      }))
      const categories = [...new Set(alerts.map(({ category }) => category))].map(category => {
        const members = new Set(
          alerts.filter(each => each.category === category).map(each => each.alertId ?? 0),
        )
        return { category, ...figuresOf(totals.filter(({ alertId }) => members.has(alertId))) }
      })
      return {
        operatorId,
        operatorName: name,
        currency,
        month,
        from: iso(period.fromMs),
        to: iso(period.toMs),
        total: figuresOf(totals),
        categories,
        alerts,
      }
    },
  }),
  endpoint({
    method: 'get',
    path: '/operators/:id/traffic-forecast',
    noun,
    scope: 'alerts:read',
    summary: 'Foresee the traffic of the next days over an operator; every source is read',
    params: idParams,
    query: trafficForecastQuery,
    status: 200,
    answer: trafficForecast,
    errors: ['not-found'],
    csvRows: forecastRows,
    async handle({ params, query, change }, workshop): Promise<Forecast> {
      const { store, alerts, settings } = workshop
      const { operatorId, name } = await findOperator(params.id, workshop)
      const span = spanOf(query, change.nowMs, settings.zone)
      const forecast = await alerts.forecast(span.days)
      const days = forecast.days
        .filter(entry => entry.operatorId === operatorId && entry.day >= span.from && entry.day <= span.to)
        .map(({ operatorId: _operator, ...entry }) => entry)
        .sort((a, b) => (a.day < b.day ? -1 : a.day > b.day ? 1 : a.alertId - b.alertId))
      const observed = await store.statistics.trafficOf(operatorId, {
        fromMs: change.nowMs - observedDays * dayMs,
        toMs: change.nowMs + 1,
      })
      const ofApplications = figuresOf(observed.filter(({ alertId }) => alertId === 0))
      return {
        operatorId,
        operatorName: name,
        from: span.from,
        to: span.to,
        total: {
          messages: days.reduce((sum, { messages }) => sum + messages, 0),
          parts: days.reduce((sum, { parts }) => sum + parts, 0),
        },
        days,
        applicationPartsPerDay: Math.round((ofApplications.sentParts / observedDays) * 10) / 10,
        unforeseen: forecast.unforeseen,
      }
    },
  }),
]

function figuresOf(totals: readonly TrafficTotal[]): Figures {
  const sum = (
    state: TrafficTotal['state'],
    field: 'messages' | 'parts' | 'costMilli' = 'messages',
  ): number => totals.reduce((total, entry) => (entry.state === state ? total + entry[field] : total), 0)
  return {
    sentMessages: sum('sent'),
    sentParts: sum('sent', 'parts'),
    delivered: sum('delivered'),
    undelivered: sum('undelivered'),
    expired: sum('expired'),
    refused: sum('refused'),
    unknown: sum('unknown'),
    costMilli: sum('sent', 'costMilli'),
  }
}

function monthIn(month: string, zone: string): { fromMs: number; toMs: number } {
  const next = addDays(`${month}-28`, 4).slice(0, 7)
  return {
    fromMs: startOfDay(`${month}-01`, zone).getTime(),
    toMs: startOfDay(`${next}-01`, zone).getTime(),
  }
}

function spanOf(
  { month, days = usualForecastDays }: z.output<typeof trafficForecastQuery>,
  nowMs: number,
  zone: string,
): { from: string; to: string; days: number } {
  const today = localDateAt(new Date(nowMs), zone)
  if (month === undefined) return { from: today, to: addDays(today, days), days }
  const lastMs = monthIn(month, zone).toMs - 1
  const ahead = Math.ceil((lastMs - nowMs) / dayMs)
  if (ahead < 1 || ahead > longestForecastDays) {
    const expected = `a month that ends within ${longestForecastDays} days`
    throw invalidRequest([{ path: 'query.month', expected, received: month }])
  }
  const first = `${month}-01`
  return { from: first > today ? first : today, to: localDateAt(new Date(lastMs), zone), days: ahead }
}

const figureNames = [
  'sentMessages',
  'sentParts',
  'delivered',
  'undelivered',
  'expired',
  'refused',
  'unknown',
  'costMilli',
] as const satisfies readonly (keyof Figures)[]

export function trafficRows(answer: Traffic): CsvCell[][] {
  const place = [answer.month, answer.operatorName]
  const cells = (figures: Figures): CsvCell[] => figureNames.map(name => figures[name])
  return [
    ['month', 'operator', 'category', 'alertId', 'alert', ...figureNames],
    ...answer.alerts.map(alert => [
      ...place,
      alert.category ?? 'applications',
      alert.alertId,
      alert.alertName,
      ...cells(alert),
    ]),
    [...place, 'total', null, null, ...cells(answer.total)],
  ]
}

export function forecastRows(answer: Forecast): CsvCell[][] {
  return [
    ['day', 'operator', 'category', 'alertId', 'alert', 'messages', 'parts'],
    ...answer.days.map(({ day, category, alertId, alertName, messages, parts }) => [
      day,
      answer.operatorName,
      category,
      alertId,
      alertName,
      messages,
      parts,
    ]),
    ['total', answer.operatorName, null, null, null, answer.total.messages, answer.total.parts],
  ]
}
