/**
 * Writes the end of messages into the customers' own systems: what is due is taken from the store, one worker per
 * source, each message by one UPDATE, retried for three days.
 *
 * At least once: a process that dies between the customer's commit and ours writes it again, so the statement should
 * mean the same the second time.
 */
import type { Cancel, Clock } from '../../connectors/clock.ts'
import { SourceError, type SourceWriter } from '../../connectors/source.ts'
import type { Alarms } from '../gateway/alarms.ts'
import type { Logger } from '../log.ts'
import type { Store } from '../store/operations.ts'
import type { DueWriteBack, WriteBackResult } from '../store/write-backs.ts'
import { writeBackParams } from './parameters.ts'
import { nextTryAtMs, restMs } from './retry-times.ts'

/** A source's way back, open. */
export interface OpenWriteBack {
  name: string
  statement: string
  writer: SourceWriter
}

export interface WriteBackDependencies {
  store: Pick<Store, 'writeBacks'>
  clock: Clock
  log: Logger
  alarms: Pick<Alarms, 'raise' | 'clear'>
  /** null when the source, or its write-back, is gone. @throws SourceError, PasswordNotReadable */
  openWriteBack(sourceId: number): Promise<OpenWriteBack | null>
}

export interface WriteBacks {
  /** Looks for what is due now; resolves when everything found is written or put off. */
  run(): Promise<void>
  /** Calls `run` every few seconds. */
  start(): void
  /** Breaks off and waits; what was not tried is due again at once. */
  stop(): Promise<void>
}

const beatMs = 5_000
/** One transaction of the store; some seconds of updates over a local network. */
const batchSize = 200
/** Longer than a batch whose every update takes half a second. */
const leaseMs = 600_000
/** Failures of the source rather than of one row: the rest of the batch would only meet them again. */
const sourceFailures: ReadonlySet<string> = new Set([
  'source-unreachable',
  'source-login-refused',
  'source-timeout',
])

export function createWriteBacks(dependencies: WriteBackDependencies): WriteBacks {
  const { store, clock, log, alarms, openWriteBack } = dependencies
  const stopping = new AbortController()
  /** One worker per source, so that a slow one keeps no other waiting. */
  const workers = new Map<number, Promise<void>>()
  const resting = new Map<number, { untilMs: number; failures: number }>()
  /** Sources whose write-back could not be opened when it was last tried. */
  const unopened = new Set<number>()
  let cancelBeat: Cancel | null = null
  let underWay: Promise<void> | null = null

  function look(): Promise<void> {
    underWay ??= lookOnce().finally(() => {
      underWay = null
    })
    return underWay
  }

  async function lookOnce(): Promise<void> {
    for (;;) {
      if (stopping.signal.aborted) return
      const nowMs = clock.nowMs()
      const atRest = [...resting].filter(([, { untilMs }]) => untilMs > nowMs).map(([sourceId]) => sourceId)
      const due = await store.writeBacks.claim({
        nowMs,
        leaseUntilMs: nowMs + leaseMs,
        exceptSources: [...workers.keys(), ...atRest],
        limit: batchSize,
      })
      for (const [sourceId, ofSource] of Map.groupBy(due, item => item.sourceId)) {
        const worker = work(sourceId, ofSource).catch(failed)
        workers.set(sourceId, worker)
        worker.then(() => {
          workers.delete(sourceId)
          // More of the same source may have been left behind.
          look().catch(failed)
        })
      }
      if (due.length < batchSize) return
    }
  }

  function failed(error: unknown): void {
    log.error({ event: 'write-back.error', error: String(error) })
  }

  async function idle(): Promise<void> {
    while (underWay !== null || workers.size > 0) await Promise.allSettled([underWay, ...workers.values()])
  }

  async function work(sourceId: number, due: readonly DueWriteBack[]): Promise<void> {
    const batch = await writeBatch(sourceId, due)
    await store.writeBacks.settle(batch.results, clock.nowMs())
    await report(sourceId, batch)
  }

  async function writeBatch(sourceId: number, due: readonly DueWriteBack[]): Promise<Batch> {
    const results: WriteBackResult[] = []
    const batch: Batch = { name: `source ${sourceId}`, results, sourceFailure: '', lastError: '' }
    const opened = await openWriteBack(sourceId).catch((error: unknown) => error)
    if (opened === null) {
      const lastError = 'the write-back is switched off'
      for (const item of due) results.push({ ...placeOf(item), kind: 'failed', error: lastError })
      return { ...batch, lastError }
    }
    if (!isOpen(opened)) {
      unopened.add(sourceId)
      for (const item of due) results.push(afterFailure(item, messageOf(opened), clock.nowMs()))
      return { ...batch, sourceFailure: messageOf(opened), lastError: messageOf(opened) }
    }
    // While it could not even be opened, its alarm stood under its number.
    if (unopened.delete(sourceId)) alarms.clear('write-back-failed', batch.name)
    batch.name = opened.name
    try {
      for (const item of due) {
        const isOver = batch.sourceFailure !== '' || stopping.signal.aborted
        results.push(isOver ? { ...placeOf(item), kind: 'released' } : await writeOne(item, opened, batch))
      }
    } finally {
      await opened.writer
        .close()
        .catch(error => log.warn({ event: 'write-back.close-failed', error: String(error) }))
    }
    return batch
  }

  async function writeOne(
    item: DueWriteBack,
    { statement, writer }: OpenWriteBack,
    batch: Batch,
  ): Promise<WriteBackResult> {
    const made = writeBackParams(item)
    if (made.kind === 'key-changed') {
      batch.lastError = 'the key columns of the alert have changed since the message was made'
      return { ...placeOf(item), kind: 'failed', error: batch.lastError }
    }
    try {
      const rowsChanged = await writer.update({ sql: statement, params: made.params }, stopping.signal)
      return { ...placeOf(item), kind: 'written', rowsChanged }
    } catch (error) {
      if (stopping.signal.aborted) return { ...placeOf(item), kind: 'released' }
      batch.lastError = messageOf(error)
      if (error instanceof SourceError && sourceFailures.has(error.code))
        batch.sourceFailure = batch.lastError
      // The statement itself is at fault, which no time mends: a person corrects it and retries.
      if (error instanceof SourceError && error.code === 'source-query-refused')
        return { ...placeOf(item), kind: 'failed', error: batch.lastError }
      return afterFailure(item, batch.lastError, clock.nowMs())
    }
  }

  /** Tells the log and whoever watches; a source that failed as a whole rests. */
  async function report(sourceId: number, { name, results, sourceFailure, lastError }: Batch): Promise<void> {
    const of = (kind: WriteBackResult['kind']): number =>
      results.filter(result => result.kind === kind).length
    const [written, retried, failed] = [of('written'), of('retry'), of('failed')]
    log.info({ event: 'write-back.batch', sourceId, written, retried, failed, released: of('released') })
    if (sourceFailure === '') resting.delete(sourceId)
    else {
      const failures = (resting.get(sourceId)?.failures ?? 0) + 1
      resting.set(sourceId, { untilMs: clock.nowMs() + restMs(failures), failures })
    }
    if (lastError !== '') {
      const given = failed > 0 ? `${failed} given up; ` : ''
      alarms.raise('write-back-failed', name, `${given}${retried} to be tried again: ${lastError}`)
      return
    }
    if (written > 0 && (await store.writeBacks.count(sourceId)).retrying === 0) {
      alarms.clear('write-back-failed', name)
    }
  }

  return {
    async run() {
      await look()
      await idle()
    },
    start() {
      cancelBeat ??= clock.every(beatMs, () => void look().catch(failed))
    },
    async stop() {
      cancelBeat?.()
      stopping.abort(new Error('the server is stopping'))
      await idle()
    },
  }
}

interface Batch {
  name: string
  results: WriteBackResult[]
  /** Why the source as a whole could not be written to; empty when it could. */
  sourceFailure: string
  lastError: string
}

function isOpen(opened: unknown): opened is OpenWriteBack {
  return typeof opened === 'object' && opened !== null && 'writer' in opened
}

function placeOf({ messageId, revision }: DueWriteBack): { messageId: number; revision: number } {
  return { messageId, revision }
}

function afterFailure(item: DueWriteBack, error: string, nowMs: number): WriteBackResult {
  const dueAtMs = nextTryAtMs(item.attempts, item.queuedAtMs, nowMs)
  return dueAtMs === null
    ? { ...placeOf(item), kind: 'failed', error }
    : { ...placeOf(item), kind: 'retry', dueAtMs, error }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
