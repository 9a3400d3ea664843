/** What was agreed with operators and is kept by us: tranches of short codes, senders, retries. */
import type { Knex } from 'knex'
import type { SendingHours } from '../../scheduler/calendar/sending-hours.ts'
import type { Category, UnknownPolicy } from '../../scheduler/store.ts'
import type { CountryCode } from '../../templates/text/country-presets.ts'
import { auditIn, type Change } from './audit.ts'
import { notFound } from './named.ts'

/** One use of one range of short codes. The first row that fits country, sender and category is the one that holds. */
export interface Tranche {
  name: string
  /** Of the recipient: short codes are national. */
  country: CountryCode
  /** Digits with `#` for any digit, as `36###`; `name` is every alphanumeric sender. */
  senders: string
  categories: readonly Category[]
  /** In the zone of the country, its holidays counted; null: at any time. */
  hours: SendingHours | null
  /** The text must have one of these, `{n}` standing for a number; null: nothing is asked for. */
  stopMention: readonly string[] | null
}

/** Which senders an operator takes. The rule of the recipient's country comes before the one for all. */
export interface SenderRule {
  /** null: every country without a rule of its own. */
  country: CountryCode | null
  /** false: nothing but the operator's own sender. */
  allowsOriginatorChange: boolean
  /** Short codes and numbers that the contract has besides the operator's own sender. */
  numbers: readonly string[]
  /** Alphanumeric senders that the contract has. */
  names: readonly string[]
  /** Takes the place of a sender that the contract does not have; null refuses the message. */
  fallbackSender: string | null
}

export interface RetryPolicy {
  /** Errors that may be the message's own: each attempt counts. */
  temporary: {
    /** Seconds before attempt 2, 3, 4 …; the last repeats. */
    delaysSeconds: readonly number[]
    /** Submits at most, the first included. */
    maxAttempts: number
    /** From the first refusal on. */
    maxAgeMinutes: number
  }
  /** Too fast for the contract: costs no attempt. */
  throttle: { delaySeconds: number; maxAgeMinutes: number }
  /** The bind was at fault: costs no attempt. */
  link: { delaySeconds: number; maxAgeMinutes: number }
  /** What becomes of a message that left and was never answered, when neither alert nor application says. */
  unknownOutcome: Readonly<Record<Category, UnknownPolicy>>
}

export interface OperatorContract {
  operatorId: number
  senderRules: readonly SenderRule[]
  /** null: the product's own. */
  retryPolicy: RetryPolicy | null
}

export interface StoredContracts {
  /** null: those that the product ships. */
  tranches: readonly Tranche[] | null
  /** Operators with something of their own. */
  operators: OperatorContract[]
}

const tranchesSetting = 'tranches'
const table = 'operator_contracts'

export async function listContracts(knex: Knex): Promise<StoredContracts> {
  const [tranches] = await knex('settings').where({ name: tranchesSetting }).select('value')
  const rows: ContractRow[] = await knex(table).orderBy('operator_id')
  return {
    tranches: tranches === undefined ? null : JSON.parse(tranches.value),
    operators: rows.map(contractOf),
  }
}

/** @returns without rules and policy for an operator that has none of its own */
export async function findContract(knex: Knex, operatorId: number): Promise<OperatorContract> {
  const [row]: ContractRow[] = await knex(table).where({ operator_id: operatorId })
  return row === undefined ? { operatorId, senderRules: [], retryPolicy: null } : contractOf(row)
}

/** @param tranches null goes back to those that the product ships */
export function replaceTranches(
  knex: Knex,
  tranches: readonly Tranche[] | null,
  change: Change,
): Promise<void> {
  return knex.transaction(async transaction => {
    await transaction('settings').where({ name: tranchesSetting }).delete()
    if (tranches !== null) {
      await transaction('settings').insert({ name: tranchesSetting, value: JSON.stringify(tranches) })
    }
    const detail = tranches === null ? { shipped: true } : { tranches: tranches.slice(0, 50) }
    await auditIn(transaction, change, 'update', { noun: 'tranches', nounId: 'all', detail })
  })
}

/** @throws RappelError `not-found` */
export function setSenderRules(
  knex: Knex,
  operatorId: number,
  rules: readonly SenderRule[],
  change: Change,
): Promise<void> {
  return put(knex, operatorId, { sender_rules: JSON.stringify(rules) }, change, { senderRules: rules })
}

/** @param policy null goes back to the product's own. @throws RappelError `not-found` */
export function setRetryPolicy(
  knex: Knex,
  operatorId: number,
  policy: RetryPolicy | null,
  change: Change,
): Promise<void> {
  const columns = { retry_policy: policy === null ? null : JSON.stringify(policy) }
  return put(knex, operatorId, columns, change, { retryPolicy: policy })
}

function put(
  knex: Knex,
  operatorId: number,
  columns: Partial<ContractRow>,
  change: Change,
  detail: Record<string, unknown>,
): Promise<void> {
  return knex.transaction(async transaction => {
    const [known] = await transaction('operators')
      .where({ id: operatorId })
      .whereNull('deleted_at')
      .select('id')
    if (known === undefined) throw notFound('operators', operatorId)
    await transaction(table)
      .insert({ operator_id: operatorId, sender_rules: '[]', ...columns })
      .onConflict('operator_id')
      .merge(columns)
    await auditIn(transaction, change, 'update', { noun: 'operators', nounId: operatorId, detail })
  })
}

interface ContractRow {
  operator_id: number
  sender_rules: string
  retry_policy: string | null
}

function contractOf(row: ContractRow): OperatorContract {
  return {
    operatorId: row.operator_id,
    senderRules: JSON.parse(row.sender_rules),
    retryPolicy: row.retry_policy === null ? null : JSON.parse(row.retry_policy),
  }
}
