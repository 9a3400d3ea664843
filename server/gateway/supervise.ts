/** What the gateway looks after from time to time: due retries, unknown outcomes, validity, fallback, aged queues. */
import type { Cancel, Clock } from '../../connectors/clock.ts'
import type { Logger } from '../log.ts'
import type { Store } from '../store/operations.ts'
import type { Alarms } from './alarms.ts'
import type { OperatorRuntime } from './operator-runtime.ts'

const tickMs = 1_000
const sweepMs = 30_000
/** A due message that waits this long means a contract too slow or a link that lies. */
const queueAgeAlarmMs = 900_000
/** Operators give up within 48 h by default; a day more and no receipt will come. */
const receiptWaitMs = 72 * 3_600_000
/** Messages moved to the fallback per sweep and operator: one transaction. */
const rerouteLimit = 2_000

export interface SuperviseDependencies {
  store: Store
  clock: Clock
  log: Logger
  alarms: Alarms
  runtimes: ReadonlyMap<number, OperatorRuntime>
  alternativeFor(recipient: string, notOperatorId: number): number | null
  fallbackAfterMs: number
}

export interface Supervision {
  /** Resolves when the sweep under way is over. */
  stop(): Promise<void>
}

export function supervise(dependencies: SuperviseDependencies): Supervision {
  const { clock, log, runtimes } = dependencies
  let sweeping: Promise<void> | null = null
  const cancels: Cancel[] = [
    clock.every(tickMs, () => {
      for (const runtime of runtimes.values()) runtime.tick()
    }),
    clock.every(sweepMs, () => {
      sweeping ??= sweep(dependencies)
        .catch(error => log.error({ event: 'sweep.failed', error: String(error) }))
        .finally(() => {
          sweeping = null
        })
    }),
  ]
  return {
    async stop() {
      for (const cancel of cancels) cancel()
      await sweeping
    },
  }
}

async function sweep(dependencies: SuperviseDependencies): Promise<void> {
  const { store, clock, log } = dependencies
  const nowMs = clock.nowMs()
  const resent = await store.recovery.resendUnknown(nowMs)
  const expired = await store.recovery.expireWaiting(nowMs)
  const unreceipted = await store.recovery.expireWithoutReceipt(nowMs, nowMs - receiptWaitMs)
  if (resent + expired + unreceipted > 0) log.info({ event: 'sweep.done', resent, expired, unreceipted })
  await fallBack(dependencies, nowMs)
  await watchQueues(dependencies, nowMs)
}

/** Queued messages of a bind long down go to the next operator that has a route. */
async function fallBack(
  { store, log, runtimes, alternativeFor, fallbackAfterMs }: SuperviseDependencies,
  nowMs: number,
): Promise<void> {
  for (const [operatorId, runtime] of runtimes) {
    const downSinceMs = runtime.downSinceMs()
    if (downSinceMs === null || nowMs - downSinceMs < fallbackAfterMs) continue
    const waiting = await store.outbox.waiting({ operatorId, limit: rerouteLimit })
    const moves = waiting.flatMap(({ messageId, recipient }) => {
      const alternative = alternativeFor(recipient, operatorId)
      return alternative === null ? [] : [{ messageId, operatorId: alternative }]
    })
    if (moves.length === 0) continue
    const moved = await store.outbox.reroute({ moves, nowMs, reason: 'bind-down' })
    log.warn({ event: 'fallback.moved', operatorId, moved })
  }
}

async function watchQueues({ store, alarms, runtimes }: SuperviseDependencies, nowMs: number): Promise<void> {
  const backlog = await store.statistics.backlog(nowMs)
  for (const [operatorId, { settings }] of runtimes) {
    const oldest = backlog.find(entry => entry.operatorId === operatorId)?.oldestDueAtMs ?? null
    if (oldest !== null && nowMs - oldest > queueAgeAlarmMs) {
      alarms.raise(
        'queue-aged',
        settings.name,
        `the oldest due message waits since ${Math.round((nowMs - oldest) / 60_000)} min`,
      )
    } else {
      alarms.clear('queue-aged', settings.name)
    }
  }
}
