/** Plays one day: the first look, what happened at the insurer, then every alert; and waits for the last receipt. */
import type { Clock } from '../../connectors/clock.ts'
import type { AlertEngine } from '../../scheduler/alerts/engine.ts'
import type { RunReport } from '../../scheduler/alerts/report.ts'
import { triggerKindOf } from '../../scheduler/alerts/triggers/kinds.ts'
import type { AlertRecord } from '../../scheduler/store.ts'
import { finalStates } from '../gateway/message-state.ts'
import type { Books } from './books.ts'
import { type EvolveOutcome, evolveInsurerDatabase } from './insurer/evolve.ts'
import { openMessages } from './reconcile.ts'

export interface PlayedAlert {
  alert: AlertRecord
  report: RunReport
}

export interface PlayOptions {
  engine: Pick<AlertEngine, 'run'>
  clock: Clock
  alerts: readonly AlertRecord[]
  insurerFile: string
  day: string
  seed: number
  signal: AbortSignal
  /** Told before the alerts run. `remembered`: rows of the first look, 0 when there was none. */
  onDay(remembered: number, evolved: EvolveOutcome): void
}

/** A run of the scheduler may be going on. */
const busyRetryMs = 100

/**
 * Alerts that announce what is new or changed look once at what is there already, in silence, before the day's
 * events are written into the insurer's database.
 *
 * @throws the signal's reason when it is aborted
 */
export async function playDay(options: PlayOptions): Promise<PlayedAlert[]> {
  const { alerts, insurerFile, day, seed, signal, onDay } = options
  let remembered = 0
  for (const alert of alerts) {
    if (alert.hasBaseline || !triggerKindOf(alert.definition.trigger).hasBaseline) continue
    remembered += (await runAlert(alert, options)).counts.baseline
  }
  signal.throwIfAborted()
  onDay(remembered, evolveInsurerDatabase(insurerFile, { day, seed }))
  const played: PlayedAlert[] = []
  for (const alert of alerts) played.push({ alert, report: await runAlert(alert, options) })
  return played
}

async function runAlert(alert: AlertRecord, { engine, clock, signal }: PlayOptions): Promise<RunReport> {
  for (;;) {
    signal.throwIfAborted()
    const answer = await engine.run(alert.id, { cause: 'manual', plannedAtMs: clock.nowMs() })
    if (answer.kind === 'finished') return answer
    if (answer.kind === 'no-such-alert') throw new Error(`alert ${alert.name} does not exist any more`)
    await clock.sleep(busyRetryMs, signal)
  }
}

const lookMs = 200
/** Receipts take 0.8 s, a lost answer is given up after 8 s, a lost bind comes back within seconds. */
const patienceMs = 60_000
/** What is left without an answer may still be cleared up by a late receipt; policy alone never ends it here. */
const unknownPatienceMs = 3_000

/**
 * Waits until every message of this start is final, or nothing has changed for long.
 *
 * @returns the seconds without a change when it gave up, null when all are final
 * @throws the signal's reason when it is aborted
 */
export async function awaitFinalStates(
  books: Pick<Books, 'messages'>,
  clock: Clock,
  signal: AbortSignal,
): Promise<number | null> {
  let lastLook = ''
  let changedAtMs = clock.nowMs()
  for (;;) {
    const messages = books.messages()
    const open = openMessages(messages)
    if (open.length === 0) return null
    const look = JSON.stringify([open, messages.filter(row => finalStates.includes(row.state))])
    if (look !== lastLook) changedAtMs = clock.nowMs()
    lastLook = look
    const isOnlyUnknown = open.every(({ state }) => state === 'unknown')
    const waitedMs = clock.nowMs() - changedAtMs
    if (waitedMs >= (isOnlyUnknown ? unknownPatienceMs : patienceMs)) return Math.round(waitedMs / 1000)
    await clock.sleep(lookMs, signal)
  }
}
