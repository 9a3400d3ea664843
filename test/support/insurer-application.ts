/**
 * The whole product over a customer's database and one operator, as benchmarks and proofs need it: a directory, rows,
 * an alert that writes to every row once.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { systemClock } from '../../connectors/clock.ts'
import { type SimulatorProcess, spawnSimulator } from '../../connectors/operators/simulator/child.ts'
import type { ProtocolName, SimulatorOptions } from '../../connectors/operators/simulator/options.ts'
import { alertDefinitionSchema } from '../../scheduler/alerts/alert.ts'
import type { UnknownPolicy } from '../../scheduler/store.ts'
import { type Application, openApplication } from '../../server/application.ts'
import { silentLogger } from '../../server/log.ts'
import { createSecretBox } from '../../server/secrets.ts'
import type { DatabaseConfig } from '../../server/store/database.ts'
import { rulesTo } from './rules.ts'

export interface Workspace {
  directory: string
  /** Removes everything. */
  dispose(): void
}

export function createWorkspace(): Workspace {
  const directory = mkdtempSync(join(tmpdir(), 'rappel-insurer-'))
  return { directory, dispose: () => rmSync(directory, { recursive: true, force: true, maxRetries: 3 }) }
}

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

export const insurerTemplate =
  '{{civilite}} {{nom}}, votre contrat {{immat}} expire le {{date echeance}}. Prime: {{montant prime}} F CFA. Agence {{agence}}, {{tel}}. NOM ASSUR'

const account = { systemId: 'insurer', password: 'insurer' }
const shortCode = '38001'

/** An operator in a process of its own that knows the account of `openInsurerApplication`. */
export function startInsurerOperator(options: Partial<SimulatorOptions>): Promise<SimulatorProcess> {
  const systemId = options.protocol === 'ucp' ? shortCode : account.systemId
  return spawnSimulator({ ...options, accounts: [{ ...account, systemId }] })
}

export interface InsurerOptions {
  customerFile: string
  /** Of the operator. */
  port: number
  protocol?: ProtocolName
  /** More than the customer's rows: the cap of the source. */
  rows: number
  window?: number
  unknownPolicy?: UnknownPolicy
  /** How long what a crash left open waits before policy; the product's own when absent. */
  recoveryGraceMs?: number
  /** Where the store is; absent: a SQLite file in the directory. */
  database?: DatabaseConfig
}

export interface InsurerApplication {
  application: Application
  alertId: number
  /** Of a store on SQLite. */
  databaseFile: string
  databaseBytes(): number
}

/** Opens the product on its defaults; configures it when the directory is new. */
export async function openInsurerApplication(
  directory: string,
  options: InsurerOptions,
): Promise<InsurerApplication> {
  const databaseFile = join(directory, 'rappel.db')
  const application = await openApplication({
    database: options.database ?? { kind: 'sqlite', file: databaseFile },
    secrets: createSecretBox(new Uint8Array(32).fill(7)),
    clock: systemClock,
    log: silentLogger,
    ...(options.recoveryGraceMs !== undefined && { recoveryGraceMs: options.recoveryGraceMs }),
    onFailure(error) {
      throw error
    },
  })
  const [alert] = await application.store.alerts.list()
  return {
    application,
    alertId: alert?.id ?? (await configure(application, options)),
    databaseFile,
    databaseBytes: () => statSync(databaseFile).size,
  }
}

async function configure(
  application: Application,
  { customerFile, port, protocol = 'smpp', rows, window = 500, unknownPolicy = 'hold' }: InsurerOptions,
): Promise<number> {
  const { store } = application
  const change = { actor: 'test', nowMs: systemClock.nowMs() }
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
    { name: 'expiry', language: 'fr', source: insurerTemplate },
    change,
  )
  const operator = await store.operators.create(
    {
      name: 'simulator',
      protocol,
      config: { host: '127.0.0.1', port, ...loginOf(protocol), window, partsPerSecond: 0 },
      sealedPassword: null,
      sender: shortCode,
      pricePerPartMilli: 12_000,
      currency: 'XOF',
      isStarted: true,
    },
    change,
  )
  await store.routes.replace(rulesTo([operator.operatorId]), change)
  await application.reloadRoutes()
  const { id } = await store.alerts.create(
    {
      name: 'expiry',
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
        // Day and night, and no approval: what is measured is the way, not the waiting.
        sendingHours: { days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00', skipHolidays: false },
        runCap: 0,
        unknownPolicy,
      }),
    },
    change,
  )
  return id
}

function loginOf(protocol: ProtocolName): object {
  return protocol === 'smpp' ? account : { shortCode, password: account.password }
}
