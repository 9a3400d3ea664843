/** The engine on a real store and a real customer's file; only the clock and the operator's answer are ours. */
import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Knex } from 'knex'
import { type Source, SourceError, type SourceRow } from '../../connectors/source.ts'
import { sourceKinds } from '../../connectors/sources/kinds.ts'
import { type AlertDefinition, alertDefinitionSchema } from '../../scheduler/alerts/alert.ts'
import { createAlertEngine } from '../../scheduler/alerts/create-engine.ts'
import type { AlertEngine, EngineDependencies } from '../../scheduler/alerts/engine.ts'
import type { RunReport } from '../../scheduler/alerts/report.ts'
import type { SchedulerStore } from '../../scheduler/store.ts'
import { createAccept } from '../../server/gateway/accept.ts'
import { openDatabase } from '../../server/store/database.ts'
import type { MessageRecord } from '../../server/store/messages.ts'
import { migrate } from '../../server/store/migrations/list.ts'
import { bindOperations, type Store } from '../../server/store/operations.ts'
import { schedulerStore } from '../../server/store/scheduler-store.ts'
import { type FakeClock, fakeClock } from '../support/fake-clock.ts'
import { type Teardown, tempDir } from '../support/temp-dir.ts'

export interface Contract {
  police: string
  telephone?: string | null
  echeance?: string | null
  nom?: string | null
  etat?: string | null
}

/** What goes wrong at the next reads, after some rows; emptied by the test. */
export interface Fault {
  afterRows: number
  error: Error
  /** Called as it happens. */
  onRaised?: () => void
}

export interface EngineRoom {
  clock: FakeClock
  knex: Knex
  store: Store
  scheduler: SchedulerStore
  engine: AlertEngine
  /** Reports that `onRunFinished` was given, in order. */
  reports: RunReport[]
  events: { event: string; fields: Readonly<Record<string, unknown>> }[]
  /** Set to fail reads. */
  faults: { next: Fault | null }
  templateId: number
  /** Adds contracts or replaces those of the same policy. */
  write(contracts: readonly Contract[]): void
  remove(police: string): void
  alert(definition?: Record<string, unknown>, isActive?: boolean): Promise<number>
  /** A new engine on the same store, as after a crash or a restart. */
  restart(): AlertEngine
  run(alertId: number): Promise<RunReport>
  messages(alertId: number): Promise<MessageRecord[]>
  close(): Promise<void>
}

export const zone = 'Africa/Ouagadougou'
export const dayMs = 86_400_000
const operatorId = 1
/** Numbers under this prefix have no route. */
export const unroutable = '22678'

const customerSql = `create table contrats
  (police text primary key, telephone text, echeance text, nom text, etat text)`

/** A phone of contract n, in the form of a customer's file. */
export function phoneOf(n: number): string {
  return `70 00 ${String(Math.floor(n / 100)).padStart(2, '0')} ${String(n % 100).padStart(2, '0')}`
}

export async function engineRoom(
  t: Teardown,
  options: {
    start?: string
    template?: string
    file?: string
    config?: Record<string, unknown>
    change?: (store: SchedulerStore) => SchedulerStore
    termsOf?: EngineDependencies['termsOf']
  } = {},
): Promise<EngineRoom> {
  const { start = '2027-01-04T09:00:00Z', template = 'Police {{police}} fin le {{date echeance}}.' } = options
  const directory = tempDir(t)
  const clock = fakeClock(start)
  const knex = openDatabase({ kind: 'sqlite', file: join(directory, 'rappel.db') })
  await migrate(knex)
  const store = bindOperations(knex)
  const file = options.file ?? join(directory, 'client.db')
  const customer = new Database(file)
  if (options.file === undefined) customer.exec(customerSql)
  const change = { actor: 'test', nowMs: clock.nowMs() }
  const config = { path: file, ...options.config }
  const { sourceId } = await store.sources.create(
    { name: 'client', kind: 'sqlite', config, sealedPassword: null },
    change,
  )
  const { templateId } = await store.templates.create({ name: 'T', language: 'fr', source: template }, change)
  const routeFor = ({ recipient }: { recipient: string }): number | null =>
    recipient.startsWith(unroutable) ? null : operatorId
  const accept = createAccept({
    store,
    clock,
    operatorFor: routeFor,
    unknownPolicyOf: () => 'hold' as const,
    isStopping: () => false,
    onQueued() {},
  })
  const plain = schedulerStore(store, accept)
  const scheduler = options.change?.(plain) ?? plain
  const reports: RunReport[] = []
  const events: EngineRoom['events'] = []
  const faults: EngineRoom['faults'] = { next: null }
  const open = (): AlertEngine =>
    createAlertEngine({
      store: scheduler,
      clock,
      openSource: async () => faulty(sourceKinds.sqlite.open(config, { clock }), faults),
      routeOf: message => ({ operatorId: routeFor(message), pricePerPartMilli: 12_000 }),
      ...(options.termsOf && { termsOf: options.termsOf }),
      onRunFinished: (_, report) => reports.push(report),
      log: (event, fields) => events.push({ event, fields }),
    })
  let names = 0
  const put = customer.prepare.bind(customer)
  const room: EngineRoom = {
    clock,
    knex,
    store,
    scheduler,
    engine: open(),
    reports,
    events,
    faults,
    templateId,
    write(contracts) {
      const insert = put('insert or replace into contrats values (?, ?, ?, ?, ?)')
      customer.transaction(() => {
        for (const {
          police,
          telephone = '70 00 00 01',
          echeance = null,
          nom = 'NOM',
          etat = null,
        } of contracts)
          insert.run(police, telephone, echeance, nom, etat)
      })()
    },
    remove(police) {
      put('delete from contrats where police = ?').run(police)
    },
    async alert(definition = {}, isActive = true) {
      names += 1
      const name = `alert ${names}`
      const nowMs = clock.nowMs()
      const full = definitionOf({ sourceId, templates: [{ templateId }], ...definition })
      const { id } = await store.alerts.create({ name, definition: full }, { actor: 'test', nowMs })
      if (isActive) {
        await store.alerts.activate(id, null, { actor: 'test', nowMs })
        await room.engine.plan(id)
      }
      return id
    },
    restart() {
      room.engine = open()
      return room.engine
    },
    async run(alertId) {
      const answer = await room.engine.run(alertId, { cause: 'manual', plannedAtMs: clock.nowMs() })
      if (answer.kind !== 'finished') throw new Error(`the run answered ${answer.kind}`)
      return answer
    },
    async messages(alertId) {
      const ids: number[] = await knex('messages').where({ alert_id: alertId }).orderBy('id').pluck('id')
      return Promise.all(ids.map(async id => (await store.messages.find(id))!))
    },
    async close() {
      await room.engine.stop()
      customer.close()
      await knex.destroy()
    },
  }
  t.teardown(() => room.close())
  return room
}

/** A due-date alert at eight each morning, whatever the day; overridden by the test. */
export function definitionOf(definition: Record<string, unknown>): AlertDefinition {
  return alertDefinitionSchema.parse({
    sql: 'select * from contrats order by police',
    keyColumns: ['police'],
    phoneColumn: 'telephone',
    country: 'BF',
    trigger: { kind: 'due-date', dateColumn: 'echeance', offsetsDays: [-30, -15, -7, -1, 0, 7] },
    sendingHours: { days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00', skipHolidays: false },
    schedule: { cron: '0 8 * * *', zone },
    ...definition,
  })
}

export function sourceDown(): SourceError {
  return new SourceError('source-unreachable', 'db.example: no answer. Check the host and the port.')
}

function faulty(source: Source, faults: EngineRoom['faults']): Source {
  return {
    ...source,
    async *read(query, signal): AsyncGenerator<SourceRow> {
      const fault = faults.next
      let rows = 0
      const raise = ({ error, onRaised }: Fault): never => {
        onRaised?.()
        throw error
      }
      if (fault?.afterRows === 0) raise(fault)
      for await (const row of source.read(query, signal)) {
        yield row
        rows += 1
        if (fault !== null && rows === fault.afterRows) raise(fault)
      }
    },
  }
}
