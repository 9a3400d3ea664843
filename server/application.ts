/**
 * The parts of the product put together over one store, before anything listens or binds: what `rappel start`
 * serves and what the commands work with.
 */
import type { Clock } from '../connectors/clock.ts'
import { type OperatorProtocol, operatorKinds } from '../connectors/operators/kinds.ts'
import type { Source } from '../connectors/source.ts'
import type { OwnFiles } from '../connectors/sources/own-files.ts'
import { createAlertEngine } from '../scheduler/alerts/create-engine.ts'
import type { AlertEngine } from '../scheduler/alerts/engine.ts'
import type { RunReport } from '../scheduler/alerts/report.ts'
import type { SentJournal } from './backup/journal.ts'
import { journaledStore } from './backup/journaled-store.ts'
import { RappelError } from './errors.ts'
import { type Alarms, createAlarms } from './gateway/alarms.ts'
import { readContracts } from './gateway/contracts/read-contracts.ts'
import { createDiagnosis, type Diagnose } from './gateway/diagnosis/diagnose.ts'
import { createGateway, type Gateway } from './gateway/gateway.ts'
import type { InboundSettings } from './gateway/inbound/worker.ts'
import type { OperatorSettings } from './gateway/operator-runtime.ts'
import { unknownGraceMs } from './gateway/outbox/in-hand.ts'
import { networksInForce } from './gateway/routing/networks.ts'
import { createNumberOverrides } from './gateway/routing/overrides.ts'
import type { Logger } from './log.ts'
import { ownFilesOf } from './own-files.ts'
import { openPassword, openPrivateKey } from './sealed-passwords.ts'
import type { SecretBox } from './secrets.ts'
import { createSourceDesk } from './source-desk.ts'
import { openStore } from './store/client.ts'
import type { DatabaseConfig } from './store/database.ts'
import type { Store } from './store/operations.ts'
import type { OperatorRecord } from './store/operators.ts'
import { schedulerStore } from './store/scheduler-store.ts'
import { openWriteBack } from './write-back/open-write-back.ts'
import { createWriteBacks, type WriteBacks } from './write-back/write-backs.ts'

/** Rows handed from thread to thread at once: some 20 ms. */
const overridesPerPage = 20_000

export interface Application {
  store: Store
  /** What sources and write-backs may not name. */
  ownFiles: OwnFiles
  gateway: Gateway
  alerts: AlertEngine
  alarms: Alarms
  secrets: SecretBox
  /** @throws RappelError `not-found`; SourceError */
  openSource(sourceId: number): Promise<Source>
  /** A source as it would be, not saved. @throws RappelError `invalid-request`; ZodError */
  openSourceDraft(kind: string, config: unknown): Source
  /** Forgets what was remembered of a source between reads: it was changed or is gone. */
  forgetSource(sourceId: number): void
  /** Writes the end of messages into customers' systems; `start` makes it look by itself. */
  writeBacks: WriteBacks
  /** Walks the check-list of an operator's support. */
  diagnose: Diagnose
  /** Takes over what changed about one operator: started, stopped, restarted or gone. */
  reloadOperator(operatorId: number): Promise<void>
  /** Gives the gateway the rules and prefix tables of the store. */
  reloadRoutes(): Promise<void>
  /** Gives the gateway tranches, sender rules, retry policies and days off of the store. */
  reloadContracts(): Promise<void>
  /** Gives the gateway the numbers of the store that have a way of their own. */
  reloadOverrides(): Promise<void>
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
  /** How incoming messages are read; absent: nobody looks at them, as beside a running server. */
  inbound?: InboundSettings
  /** Files of the product, which no source may name; absent: a SQLite store's own. */
  ownFiles?: OwnFiles
  /** Where protocol traces of operators are written; absent: none can be made. */
  traceDirectory?: string
  /** How long what a crash left open waits for a receipt before policy decides; as for a lost answer when absent. */
  recoveryGraceMs?: number
  /** The store is lost: the process must end and be started again. */
  onFailure(error: Error): void
}

export async function openApplication(options: ApplicationOptions): Promise<Application> {
  const { database, secrets, clock, log, journal, onFailure, recoveryGraceMs = unknownGraceMs } = options
  const ownFiles = options.ownFiles ?? ownFilesOf(database)
  const { store, close: closeStore } = await openStore(database, { onFailure })
  const alarms = createAlarms(store, clock, log)
  const gateway = createGateway({
    store: journal === undefined ? store : journaledStore(store, journal, clock),
    clock,
    log,
    alarms,
    ...(options.inbound && { inbound: options.inbound }),
    ...(options.traceDirectory !== undefined && { traceDirectory: options.traceDirectory }),
  })
  const prices = new Map<number, number>()

  const { openSource, openSourceDraft, forgetSource } = createSourceDesk({ store, secrets, clock, ownFiles })

  const alerts = createAlertEngine({
    store: schedulerStore(store, gateway.accept),
    clock,
    openSource,
    routeOf(message) {
      const operatorId = gateway.operatorFor(message)
      return { operatorId, pricePerPartMilli: operatorId === null ? 0 : (prices.get(operatorId) ?? 0) }
    },
    termsOf: gateway.termsOf,
    onRunFinished: (alert, report) => reportRun(alarms, alert.name, report),
    log: (event, fields) => log.info({ event, ...fields }),
  })

  const writeBacks = createWriteBacks({
    store,
    clock,
    log,
    alarms,
    openWriteBack: sourceId => openWriteBack(sourceId, { store, secrets, clock, ownFiles }),
  })

  /** @throws PasswordNotReadable */
  function settingsOf(record: OperatorRecord): OperatorSettings {
    const password = openPassword(secrets, 'operator', { id: record.operatorId, ...record })
    return {
      operatorId: record.operatorId,
      name: record.name,
      protocol: record.protocol as OperatorProtocol,
      config: { ...openPrivateKey(secrets, record), ...(password !== undefined && { password }) },
      sender: record.sender,
    }
  }

  const startOne = (record: OperatorRecord): Promise<void> => gateway.startOperator(settingsOf(record))

  const diagnose = createDiagnosis({
    store,
    gateway,
    clock,
    async settingsOf(operatorId) {
      const record = await store.operators.find(operatorId)
      if (record === null) throw new RappelError('not-found', { noun: 'operators', id: operatorId })
      return settingsOf(record)
    },
  })

  async function reloadOperator(operatorId: number): Promise<void> {
    const record = await store.operators.find(operatorId)
    if (record !== null) prices.set(operatorId, record.pricePerPartMilli)
    await reloadContracts()
    if (
      record === null ||
      !record.isStarted ||
      operatorKinds[record.protocol as OperatorProtocol] === undefined
    ) {
      await gateway.stopOperator(operatorId)
      if (record === null) await gateway.forgetOperator(operatorId)
      return
    }
    await startOne(record)
  }

  async function reloadRoutes(): Promise<void> {
    const [table, changed] = await Promise.all([store.routes.list(), store.networks.list()])
    gateway.setRoutes(table, networksInForce(changed))
  }

  async function reloadContracts(): Promise<void> {
    gateway.setContracts(await readContracts(store))
  }

  async function reloadOverrides(): Promise<void> {
    const fresh = createNumberOverrides()
    let after = ''
    for (;;) {
      const page = await store.numberOverrides.list({ after, limit: overridesPerPage })
      for (const override of page) fresh.put(override)
      if (page.length < overridesPerPage) break
      after = page.at(-1)!.number
    }
    gateway.setOverrides(fresh)
  }

  for (const record of await store.operators.list()) prices.set(record.operatorId, record.pricePerPartMilli)
  await reloadRoutes()
  await reloadContracts()
  await reloadOverrides()

  return {
    store,
    ownFiles,
    gateway,
    alerts,
    alarms,
    secrets,
    writeBacks,
    openSource,
    openSourceDraft,
    forgetSource,
    diagnose,
    reloadOperator,
    reloadRoutes,
    reloadContracts,
    reloadOverrides,
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
      await writeBacks.stop()
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
