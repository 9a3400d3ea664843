/** Which operators carry which messages: an ordered table of rules, always replaced as a whole, and its policy. */
import type { Knex } from 'knex'
import type { Category } from '../../scheduler/store.ts'
import { RappelError } from '../errors.ts'
import { auditIn, type Change } from './audit.ts'

/** Days and hours of a zone; `from` after `to` runs over midnight and belongs to the day it begins on. */
export interface RouteHours {
  /** 1 Monday to 7 Sunday. */
  days: readonly number[]
  /** `HH:MM`; the minute of `to` is outside. */
  from: string
  to: string
  /** IANA zone. */
  zone: string
}

/** What a message must be like. An absent condition holds for every message; of a list, one entry must match. */
export interface RouteConditions {
  /** ISO 3166 alpha-2, of the countries with a preset. */
  countries?: readonly string[]
  /** First digits of the international number. */
  prefixes?: readonly string[]
  /** `BF:orange`: the network by the override of the number, else by its prefix. */
  networks?: readonly string[]
  /** As the message names it; one that takes the operator's own sender has none. */
  senders?: readonly string[]
  categories?: readonly Category[]
  hours?: RouteHours
}

export interface RouteOperator {
  operatorId: number
  /** 1 is tried first; operators of one rank share the load. */
  rank: number
  /** Share among those of the same rank: 3 and 1 are three quarters and one. */
  weight: number
}

export interface RouteRule {
  name: string
  isActive: boolean
  when: RouteConditions
  operators: readonly RouteOperator[]
}

export interface RoutePolicy {
  /** A bind down for longer loses its traffic to the next operator. */
  fallbackAfterMinutes: number
  secondTry: SecondTryPolicy
}

/** The one further operator that a message gets whose first operator does not know the phone. */
export interface SecondTryPolicy {
  isOn: boolean
  categories: readonly Category[]
  /** Words of a receipt's detail that mean "unknown subscriber": `err:101`, `rsn:101`. */
  receiptDetails: readonly string[]
}

export interface RouteTable extends RoutePolicy {
  /** In the order in which they are asked. */
  rules: RouteRule[]
}

/**
 * `err` is a code of the operator's own: `err:001` means this on some platforms and "failed" on others, so that an
 * administrator adds it where the contract has it. Those here mean the same everywhere they are used.
 *
 * @see SMPP 3.4 section 5.3.2.31 (network 3 is GSM, MAP error 1); EMI/UCP 4.6, reason codes of operation 53
 */
const unknownSubscriberDetails = ['network:3/1', 'err:101', 'rsn:0', 'rsn:101', 'rsn:115'] as const

export const usualRoutePolicy: RoutePolicy = {
  fallbackAfterMinutes: 5,
  secondTry: {
    isOn: true,
    // A second attempt costs a second price, which an advertisement is not worth.
    categories: ['transactional', 'reminder'],
    receiptDetails: unknownSubscriberDetails,
  },
}

/** As many as there could be prefix routes before rules; keeps one request from filling the table. */
const ruleLimit = 5_000
const setting = 'route-policy'

export async function listRoutes(knex: Knex): Promise<RouteTable> {
  const rules = await knex('route_rules').orderBy('position')
  const operators = await knex('route_rule_operators').orderBy(['position', 'place'])
  const byRule = Map.groupBy(operators, row => row.position)
  const [policy] = await knex('settings').where({ name: setting }).select('value')
  return {
    ...usualRoutePolicy,
    ...(policy !== undefined && (JSON.parse(policy.value) as RoutePolicy)),
    rules: rules.map(row => ({
      name: row.name,
      isActive: Boolean(row.is_active),
      when: JSON.parse(row.conditions),
      operators: (byRule.get(row.position) ?? []).map(operator => ({
        operatorId: operator.operator_id,
        rank: operator.rank,
        weight: operator.weight,
      })),
    })),
  }
}

/**
 * Puts these rules in the place of all others; a policy that is not given stays.
 *
 * @throws RappelError `invalid-request` whose `details.problems` name each rule that cannot stand
 */
export function replaceRoutes(
  knex: Knex,
  { rules, ...policy }: Pick<RouteTable, 'rules'> & Partial<RoutePolicy>,
  change: Change,
): Promise<void> {
  return knex.transaction(async transaction => {
    const operatorIds: number[] = await transaction('operators').whereNull('deleted_at').pluck('id')
    const problems = problemsOf(rules, new Set(operatorIds))
    if (problems.length > 0) throw new RappelError('invalid-request', { problems })
    await transaction('route_rule_operators').delete()
    await transaction('route_rules').delete()
    await transaction.batchInsert('route_rules', rules.map(ruleRow), 200)
    await transaction.batchInsert('route_rule_operators', rules.flatMap(operatorRows), 150)
    const { rules: _, ...known } = await listRoutes(transaction)
    const value = JSON.stringify({ ...known, ...policy })
    await transaction('settings').insert({ name: setting, value }).onConflict('name').merge()
    const detail = { rules: rules.slice(0, 50), count: rules.length, ...policy }
    await auditIn(transaction, change, 'update', { noun: 'routes', nounId: 'all', detail })
  })
}

/** Names of the rules that lead to an operator. */
export async function rulesOfOperator(knex: Knex, operatorId: number): Promise<string[]> {
  return knex('route_rule_operators')
    .join('route_rules', 'route_rules.position', 'route_rule_operators.position')
    .where({ operator_id: operatorId })
    .orderBy('route_rules.position')
    .pluck('route_rules.name')
}

function ruleRow({ name, isActive, when }: RouteRule, index: number): Record<string, unknown> {
  return { position: index + 1, name, is_active: isActive, conditions: JSON.stringify(when) }
}

function operatorRows({ operators }: RouteRule, index: number): Record<string, unknown>[] {
  return operators.map(({ operatorId, rank, weight }, place) => ({
    position: index + 1,
    place: place + 1,
    operator_id: operatorId,
    rank,
    weight,
  }))
}

function problemsOf(rules: readonly RouteRule[], operatorIds: ReadonlySet<number>): string[] {
  if (rules.length > ruleLimit) return [`${rules.length} rules are more than ${ruleLimit}`]
  const names = new Set<string>()
  return rules.flatMap(({ name, operators }, index) => {
    const where = `rule ${index + 1} ${JSON.stringify(name)}`
    const problems = operators.flatMap(({ operatorId, rank, weight }, place) => [
      ...(operatorIds.has(operatorId) ? [] : [`${where}: there is no operator ${operatorId}`]),
      ...(isWithin(rank, 100) ? [] : [`${where}: rank ${rank} is not 1..100`]),
      ...(isWithin(weight, 1_000) ? [] : [`${where}: weight ${weight} is not 1..1000`]),
      ...(operators.findIndex(other => other.operatorId === operatorId) === place
        ? []
        : [`${where}: operator ${operatorId} stands there twice`]),
    ])
    if (name.trim() === '' || name.length > 80) problems.push(`${where}: the name is not 1 to 80 characters`)
    if (names.has(name)) problems.push(`${where}: another rule has the name`)
    names.add(name)
    return problems
  })
}

function isWithin(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= most
}
