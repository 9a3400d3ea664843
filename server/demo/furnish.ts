/** Sets the product up for the demo, as an administrator would: source, operators, routes, templates, alerts, key. */
import type { Clock } from '../../connectors/clock.ts'
import { type AlertDefinition, alertDefinitionSchema } from '../../scheduler/alerts/alert.ts'
import { nextRun } from '../../scheduler/cron/next-run.ts'
import { parseCron } from '../../scheduler/cron/parse.ts'
import type { AlertRecord } from '../../scheduler/store.ts'
import { countryPresets } from '../../templates/text/country-presets.ts'
import { networkKey } from '../gateway/routing/networks.ts'
import { sealPassword } from '../sealed-passwords.ts'
import { createApiKey, hashApiKey, type SecretBox } from '../secrets.ts'
import type { Change } from '../store/audit.ts'
import type { Store } from '../store/operations.ts'
import type { OperatorInput, OperatorRecord } from '../store/operators.ts'
import type { RouteRule } from '../store/routes.ts'
import { demoAlerts, demoTemplates } from './alerts.ts'
import type { OperatorProfile, RunningOperator } from './simulated-operators.ts'

export const demoZone = 'Africa/Ouagadougou'
export const demoCountry = 'BF'
const sourceName = 'Assureur (démonstration)'

/** An operator of the store with the simulator that plays it. */
export interface FurnishedOperator {
  operatorId: number
  running: RunningOperator
}

export interface Furnished {
  operators: FurnishedOperator[]
  /** In the order of demoAlerts; not active yet when they are new. */
  alerts: AlertRecord[]
  apiKey: string
}

export interface FurnishOptions {
  store: Store
  secrets: SecretBox
  clock: Clock
  insurerFile: string
  operators: readonly RunningOperator[]
  /** The key of an earlier start; null when there is none. */
  apiKey: string | null
  /** From the insurer's name; at most 11 characters. */
  sender: string
}

/** Creates what is missing and renews what changes at every start (ports, passwords); harmless when repeated. */
export async function furnish(options: FurnishOptions): Promise<Furnished> {
  const { store, clock } = options
  const change: Change = { actor: 'demo', nowMs: clock.nowMs() }
  const sourceId = await furnishSource(options, change)
  const operators: FurnishedOperator[] = []
  for (const running of options.operators) {
    operators.push({ operatorId: await furnishOperator(options, running, change), running })
  }
  await store.routes.replace({ rules: rulesOf(operators) }, change)
  const templateIds = await furnishTemplates(store, change)
  const alerts = await furnishAlerts(store, { sourceId, templateIds }, change)
  return { operators, alerts, apiKey: await furnishKey(options, change) }
}

async function furnishSource({ store, insurerFile }: FurnishOptions, change: Change): Promise<number> {
  const input = {
    name: sourceName,
    kind: 'sqlite',
    // The insurer's file mixes UTF-8 with Windows-1252, as real ones do.
    config: { path: insurerFile, encoding: 'cp1252', maxRows: 1_000_000 },
    sealedPassword: null,
  }
  const known = (await store.sources.list()).find(source => source.name === sourceName)
  if (known === undefined) return (await store.sources.create(input, change)).sourceId
  // The directory may have been moved.
  await store.sources.update(known.sourceId, { config: input.config }, change)
  return known.sourceId
}

async function furnishOperator(
  { store, secrets, sender }: FurnishOptions,
  { profile, process, password }: RunningOperator,
  change: Change,
): Promise<number> {
  const input: OperatorInput = {
    name: profile.name,
    protocol: profile.protocol,
    config: {
      host: process.host,
      port: process.port,
      ...loginOf(profile),
      partsPerSecond: profile.partsPerSecond,
      window: 20,
      answerSeconds: 8,
      drainSeconds: 5,
    },
    sealedPassword: null,
    sender,
    pricePerPartMilli: profile.pricePerPartMilli,
    currency: 'XOF',
    isStarted: true,
  }
  const known = (await store.operators.list()).find(operator => operator.name === profile.name)
  const record: OperatorRecord = known ?? (await store.operators.create(input, change))
  const sealedPassword = sealPassword(secrets, 'operator', record.operatorId, password)
  await store.operators.update(record.operatorId, { ...input, sealedPassword }, change)
  return record.operatorId
}

function loginOf({ protocol, login }: OperatorProfile): Record<string, unknown> {
  if (protocol === 'smpp') return { systemId: login }
  // The brand as sender: the option that a UCP contract must have for it.
  return { shortCode: login, allowOriginatorChange: true, timeZone: demoZone }
}

/** Each network's numbers go to the operator that carries it; the others are the fallback of its numbers. */
function rulesOf(operators: readonly FurnishedOperator[]): RouteRule[] {
  return countryPresets[demoCountry].operators.map(({ operator: network, label }) => {
    const carries = ({ carries: networks }: OperatorProfile): boolean => networks.includes(network)
    const ranked = [...operators].sort(
      (a, b) => Number(carries(b.running.profile)) - Number(carries(a.running.profile)),
    )
    return {
      name: label,
      isActive: true,
      when: { networks: [networkKey(demoCountry, network)] },
      operators: ranked.map(({ operatorId }, index) => ({ operatorId, rank: index + 1, weight: 1 })),
    }
  })
}

async function furnishTemplates(store: Store, change: Change): Promise<Map<string, number>> {
  const known = new Map((await store.templates.list()).map(({ name, templateId }) => [name, templateId]))
  const ids = new Map<string, number>()
  for (const [key, { name, source }] of Object.entries(demoTemplates)) {
    const knownId = known.get(name)
    const templateId =
      knownId ?? (await store.templates.create({ name, language: 'fr', source }, change)).templateId
    ids.set(key, templateId)
  }
  return ids
}

async function furnishAlerts(
  store: Store,
  { sourceId, templateIds }: { sourceId: number; templateIds: ReadonlyMap<string, number> },
  change: Change,
): Promise<AlertRecord[]> {
  const known = await store.alerts.list()
  const alerts: AlertRecord[] = []
  for (const { name, query, trigger, templates, category, cron, sendOnHolidays } of demoAlerts) {
    const definition: AlertDefinition = alertDefinitionSchema.parse({
      sourceId,
      sql: query.sql,
      keyColumns: query.keyColumns,
      phoneColumn: query.phoneColumn,
      country: demoCountry,
      trigger,
      templates: templates.map(({ template, offsetsDays }) => ({
        templateId: templateIds.get(template),
        offsetsDays,
      })),
      category,
      schedule: { cron, zone: demoZone },
      // A demo is shown at any hour; a real alert keeps the hours of its category.
      sendingHours: { days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00', skipHolidays: false },
      runCap: 0,
      sendOnHolidays,
    })
    const existing = known.find(alert => alert.name === name)
    alerts.push(existing ?? (await store.alerts.create({ name, definition }, change)))
  }
  return alerts
}

async function furnishKey({ store, apiKey }: FurnishOptions, change: Change): Promise<string> {
  if (apiKey !== null && (await store.apiKeys.findByHash(hashApiKey(apiKey))) !== null) return apiKey
  const { key, prefix, hash } = createApiKey()
  const count = (await store.apiKeys.list()).length
  await store.apiKeys.create({ name: `Démonstration ${count + 1}`, prefix, hash, scopes: ['admin'] }, change)
  return key
}

/** Epoch ms of the next scheduled run; null when there is none. */
export function nextRunOf({ definition }: Pick<AlertRecord, 'definition'>, clock: Clock): number | null {
  const cron = parseCron(definition.schedule.cron)
  if (cron.kind === 'invalid') return null
  return nextRun(cron, definition.schedule.zone, clock.now())?.getTime() ?? null
}
