/** What the gateway looks after from time to time: due retries, unknown outcomes, validity, fallback, aged queues. */
import type { Cancel, Clock } from '../../connectors/clock.ts'
import type { Logger } from '../log.ts'
import type { Store } from '../store/operations.ts'
import type { Alarms } from './alarms.ts'
import type { OperatorRuntime } from './operator-runtime.ts'
import type { RoutableMessage } from './routing/routing.ts'

const tickMs = 1_000
const sweepMs = 30_000
/** A due message that waits this long means a contract too slow or a link that lies. */
const queueAgeAlarmMs = 900_000
/** Unanswered messages still there after so long were not settled by grace and policy: a person must decide. */
const unknownAlarmMs = 300_000
/** Operators give up within 48 h by default; a day more and no receipt will come. */
const receiptWaitMs = 72 * 3_600_000
/** Messages moved to the fallback per sweep and operator: one transaction. */
const rerouteLimit = 2_000
/** Pages looked at in one sweep: the rest waits for the next, so that a long queue does not hold the store. */
const reroutePages = 25

export interface SuperviseDependencies {
  store: Pick<Store, 'recovery' | 'outbox' | 'statistics'>
  clock: Clock
  log: Logger
  alarms: Alarms
  runtimes: ReadonlyMap<number, Pick<OperatorRuntime, 'settings' | 'tick'>>
  /** Whether the operator, started or not, has been down so long that others take its queue. */
  longDown(operatorId: number): boolean
  /** The best other operator for the message that is bound now. */
  boundFor(message: RoutableMessage, operatorId: number): number | null
  /** Remembers what second tries have taught. */
  concludeSecondTries(): Promise<void>
}

export interface Supervision {
  /** Resolves when the sweep under way is over. */
  stop(): Promise<void>
}

type Backlog = Awaited<ReturnType<Store['statistics']['backlog']>>

export function supervise(dependencies: SuperviseDependencies): Supervision {
  const { clock, log, runtimes } = dependencies
  /** Since when an operator has had unanswered messages without a break. */
  const unknownSinceMs = new Map<number, number>()
  let sweeping: Promise<void> | null = null
  const cancels: Cancel[] = [
    clock.every(tickMs, () => {
      for (const runtime of runtimes.values()) runtime.tick()
    }),
    clock.every(sweepMs, () => {
      sweeping ??= sweep(dependencies, unknownSinceMs)
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

async function sweep(
  dependencies: SuperviseDependencies,
  unknownSinceMs: Map<number, number>,
): Promise<void> {
  const { store, alarms, clock, log } = dependencies
  const nowMs = clock.nowMs()
  alarms.retry()
  const resent = await store.recovery.resendUnknown(nowMs)
  const expired = await store.recovery.expireWaiting(nowMs)
  const unreceipted = await store.recovery.expireWithoutReceipt(nowMs, nowMs - receiptWaitMs)
  if (resent + expired + unreceipted > 0) log.info({ event: 'sweep.done', resent, expired, unreceipted })
  await dependencies.concludeSecondTries()
  const backlog = await store.statistics.backlog(nowMs)
  await fallBack(dependencies, backlog, nowMs)
  watchQueues(dependencies, backlog, nowMs)
  watchUnknown(dependencies, { backlog, unknownSinceMs, nowMs })
}

/**
 * Queued messages of a bind long down go to the best operator that is bound. Those in `sending` are not touched:
 * they may have left.
 */
async function fallBack(
  { store, log, longDown, boundFor }: SuperviseDependencies,
  backlog: Backlog,
  nowMs: number,
): Promise<void> {
  for (const { operatorId, queued } of backlog) {
    if (queued === 0 || !longDown(operatorId)) continue
    let moved = 0
    let afterId = 0
    for (let page = 0; page < reroutePages; page += 1) {
      const waiting = await store.outbox.waiting({ operatorId, afterId, limit: rerouteLimit })
      const moves = waiting.flatMap(message => {
        const alternative = boundFor(message, operatorId)
        return alternative === null ? [] : [{ messageId: message.messageId, operatorId: alternative }]
      })
      if (moves.length > 0) moved += await store.outbox.reroute({ moves, nowMs, reason: 'bind-down' })
      afterId = waiting.at(-1)?.messageId ?? 0
      if (waiting.length < rerouteLimit) break
    }
    if (moved === 0) continue
    log.warn({ event: 'fallback.moved', operatorId, moved })
  }
}

function watchQueues({ alarms, runtimes }: SuperviseDependencies, backlog: Backlog, nowMs: number): void {
  for (const [operatorId, { settings }] of runtimes) {
    const oldest = backlog.find(entry => entry.operatorId === operatorId)?.oldestDueAtMs ?? null
    if (oldest !== null && nowMs - oldest > queueAgeAlarmMs) {
      const minutes = Math.round((nowMs - oldest) / 60_000)
      alarms.raise('queue-aged', settings.name, `the oldest due message waits since ${minutes} min`)
    } else {
      alarms.clear('queue-aged', settings.name)
    }
  }
}

function watchUnknown(
  { alarms, runtimes }: SuperviseDependencies,
  {
    backlog,
    unknownSinceMs,
    nowMs,
  }: { backlog: Backlog; unknownSinceMs: Map<number, number>; nowMs: number },
): void {
  for (const [operatorId, { settings }] of runtimes) {
    const unknown = backlog.find(entry => entry.operatorId === operatorId)?.unknown ?? 0
    if (unknown === 0) {
      unknownSinceMs.delete(operatorId)
      alarms.clear('unknown-held', settings.name)
      continue
    }
    const sinceMs = unknownSinceMs.get(operatorId) ?? nowMs
    unknownSinceMs.set(operatorId, sinceMs)
    if (nowMs - sinceMs >= unknownAlarmMs) {
      alarms.raise('unknown-held', settings.name, `${unknown} messages left without an answer`)
    }
  }
}
