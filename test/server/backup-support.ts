/** An invented insurer, an alert over its contracts and one operator: what backups are proven on. */
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { systemClock } from '../../connectors/clock.ts'
import { alertDefinitionSchema } from '../../scheduler/alerts/alert.ts'
import { type Application, openApplication } from '../../server/application.ts'
import { journalDirectoryOf, openJournal, type SentJournal } from '../../server/backup/journal.ts'
import { silentLogger } from '../../server/log.ts'
import { openKeyFile } from '../../server/secrets.ts'
import { rulesTo } from '../support/rules.ts'
import type { Teardown } from '../support/temp-dir.ts'

export interface Place {
  databaseFile: string
  customerFile: string
  keyFile: string
  dataDirectory: string
  journalDirectory: string
}

export function placeIn(directory: string): Place {
  return {
    databaseFile: join(directory, 'rappel.db'),
    customerFile: join(directory, 'insurer.db'),
    keyFile: join(directory, 'secret.key'),
    dataDirectory: directory,
    journalDirectory: journalDirectoryOf(directory),
  }
}

/** Adds contracts `from` to `to`; each has its own phone. */
export function addContracts({ customerFile }: Pick<Place, 'customerFile'>, from: number, to: number): void {
  const database = new Database(customerFile)
  database.exec('create table if not exists contracts (policy text primary key, phone text)')
  const insert = database.prepare('insert into contracts values (?, ?)')
  database.transaction(() => {
    for (let row = from; row <= to; row += 1) {
      insert.run(
        `P-${row}`,
        `70 ${String(row)
          .padStart(6, '0')
          .replace(/(..)(..)(..)/, '$1 $2 $3')}`,
      )
    }
  })()
  database.close()
}

export interface OpenPlace {
  application: Application
  journal: SentJournal
  close(): Promise<void>
}

/** Far above what the answers of an operator of ours take: what is cut off here is not known to have left. */
const drainMs = 30_000

/** Closed when the test ends, whatever became of it. */
export async function openPlace(t: Teardown, place: Place): Promise<OpenPlace> {
  const key = openKeyFile(place.keyFile)
  if (key.kind === 'refused') throw new Error(key.reason)
  const journal = openJournal(place.journalDirectory, systemClock, silentLogger)
  const application = await openApplication({
    database: { kind: 'sqlite', file: place.databaseFile },
    secrets: key.box,
    clock: systemClock,
    log: silentLogger,
    journal,
    onFailure(error) {
      throw error
    },
  })
  let closed: Promise<void> | null = null
  const close = (): Promise<void> => {
    closed ??= application.close(drainMs).then(() => journal.close())
    return closed
  }
  t.teardown(close)
  return { application, journal, close }
}

/** @returns the number of the alert */
export async function furnish(
  { store, reloadRoutes }: Application,
  { customerFile }: Place,
  { port, partsPerSecond }: { port: number; partsPerSecond: number },
): Promise<number> {
  const change = { actor: 'test', nowMs: systemClock.nowMs() }
  const source = await store.sources.create(
    { name: 'insurer', kind: 'sqlite', config: { path: customerFile }, sealedPassword: null },
    change,
  )
  const template = await store.templates.create(
    { name: 'renewal', language: 'fr', source: 'Votre contrat {{policy}} arrive a echeance' },
    change,
  )
  const config = {
    host: '127.0.0.1',
    port,
    systemId: 'rappel',
    password: 'secret',
    window: 50,
    partsPerSecond,
  }
  const operator = await store.operators.create(
    {
      name: 'simulator',
      protocol: 'smpp',
      config,
      sealedPassword: null,
      sender: '38001',
      pricePerPartMilli: 12_000,
      currency: 'XOF',
      isStarted: true,
    },
    change,
  )
  await store.routes.replace(rulesTo([operator.operatorId]), change)
  await reloadRoutes()
  const alert = await store.alerts.create(
    {
      name: 'renewals',
      definition: alertDefinitionSchema.parse({
        sourceId: source.sourceId,
        sql: 'select * from contracts',
        keyColumns: ['policy'],
        phoneColumn: 'phone',
        country: 'BF',
        trigger: { kind: 'once' },
        templates: [{ templateId: template.templateId }],
        schedule: { cron: '0 9 * * *', zone: 'Africa/Ouagadougou' },
        sendingHours: { days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00', skipHolidays: false },
        runCap: 0,
      }),
    },
    change,
  )
  return alert.id
}

export async function runAlert({ alerts }: Application, alertId: number) {
  const report = await alerts.run(alertId, { cause: 'manual', plannedAtMs: systemClock.nowMs() })
  if (report.kind !== 'finished') throw new Error(`the run did not end: ${report.kind}`)
  return report
}
