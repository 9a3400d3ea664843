/** What is done with a message from a phone, by the number it wrote to and the word it wrote. */
import type { Knex } from 'knex'
import { RappelError } from '../errors.ts'
import { auditIn, type Change, changedFields } from './audit.ts'
import { changing, notFound } from './named.ts'

/** A stored template, or a text of the rule's own. */
export type InboundText = { templateId: number } | { language: 'fr' | 'en'; source: string }

export type InboundAction =
  | { kind: 'reply' | 'help'; text: InboundText }
  /** `service`: a brand, `*` for all, `last` for that of the last message written to the phone. */
  | { kind: 'stop' | 'start'; service: string; text?: InboundText | undefined }
  | { kind: 'list'; listId: number; text?: InboundText | undefined }
  /** Handed on: to an address, an application, an SMPP client, or whoever wrote to the phone last (`owner`). */
  | { kind: 'mail' | 'application' | 'smpp-client'; target: string }

export interface InboundRuleInput {
  /** Unique, at most 80 characters. */
  name: string
  isActive: boolean
  /** Number that the phone wrote to, digits without `+`; null for every number. */
  shortCode: string | null
  /** Words or phrases; none makes it the default rule of its number. */
  keywords: string[]
  /** `whole`: nothing else in the text; `first-word`: the text begins with it. */
  match: 'whole' | 'first-word'
  actions: InboundAction[]
}

export interface InboundRuleRecord extends InboundRuleInput {
  ruleId: number
  /** null while it is as the product brought it. */
  updatedAtMs: number | null
}

const noun = 'inbound_rules'
/** Rules are read whole for every batch of messages; far above what an insurer's campaigns need. */
const ruleLimit = 500

/** By id: of two rules that match alike, the older wins. */
export async function listInboundRules(knex: Knex): Promise<InboundRuleRecord[]> {
  const rows: RuleRow[] = await knex('inbound_rules').orderBy('id')
  return rows.map(recordOf)
}

export async function findInboundRule(knex: Knex, ruleId: number): Promise<InboundRuleRecord | null> {
  const [row]: RuleRow[] = await knex('inbound_rules').where({ id: ruleId })
  return row === undefined ? null : recordOf(row)
}

/** @throws RappelError `name-taken`; `invalid-request` when a template or list is missing; `conflict` above 500 rules */
export function createInboundRule(
  knex: Knex,
  rule: InboundRuleInput,
  change: Change,
): Promise<InboundRuleRecord> {
  return changing(knex, { noun, name: rule.name }, async transaction => {
    const [{ rules }] = (await transaction('inbound_rules').count({ rules: '*' })) as [{ rules: number }]
    if (rules >= ruleLimit) throw new RappelError('conflict', { noun, limit: ruleLimit })
    await refuseMissing(transaction, rule.actions)
    const [row]: RuleRow[] = await transaction('inbound_rules')
      .insert({ ...columnsOf(rule), updated_at: change.nowMs })
      .returning('*')
    const detail = { name: rule.name, shortCode: rule.shortCode, keywords: rule.keywords }
    await auditIn(transaction, change, 'create', { noun, nounId: row!.id, detail })
    return recordOf(row!)
  })
}

/** @throws RappelError `not-found`, `name-taken`; `invalid-request` when a template or list is missing */
export function updateInboundRule(
  knex: Knex,
  ruleId: number,
  rule: InboundRuleInput,
  change: Change,
): Promise<InboundRuleRecord> {
  return changing(knex, { noun, name: rule.name }, async transaction => {
    const before = await findInboundRule(transaction, ruleId)
    if (before === null) throw notFound(noun, ruleId)
    await refuseMissing(transaction, rule.actions)
    await transaction('inbound_rules')
      .where({ id: ruleId })
      .update({ ...columnsOf(rule), updated_at: change.nowMs })
    const detail = { name: rule.name, changed: changedFields(before, rule) }
    await auditIn(transaction, change, 'update', { noun, nounId: ruleId, detail })
    return { ...rule, ruleId, updatedAtMs: change.nowMs }
  })
}

/** @throws RappelError `not-found` */
export function deleteInboundRule(knex: Knex, ruleId: number, change: Change): Promise<void> {
  return knex.transaction(async transaction => {
    const rule = await findInboundRule(transaction, ruleId)
    if (rule === null) throw notFound(noun, ruleId)
    await transaction('inbound_rules').where({ id: ruleId }).delete()
    await auditIn(transaction, change, 'delete', { noun, nounId: ruleId, detail: { name: rule.name } })
  })
}

/** Names of the rules that answer by this template. */
export async function rulesWithTemplate(knex: Knex, templateId: number): Promise<string[]> {
  return (await listInboundRules(knex))
    .filter(({ actions }) => templateIdsOf(actions).includes(templateId))
    .map(({ name }) => name)
}

/** Names of the rules that add to this list. */
export async function rulesWithList(knex: Knex, listId: number): Promise<string[]> {
  return (await listInboundRules(knex))
    .filter(({ actions }) => actions.some(action => action.kind === 'list' && action.listId === listId))
    .map(({ name }) => name)
}

/** The stored templates that they answer by. */
export function templateIdsOf(actions: readonly InboundAction[]): number[] {
  return actions.flatMap(action =>
    'text' in action && action.text !== undefined && 'templateId' in action.text
      ? [action.text.templateId]
      : [],
  )
}

async function refuseMissing(
  transaction: Knex.Transaction,
  actions: readonly InboundAction[],
): Promise<void> {
  const templateIds = templateIdsOf(actions)
  const listIds = actions.flatMap(action => (action.kind === 'list' ? [action.listId] : []))
  const templates: number[] = await transaction('templates').whereIn('id', templateIds).pluck('id')
  const lists: number[] = await transaction('inbound_lists').whereIn('id', listIds).pluck('id')
  const problems = [
    ...templateIds.filter(id => !templates.includes(id)).map(id => `there is no template ${id}`),
    ...listIds.filter(id => !lists.includes(id)).map(id => `there is no list ${id}`),
  ]
  if (problems.length > 0) throw new RappelError('invalid-request', { problems })
}

interface RuleRow {
  id: number
  name: string
  is_active: boolean | number
  definition: string
  updated_at: number | null
}

function columnsOf({ name, isActive, ...definition }: InboundRuleInput): Omit<RuleRow, 'id' | 'updated_at'> {
  const { shortCode, keywords, match, actions } = definition
  return {
    name,
    is_active: isActive,
    definition: JSON.stringify({ shortCode, keywords, match, actions }),
  }
}

function recordOf(row: RuleRow): InboundRuleRecord {
  return {
    ruleId: row.id,
    name: row.name,
    isActive: Boolean(row.is_active),
    ...(JSON.parse(row.definition) as Omit<InboundRuleInput, 'name' | 'isActive'>),
    updatedAtMs: row.updated_at,
  }
}
