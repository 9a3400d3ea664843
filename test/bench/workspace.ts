/** What every benchmark stands on: a directory, a customer database, the application and an operator beside it. */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { systemClock } from '../../connectors/clock.ts'
import { type SimulatorProcess, spawnSimulator } from '../../connectors/operators/simulator/child.ts'
import { alertDefinitionSchema } from '../../scheduler/alerts/alert.ts'
import { type Application, openApplication } from '../../server/application.ts'
import { silentLogger } from '../../server/log.ts'
import { createSecretBox } from '../../server/secrets.ts'

export interface Workspace {
  directory: string
  /** Removes everything. */
  dispose(): void
}

export function createWorkspace(): Workspace {
  const directory = mkdtempSync(join(tmpdir(), 'rappel-bench-'))
  return { directory, dispose: () => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }) }
}

const actor = 'bench'

/** Contracts of an invented insurer: one row, one message of 150 characters. */
export function writeCustomerDatabase(file: string, rows: number): void {
  const database = new Database(file)
  database.pragma('synchronous = OFF')
  database.exec(`create table contrats (police text primary key, telephone text, civilite text, nom text,
    immat text, echeance text, prime text, agence text, tel text)`)
  const insert = database.prepare('insert into contrats values (?, ?, ?, ?, ?, ?, ?, ?, ?)')
  database.transaction(() => {
    for (let row = 1; row <= rows; row += 1) {
      insert.run(
        `1010-2027-${String(row).padStart(7, '0')}`,
        `70 ${String(row % 1_000_000)
          .padStart(6, '0')
          .replace(/(..)(..)(..)/, '$1 $2 $3')}`,
        'M.',
        `OUEDRAOGO ${row}`,
        `11 HH ${row % 10_000} BF`,
        '2027-03-15',
        '145500',
        'Ouaga Centre',
        '25 30 00 00',
      )
    }
  })()
  database.close()
}

export const benchTemplate =
  '{{civilite}} {{nom}}, votre contrat {{immat}} expire le {{date echeance}}. Prime: {{montant prime}} F CFA. Agence {{agence}}, {{tel}}. NOM ASSUR'

export function startOperator(): Promise<SimulatorProcess> {
  return spawnSimulator({
    keep: 'counts',
    messageIds: 'decimal',
    accounts: [{ systemId: 'bench', password: 'bench' }],
    receipts: { delayMs: [5, 20] },
  } as never)
}

export interface BenchApplication {
  application: Application
  databaseFile: string
  alertId: number
  databaseBytes(): number
}

/** The product as it runs, on its defaults: SQLite with synchronous=FULL in its own threads. */
export async function openBenchApplication(
  directory: string,
  { customerFile, port, rows }: { customerFile: string; port: number; rows: number },
): Promise<BenchApplication> {
  const databaseFile = join(directory, 'rappel.db')
  const application = await openApplication({
    database: { kind: 'sqlite', file: databaseFile },
    secrets: createSecretBox(new Uint8Array(32).fill(7)),
    clock: systemClock,
    log: silentLogger,
    onFailure(error) {
      throw error
    },
  })
  const { store } = application
  const change = { actor, nowMs: systemClock.nowMs() }
  const source = await store.sources.create(
    {
      name: 'insurer',
      kind: 'sqlite',
      config: { path: customerFile, maxRows: rows, timeoutMs: 600_000 },
      sealedPassword: null,
    },
    change,
  )
  const template = await store.templates.create(
    { name: 'bench', language: 'fr', source: benchTemplate },
    change,
  )
  const operator = await store.operators.create(
    {
      name: 'simulator',
      protocol: 'smpp',
      config: {
        host: '127.0.0.1',
        port,
        systemId: 'bench',
        password: 'bench',
        window: 500,
        partsPerSecond: 0,
      },
      sealedPassword: null,
      sender: '38001',
      pricePerPartMilli: 12_000,
      currency: 'XOF',
      isStarted: true,
    },
    change,
  )
  await store.routes.replace([{ prefix: '', rank: 1, operatorId: operator.operatorId }], change)
  await application.reloadRoutes()
  const alert = await store.alerts.create(
    {
      name: 'bench',
      definition: alertDefinitionSchema.parse({
        sourceId: source.sourceId,
        sql: 'select * from contrats',
        keyColumns: ['police'],
        phoneColumn: 'telephone',
        country: 'BF',
        trigger: { kind: 'once' },
        templates: [{ templateId: template.templateId }],
        category: 'reminder',
        schedule: { cron: '0 9 * * *', zone: 'Africa/Ouagadougou' },
        // Day and night, and no approval: the benchmark measures the way, not the waiting.
        sendingHours: { days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00', skipHolidays: false },
        runCap: 0,
      }),
    },
    change,
  )
  return {
    application,
    databaseFile,
    alertId: alert.id,
    databaseBytes: () => statSync(databaseFile).size,
  }
}
