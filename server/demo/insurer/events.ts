/** What happens to contracts: instalments, endorsements, claims. Pure; the days are chosen around `today`. */

import type { Contract, PolicyKey } from './contracts.ts'
import { addDays, type Day, daysBetween } from './days.ts'
import { claimKinds, endorsementKinds } from './names.ts'
import { createRandom, type Random } from './random.ts'

export interface Instalment extends PolicyKey {
  /** 1-based. */
  number: number
  of: number
  amount: number
  due: Day
  /** Null while it is owed. */
  paid: Day | null
}

export interface Endorsement extends PolicyKey {
  number: number
  label: string
  effect: Day
  entered: Day
}

export type ClaimState = 'DECLARE' | 'EVAL' | 'REGLE' | 'CLOS'

export interface Claim extends PolicyKey {
  kind: string
  occurred: Day
  declared: Day
  state: ClaimState
  estimate: number
  /** All three are null until the payment is validated. */
  amount: number | null
  settled: Day | null
  receipt: string | null
}

/** Shares of the contracts, per thousand, and how many of them are of today and of yesterday. */
const shares = {
  unpaid: 52,
  unpaidPerReminder: 2,
  endorsements: { all: 80, today: 2.4, yesterday: 2 },
  claims: { all: 60, settledToday: 2, settledYesterday: 1.6 },
}
/** Ages in days of an unpaid instalment, and those at which insurers remind of it. */
const unpaidAge = { min: 5, max: 60 }
const unpaidReminders = [5, 15, 30]

const instalmentsPerYear = { A: 1, S: 2, T: 4 } as const

/** The first instalment of a contract, paid on the day it takes effect: no premium, no cover. */
export function firstInstalment(contract: Contract): Instalment {
  const of = instalmentsPerYear[contract.fraction]
  return {
    ...keyOf(contract),
    number: 1,
    of,
    amount: share(contract, of),
    due: contract.effect,
    paid: contract.effect,
  }
}

/** Later instalments that are owed since 5 to 60 days. */
export function makeUnpaid(seed: number, contracts: readonly Contract[], today: Day): Instalment[] {
  const random = createRandom(seed, 'unpaid')
  const wanted = perThousand(contracts, shares.unpaid)
  const ages = unpaidReminders.flatMap(age =>
    Array(perThousand(contracts, shares.unpaidPerReminder)).fill(age),
  )
  while (ages.length < wanted) ages.push(random.integer(unpaidAge.min, unpaidAge.max))

  const debtors = random
    .shuffle(contracts.filter(contract => isOwingPossible(contract, today)))
    .slice(0, wanted)
  return debtors.map((contract, index) => {
    const of = instalmentsPerYear[contract.fraction]
    const due = addDays(today, -ages[index]!)
    return {
      ...keyOf(contract),
      number: random.integer(2, of),
      of,
      amount: share(contract, of),
      due,
      paid: null,
    }
  })
}

/** Endorsements of the past year, some of them entered today and yesterday. */
export function makeEndorsements(seed: number, contracts: readonly Contract[], today: Day): Endorsement[] {
  const random = createRandom(seed, 'endorsements')
  const { all, ...fresh } = shares.endorsements
  const ages = [
    ...Array(perThousand(contracts, fresh.today)).fill(0),
    ...Array(perThousand(contracts, fresh.yesterday)).fill(1),
  ]
  const chosen = random.shuffle(contracts.filter(contract => isRunning(contract, today, 2)))
  return chosen.slice(0, perThousand(contracts, all)).map((contract, index) => {
    const sinceEffect = daysBetween(contract.effect, today)
    const entered = addDays(today, -(ages[index] ?? random.integer(2, Math.max(2, sinceEffect))))
    return {
      ...keyOf(contract),
      number: 1,
      label: random.pick(endorsementKinds),
      effect: addDays(entered, 1),
      entered,
    }
  })
}

/** Claims of contracts in force, at every state; some payments were validated today and yesterday. */
export function makeClaims(seed: number, contracts: readonly Contract[], today: Day): Claim[] {
  const random = createRandom(seed, 'claims')
  const settledAges = [
    ...Array(perThousand(contracts, shares.claims.settledToday)).fill(0),
    ...Array(perThousand(contracts, shares.claims.settledYesterday)).fill(1),
  ]
  const chosen = random.shuffle(contracts.filter(contract => isRunning(contract, today, 30)))
  return chosen.slice(0, perThousand(contracts, shares.claims.all)).map((contract, index) => {
    const occurredAge = random.integer(15, daysBetween(contract.effect, today))
    const declaredAge = Math.max(12, occurredAge - random.integer(0, 5))
    const settledAge = settledAges[index] ?? random.integer(2, declaredAge - 1)
    const state = index < settledAges.length ? 'REGLE' : random.pick(usualStates)
    const claim: Claim = {
      ...keyOf(contract),
      kind: random.pick(claimKinds),
      occurred: addDays(today, -occurredAge),
      declared: addDays(today, -declaredAge),
      state,
      estimate: random.integer(9, 700) * 5000,
      amount: null,
      settled: null,
      receipt: null,
    }
    if (state === 'REGLE' || state === 'CLOS')
      Object.assign(claim, settle(random, claim, addDays(today, -settledAge)))
    return claim
  })
}

/** The payment of a claim: usually a little under the estimate. */
export function settle(random: Random, claim: { estimate: number }, settled: Day) {
  const amount = Math.round((claim.estimate * random.integer(70, 100)) / 100 / 5) * 5
  return { amount, settled, receipt: `R-${random.integer(10_000, 99_999)}` }
}

const usualStates: readonly ClaimState[] = ['DECLARE', 'EVAL', 'EVAL', 'REGLE', 'REGLE', 'CLOS', 'CLOS']

function keyOf({ agencyCode, policy }: Contract): PolicyKey {
  return { agencyCode, policy }
}

function share(contract: Contract, instalments: number): number {
  return Math.round((contract.netPremium * 1.145) / instalments / 5) * 5
}

function isOwingPossible(contract: Contract, today: Day): boolean {
  return contract.fraction !== 'A' && isRunning(contract, today, unpaidAge.max + 1)
}

/** In force today and since some days. */
function isRunning(contract: Contract, today: Day, sinceDays: number): boolean {
  const { state, effect, expiry } = contract
  return state === 'A' && expiry >= today && daysBetween(effect, today) >= sinceDays
}

function perThousand(contracts: readonly Contract[], share: number): number {
  return Math.max(1, Math.round((contracts.length * share) / 1000))
}
