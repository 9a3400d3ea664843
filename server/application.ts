/**
 * The parts of the product put together over one store, before anything listens or binds: what `rappel start`
 * serves and what the commands work with.
 */
import type { Clock } from '../connectors/clock.ts'
import { type OperatorProtocol, operatorKinds } from '../connectors/operators/kinds.ts'
import { type Source, SourceError } from '../connectors/source.ts'
import { sourceKinds } from '../connectors/sources/kinds.ts'
import { createAlertEngine } from '../scheduler/alerts/create-engine.ts'
import type { AlertEngine } from '../scheduler/alerts/engine.ts'
import type { RunReport } from '../scheduler/alerts/report.ts'
import type { SentJournal } from './backup/journal.ts'
import { journaledStore } from './backup/journaled-store.ts'
import { RappelError } from './errors.ts'
import { type Alarms, createAlarms } from './gateway/alarms.ts'
import { createGateway, type Gateway } from './gateway/gateway.ts'
import { unknownGraceMs } from './gateway/outbox/in-hand.ts'
import type { Logger } from './log.ts'
import { openPassword, openPrivateKey, PasswordNotReadable } from './sealed-passwords.ts'
import type { SecretBox } from './secrets.ts'
import { openStore } from './store/client.ts'
import type { DatabaseConfig } from './store/database.ts'
import type { Store } from './store/operations.ts'
import type { OperatorRecord } from './store/operators.ts'
import { schedulerStore } from './store/scheduler-store.ts'
import type { SourceRecord } from './store/sources.ts'

export interface Application {
  store: Store
  gateway: Gateway
  alerts: AlertEngine
  alarms: Alarms
  secrets: SecretBox
  /** @throws RappelError `not-found`; SourceError */
  openSource(sourceId: number): Promise<Source>
  /** A source as it would be, not saved. @throws RappelError `invalid-request`; ZodError */
  openSourceDraft(kind: string, config: unknown): Source
  /** Takes over what changed about one operator: started, stopped, restarted or gone. */
  reloadOperator(operatorId: number): Promise<void>
  reloadRoutes(): Promise<void>
  /** Settles what a crash left open, then binds every started operator. */
  startOperators(): Promise<{ recovered: number }>
  /** Ends runs, drains binds, closes the store; in this order. */
  close(drainMs?: number): Promise<void>
}

export interface ApplicationOptions {
  database: DatabaseConfig
  secrets: SecretBox
  clock: Clock
  log: Logger
  /** Trace of what left, outside the database; a restore reads it. Absent: none is kept. */
  journal?: SentJournal
  /** How long what a crash left open waits for a receipt before policy decides; as for a lost answer when absent. */
  recoveryGraceMs?: number
  /** The store is lost: the process must end and be started again. */
  onFailure(error: Error): void
}

export async function openApplication(options: ApplicationOptions): Promise<Application> {
  const { database, secrets, clock, log, journal, onFailure, recoveryGraceMs = unknownGraceMs } = options
  const { store, close: closeStore } = await openStore(database, { onFailure })
  const alarms = createAlarms(store, clock, log)
  const gateway = createGateway({
    store: journal === undefined ? store : journaledStore(store, journal, clock),
    clock,
    log,
    alarms,
  })
  const prices = new Map<number, number>()

  const openSourceDraft = (kind: string, config: unknown): Source => {
    const known = sourceKinds[kind as keyof typeof sourceKinds]
    if (known === undefined) {
      throw new RappelError('invalid-request', {
        path: 'kind',
        received: kind,
        expected: Object.keys(sourceKinds),
      })
    }
    return known.open(config, { clock })
  }

  /** For the engine a lost key file is a source that fails, as any other: the run says so and the others go on. */
  function passwordOf(record: SourceRecord): string | undefined {
    try {
      return openPassword(secrets, 'source', { id: record.sourceId, ...record })
    } catch (error) {
      if (!(error instanceof PasswordNotReadable)) throw error
      throw new SourceError('source-login-refused', error.message, { sourceId: record.sourceId }, error)
    }
  }

  async function openSource(sourceId: number): Promise<Source> {
    const record = await store.sources.find(sourceId)
    if (record === null) {
      throw new SourceError('source-unreachable', `source ${sourceId} does not exist any more`, { sourceId })
    }
    const password = passwordOf(record)
    return openSourceDraft(record.kind, { ...record.config, ...(password !== undefined && { password }) })
  }

  const alerts = createAlertEngine({
    store: schedulerStore(store, gateway.accept),
    clock,
    openSource,
    routeOf(recipient) {
      const operatorId = gateway.operatorFor(recipient)
      return { operatorId, pricePerPartMilli: operatorId === null ? 0 : (prices.get(operatorId) ?? 0) }
    },
    onRunFinished: (alert, report) => reportRun(alarms, alert.name, report),
    log: (event, fields) => log.info({ event, ...fields }),
  })

  async function startOne(record: OperatorRecord): Promise<void> {
    const password = openPassword(secrets, 'operator', { id: record.operatorId, ...record })
    await gateway.startOperator({
      operatorId: record.operatorId,
      name: record.name,
      protocol: record.protocol as OperatorProtocol,
      config: { ...openPrivateKey(secrets, record), ...(password !== undefined && { password }) },
      sender: record.sender,
    })
  }

  async function reloadOperator(operatorId: number): Promise<void> {
    const record = await store.operators.find(operatorId)
    if (record !== null) prices.set(operatorId, record.pricePerPartMilli)
    if (
      record === null ||
      !record.isStarted ||
      operatorKinds[record.protocol as OperatorProtocol] === undefined
    ) {
      await gateway.stopOperator(operatorId)
      return
    }
    await startOne(record)
  }

  async function reloadRoutes(): Promise<void> {
    gateway.setRoutes(await store.routes.list())
  }

  for (const record of await store.operators.list()) prices.set(record.operatorId, record.pricePerPartMilli)
  await reloadRoutes()

  return {
    store,
    gateway,
    alerts,
    alarms,
    secrets,
    openSource,
    openSourceDraft,
    reloadOperator,
    reloadRoutes,
    async startOperators() {
      const nowMs = clock.nowMs()
      const recovered = await store.recovery.recoverSending(nowMs, nowMs + recoveryGraceMs)
      if (recovered > 0) log.warn({ event: 'recovery.unknown', messages: recovered })
      for (const record of await store.operators.list()) {
        if (!record.isStarted) continue
        try {
          await startOne(record)
        } catch (error) {
          // One operator with a lost password must not keep the others from binding.
          alarms.raise('bind-refused', record.name, error instanceof Error ? error.message : String(error))
        }
      }
      return { recovered }
    },
    async close(drainMs) {
      await alerts.stop()
      await gateway.stop(drainMs)
      await alarms.idle()
      await closeStore()
    },
  }
}

/** A run that waits for an approver is no failure, but somebody must come. */
function reportRun(alarms: Alarms, alertName: string, { outcome, detail }: RunReport): void {
  const isGood = outcome === 'done' || outcome === 'done-with-issues'
  const isWaiting = outcome === 'held-for-approval'
  if (isWaiting) alarms.raise('approval-wanted', alertName, detail)
  else if (isGood) alarms.clear('approval-wanted', alertName)
  if (isGood || isWaiting) alarms.clear('run-failed', alertName)
  else alarms.raise('run-failed', alertName, `${outcome}: ${detail}`)
}
