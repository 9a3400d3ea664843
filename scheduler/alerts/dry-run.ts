/** A dry run: the same pass on the real rows, whose sink only counts. */
import type { AlertRecord } from '../store.ts'
import type { EngineDependencies } from './engine.ts'
import type { DecidedItem } from './items.ts'
import { type PassSink, passOver } from './pass.ts'
import type { DryRunReport, PlannedMessage } from './report.ts'
import { prepareRun } from './setup.ts'

const defaultSampleSize = 20
/** What the page shows at most; the counts cover everything. */
const largestSample = 500

/** @throws SourceError when the source cannot be opened; AlertNotRunnable, TemplateError for the alert's own faults */
export async function dryRunAlert(
  alert: Pick<AlertRecord, 'id' | 'name' | 'definition' | 'coveredUntil' | 'hasBaseline'>,
  { store, clock, openSource, routeOf }: EngineDependencies,
  { sampleSize = defaultSampleSize, now = clock.now() }: { sampleSize?: number; now?: Date } = {},
): Promise<DryRunReport> {
  const setup = await prepareRun(alert, store, now)
  const limit = Math.min(sampleSize, largestSample)
  const report: Omit<DryRunReport, 'outcome' | 'detail' | 'counts'> = {
    kind: 'dry-run',
    operators: [],
    sample: [],
    issues: [],
    partsHistogram: {},
    longest: null,
    isOverCap: false,
  }
  const seen = new Set<string>()
  const sink: PassSink = {
    async take(decided) {
      const known = await store.known(
        alert.id,
        decided.map(({ item }) => item.ledger!),
      )
      return decided.map((entry, index) => {
        const { state } = entry.item.message
        const key = JSON.stringify(entry.item.ledger)
        if (known[index] === true || seen.has(key)) return { isNew: false, state }
        seen.add(key)
        const { operatorId, pricePerPartMilli } = routeOf(entry.candidate.recipient)
        const planned = plannedMessage(entry, operatorId)
        addTo(report, planned, pricePerPartMilli)
        if (report.sample.length < limit) report.sample.push(planned)
        return { isNew: true, state: planned.state }
      })
    },
    async issues(issues) {
      report.issues.push(...issues.slice(0, Math.max(limit - report.issues.length, 0)))
    },
  }
  const source = await openSource(alert.definition.sourceId)
  try {
    const { outcome, detail, counts } = await passOver({ setup, source, store, runId: null, sink })
    const { runCap } = alert.definition
    return {
      ...report,
      outcome,
      detail,
      counts,
      isOverCap: runCap > 0 && counts.enqueued + counts.held > runCap,
    }
  } finally {
    await source.close()
  }
}

function plannedMessage({ candidate, item }: DecidedItem, operatorId: number | null): PlannedMessage {
  const { message } = item
  const isUnroutable = operatorId === null && message.state !== 'blocked'
  // `run-open` is a step of the run itself: nobody waits for it.
  const isRunOpen = message.state === 'held' && message.reason === 'run-open'
  return {
    rowNumber: candidate.rowNumber,
    entityKey: candidate.entityKey,
    occurrenceKey: candidate.occurrenceKey,
    recipient: candidate.recipient,
    text: message.text,
    encoding: message.encoding,
    parts: message.parts,
    category: message.category,
    state: isUnroutable ? 'blocked' : isRunOpen ? 'queued' : message.state,
    reason: isUnroutable ? 'no-route' : isRunOpen ? '' : message.reason,
    dueAtMs: message.dueAtMs,
    operatorId,
  }
}

function addTo(
  report: Pick<DryRunReport, 'operators' | 'partsHistogram' | 'longest'>,
  planned: PlannedMessage,
  pricePerPartMilli: number,
): void {
  if (planned.state === 'blocked' || planned.text === '') return
  report.partsHistogram[planned.parts] = (report.partsHistogram[planned.parts] ?? 0) + 1
  if (planned.parts > (report.longest?.parts ?? 0)) report.longest = planned
  let sum = report.operators.find(operator => operator.operatorId === planned.operatorId)
  if (sum === undefined) {
    sum = { operatorId: planned.operatorId, messages: 0, parts: 0, costMilli: 0 }
    report.operators.push(sum)
  }
  sum.messages += 1
  sum.parts += planned.parts
  sum.costMilli += planned.parts * pricePerPartMilli
}
