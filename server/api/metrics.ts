/** Figures for Prometheus: the process, the requests, the messages, the binds. */
import type { Request, Response } from 'express'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { RappelError } from '../errors.ts'
import { messageStates } from '../gateway/message-state.ts'
import type { ApiDependencies } from './dependencies.ts'
import { createOperatorMetrics } from './operator-metrics.ts'

export interface Metrics {
  readonly contentType: string
  /** Asks the store, then writes everything in the text format. */
  text(): Promise<string>
  count(request: Request, response: Response, durationMs: number): void
}

const hourMs = 3_600_000

export function createMetrics(dependencies: ApiDependencies): Metrics {
  const { store, alarms: raised, clock, settings } = dependencies
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  new Gauge({ name: 'rappel_info', help: 'Version of the product', labelNames: ['version'], registers }).set(
    { version: settings.version },
    1,
  )
  const requests = new Counter({
    name: 'rappel_api_requests_total',
    help: 'Requests answered, by endpoint and status',
    labelNames: ['method', 'path', 'status'],
    registers,
  })
  const durations = new Histogram({
    name: 'rappel_api_request_seconds',
    help: 'Time from the head of a request to the end of its answer',
    labelNames: ['method', 'path'],
    buckets: [0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 2, 10, 60],
    registers,
  })
  const gauge = <Label extends string>(name: string, help: string, labelNames: Label[]): Gauge<Label> =>
    new Gauge({ name, help, labelNames, registers })
  const entered = gauge('rappel_messages_entered', 'Messages that entered a state in the last 24 hours', [
    'state',
  ])
  const waiting = gauge('rappel_messages_waiting', 'Messages that wait, by operator (0: none)', [
    'operator',
    'state',
  ])
  const oldest = gauge('rappel_queue_age_seconds', 'How long the oldest due message waits', ['operator'])
  const links = createOperatorMetrics(registry, dependencies)
  const alarms = gauge('rappel_alarms_open', 'Open alarms', ['kind'])
  const storeUp = gauge(
    'rappel_store_up',
    '1 when the store answered; without it, its figures are absent',
    [],
  )
  const unmatched = gauge('rappel_receipts_unmatched', 'Receipts whose message is not known yet', [])

  async function askStore(): Promise<void> {
    const nowMs = clock.nowMs()
    const [totals, backlog, open, unmatchedReceipts] = await Promise.all([
      store.statistics.totals({ fromMs: nowMs - 24 * hourMs, toMs: nowMs + hourMs }),
      store.statistics.backlog(nowMs),
      store.alarms.open(),
      store.receipts.countUnmatched(),
    ])
    for (const state of messageStates)
      entered.set({ state }, totals.find(each => each.state === state)?.messages ?? 0)
    for (const each of [waiting, oldest, alarms]) each.reset()
    for (const { operatorId, queued, held, unknown, oldestDueAtMs } of backlog) {
      const operator = String(operatorId)
      waiting.set({ operator, state: 'queued' }, queued)
      waiting.set({ operator, state: 'held' }, held)
      waiting.set({ operator, state: 'unknown' }, unknown)
      oldest.set({ operator }, oldestDueAtMs === null ? 0 : Math.max(0, nowMs - oldestDueAtMs) / 1_000)
    }
    for (const { kind } of open) alarms.inc({ kind })
    unmatched.set(unmatchedReceipts)
    await links.askStore()
  }

  return {
    contentType: registry.contentType,
    async text() {
      try {
        await askStore()
        storeUp.set(1)
      } catch (error) {
        // A monitoring system must learn that the store is away, not that nobody answers.
        if (!(error instanceof RappelError && error.code === 'store-unavailable')) throw error
        for (const each of [entered, waiting, oldest, alarms, unmatched]) each.reset()
        links.forget()
        storeUp.set(0)
      }
      for (const kind of raised.unstored()) alarms.inc({ kind })
      links.collect()
      return registry.metrics()
    },
    count(request, response, durationMs) {
      const { method } = request
      // The declared path, never the one asked for: a scanner must not make a series of each guess.
      const path: string = response.locals.path ?? 'other'
      requests.inc({ method, path, status: response.statusCode })
      durations.observe({ method, path }, durationMs / 1_000)
    },
  }
}
