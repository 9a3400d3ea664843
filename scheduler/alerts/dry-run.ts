/** A dry run: the same pass on the real rows, whose sink only counts. */
import type { KeyStanding, NewMessage, SchedulerStore } from '../store.ts'
import type { EngineDependencies } from './engine.ts'
import type { DecidedItem } from './items.ts'
import { type PassSink, passOver, type TakenItem } from './pass.ts'
import { keyOf, newRehearsal, type Rehearsal, rehearsedStore } from './rehearsal.ts'
import type { DryRunReport, PlannedMessage } from './report.ts'
import { prepareRun, type SetupAlert } from './setup.ts'
import { conclude, newTally } from './tally.ts'

const defaultSampleSize = 20
/** What the page shows at most; the counts cover everything. */
const largestSample = 500

export interface DryRunOptions {
  sampleSize?: number
  now?: Date
  /** What earlier dry runs of a forecast would have written; this one adds to it. */
  rehearsal?: Rehearsal
  /** Hears of every message, whatever the sample size. */
  onPlanned?: (planned: PlannedMessage) => void
}

type DryRunTotals = Omit<DryRunReport, 'outcome' | 'detail' | 'counts' | 'isOverCap'>

/** @throws SourceError when the source cannot be opened; AlertNotRunnable for the alert's own faults */
export async function dryRunAlert(
  alert: SetupAlert,
  { store, clock, openSource, routeOf, termsOf, log }: EngineDependencies,
  options: DryRunOptions = {},
): Promise<DryRunReport> {
  const { sampleSize = defaultSampleSize, now = clock.now(), rehearsal = newRehearsal(), onPlanned } = options
  const setup = await prepareRun(alert, store, { now })
  const { definition } = setup
  const totals: DryRunTotals = {
    kind: 'dry-run',
    operators: [],
    sample: [],
    issues: [],
    partsHistogram: {},
    longest: null,
  }
  const limit = Math.min(sampleSize, largestSample)
  const hear = (planned: PlannedMessage, pricePerPartMilli: number): void => {
    addTo(totals, planned, pricePerPartMilli)
    if (totals.sample.length < limit) totals.sample.push(planned)
    onPlanned?.(planned)
  }
  const sink = countingSink({ store, alertId: alert.id, rehearsal, routeOf, hear, totals, limit })
  const source = await openSource(definition.sourceId)
  try {
    const tally = newTally()
    const rehearsed = rehearsedStore(store, rehearsal)
    const ending = await passOver({
      setup,
      source,
      store: rehearsed,
      runId: null,
      ...(termsOf && { termsOf }),
      sink,
      tally,
    })
    const { outcome, detail, counts, hold } = conclude(ending, tally, {
      runCap: definition.runCap,
      waiting: tally.runOpen,
    })
    return { ...totals, outcome, detail, counts, isOverCap: hold === 'approval' }
  } finally {
    await source.close().catch(error => log('alert.source.close-failed', { error: String(error) }))
  }
}

interface CountingSinkOptions {
  store: Pick<SchedulerStore, 'known'>
  alertId: number
  rehearsal: Rehearsal
  routeOf: EngineDependencies['routeOf']
  hear: (planned: PlannedMessage, pricePerPartMilli: number) => void
  totals: Pick<DryRunTotals, 'issues'>
  limit: number
}

/** Decides what the store would decide (ledger, caps, routes) and writes nothing but the rehearsal. */
function countingSink(options: CountingSinkOptions): PassSink {
  const { store, alertId, rehearsal, routeOf, hear, totals, limit } = options
  const { ledger, memories, caps } = rehearsal
  const take = (entry: DecidedItem, isKnown: boolean): TakenItem => {
    const { message, ledger: key } = entry.item
    const text = keyOf(key!)
    if (isKnown || ledger.has(text)) return { isNew: false, state: message.state, reason: message.reason }
    ledger.add(text)
    const { operatorId, pricePerPartMilli } = routeOf(message)
    const taken = settled(message, operatorId, caps)
    hear(plannedMessage(entry, taken, operatorId), pricePerPartMilli)
    return taken
  }
  return {
    async take(decided, entries) {
      const known = await store.known(
        alertId,
        decided.map(({ item }) => item.ledger!),
      )
      const taken = decided.map((entry, index) => take(entry, isWritten(entry, known[index]!)))
      for (const { entityKey, memory } of entries) memories.set(entityKey, memory)
      return taken
    },
    async issues(issues) {
      totals.issues.push(...issues.slice(0, Math.max(limit - totals.issues.length, 0)))
    },
  }
}

/** A message that waits is written again by a run that knows more, and only by that. */
function isWritten({ item }: DecidedItem, standing: KeyStanding): boolean {
  if (standing !== 'waiting') return standing === 'written'
  return item.message.reason === 'missing-value' || item.message.reason === 'feast-unconfirmed'
}

/** In the store's order: the person's cap is taken before the route is asked for. */
function settled(
  { state, reason, recipient, capKey }: NewMessage,
  operatorId: number | null,
  caps: Set<string>,
): TakenItem {
  if (state === 'blocked') return { isNew: true, state, reason }
  if (capKey !== null) {
    const cap = `${recipient}|${capKey}`
    if (caps.has(cap)) return { isNew: true, state: 'blocked', reason: 'frequency-cap' }
    caps.add(cap)
  }
  if (operatorId === null) return { isNew: true, state: 'blocked', reason: 'no-route' }
  return { isNew: true, state, reason }
}

function plannedMessage(
  { candidate, item: { message }, terms }: DecidedItem,
  { state, reason }: TakenItem,
  operatorId: number | null,
): PlannedMessage {
  // `run-open` is a step of the run itself: nobody waits for it.
  const isRunOpen = state === 'held' && reason === 'run-open'
  return {
    rowNumber: candidate.rowNumber,
    entityKey: candidate.entityKey,
    occurrenceKey: candidate.occurrenceKey,
    recipient: candidate.recipient,
    sender: terms.kind === 'allowed' ? terms.sender : message.sender,
    isSenderReplaced: terms.kind === 'allowed' && terms.isReplaced,
    text: message.text,
    encoding: message.encoding,
    parts: message.parts,
    category: message.category,
    state: isRunOpen ? 'queued' : state,
    reason: isRunOpen ? '' : (reason as PlannedMessage['reason']),
    dueAtMs: message.dueAtMs,
    operatorId,
  }
}

function addTo(totals: DryRunTotals, planned: PlannedMessage, pricePerPartMilli: number): void {
  if (planned.state === 'blocked' || planned.text === '') return
  totals.partsHistogram[planned.parts] = (totals.partsHistogram[planned.parts] ?? 0) + 1
  if (planned.parts > (totals.longest?.parts ?? 0)) totals.longest = planned
  let sum = totals.operators.find(operator => operator.operatorId === planned.operatorId)
  if (sum === undefined) {
    sum = { operatorId: planned.operatorId, messages: 0, parts: 0, costMilli: 0 }
    totals.operators.push(sum)
  }
  sum.messages += 1
  sum.parts += planned.parts
  sum.costMilli += planned.parts * pricePerPartMilli
}
