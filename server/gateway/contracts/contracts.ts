/**
 * The contracts in force, and the one answer to what they have for a message: runs and dry runs of alerts, the API,
 * and the pump at the moment of leaving all ask `termsOf`, so that the preview is what is sent.
 */

import { openTerms, type SendingTerms } from '../../../scheduler/alerts/policy/terms.ts'
import type { IsHoliday } from '../../../scheduler/calendar/holidays.ts'
import type { Category, UnknownPolicy } from '../../../scheduler/store.ts'
import { countryOfNumber } from '../../../templates/text/calling-codes.ts'
import type { CountryCode } from '../../../templates/text/country-presets.ts'
import type { RetryPolicy, SenderRule, Tranche } from '../../store/contracts.ts'
import { usualRetryPolicy } from '../outbox/retry-policy.ts'
import { senderUnder } from './sender-rules.ts'
import { createTrancheTable, shippedTranches } from './tranches.ts'

/** One operator's part. */
export interface ContractOfOperator {
  ownSender: string
  senderRules: readonly SenderRule[]
  linkAllowsChange: boolean
  retryPolicy: RetryPolicy
}

export interface ContractBook {
  tranches: readonly Tranche[]
  operators: ReadonlyMap<number, ContractOfOperator>
  isHolidayOf(country: CountryCode): IsHoliday
}

export interface ContractFacts extends Omit<CountryFacts, 'country'> {
  /** E.164 digits without `+`. */
  recipient: string
}

/** The messages to any phone of a country. */
interface CountryFacts {
  /** null outside the countries with a preset. */
  country: CountryCode | null
  sender: string | null
  category: Category
  /** Empty while a value is missing. */
  text: string
}

/** Whom a message would be given to. */
interface ContractParty {
  operatorId: number
  /** Its own sender, where the book does not know it yet. */
  ownSender: string | null
}

export interface Contracts {
  /** Takes over what was changed, at once. */
  set(book: ContractBook): void
  termsOf(message: ContractFacts, operator: ContractParty): SendingTerms
  /** What `termsOf` answers for every phone of the country. */
  termsIn(facts: CountryFacts, operator: ContractParty): SendingTerms
  retryPolicyOf(operatorId: number): RetryPolicy
  unknownPolicyOf(operatorId: number | null, category: Category): UnknownPolicy
}

export function createContracts(): Contracts {
  let { operators, tranches, isHolidayOf }: ContractBook = {
    tranches: shippedTranches,
    operators: new Map(),
    isHolidayOf: () => () => false,
  }
  let readTranche = createTrancheTable(tranches, isHolidayOf)
  const retryPolicyOf = (operatorId: number): RetryPolicy =>
    operators.get(operatorId)?.retryPolicy ?? usualRetryPolicy

  function termsIn(
    { country, sender: asked, category, text }: CountryFacts,
    { operatorId, ownSender }: ContractParty,
  ): SendingTerms {
    const known = operators.get(operatorId)
    const own = known?.ownSender ?? ownSender
    if (own === null) return openTerms(asked)
    const contract = known ?? { ownSender: own, senderRules: [], linkAllowsChange: true }
    const decided = senderUnder(contract, asked, country)
    if (decided.kind === 'refused') {
      return { kind: 'refused', reason: 'sender-not-in-contract', detail: decided.detail }
    }
    const { sender, isReplaced } = decided
    if (country === null) return { kind: 'allowed', sender, isReplaced, within: null }
    const use = readTranche({ country, sender, category, text })
    return use.kind === 'refused' ? use : { kind: 'allowed', sender, isReplaced, within: use.within }
  }

  return {
    set(book) {
      ;({ operators, tranches, isHolidayOf } = book)
      readTranche = createTrancheTable(tranches, isHolidayOf)
    },
    // Named one by one: asked twice per message, and collecting the rest would cost more than the answer.
    termsOf: ({ recipient, sender, category, text }, operator) =>
      termsIn({ country: countryOfNumber(recipient), sender, category, text }, operator),
    termsIn,
    retryPolicyOf,
    unknownPolicyOf: (operatorId, category) =>
      operatorId === null ? 'hold' : retryPolicyOf(operatorId).unknownOutcome[category],
  }
}
