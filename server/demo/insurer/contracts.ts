/**
 * The contracts: which day each one ends, for whom, on what. Days are chosen around `today`, so that every alert
 * finds work on whatever day the demo is played.
 */

import { addDays, addMonths, type Day, daysBetween } from './days.ts'
import { insuredCount } from './dirt.ts'
import { agencies, type Category, cars, categories, motorcycles } from './names.ts'
import { createRandom, type Random } from './random.ts'

/** Days before the due date at which insurers remind; negative is after it. Each gets a few dozen contracts. */
export const reminderOffsets = [30, 15, 7, 1, 0, -7] as const
/** Shares of the contracts, per thousand. */
const perReminderOffset = 6
const subscribedToday = 4
const subscribedYesterday = 5
/** The other contracts end on any of these days, counted from today. */
const expirySpan = { first: -60, last: 400 }

/** What identifies a policy in every table. */
export interface PolicyKey {
  agencyCode: string
  /** Agency, year, number: `1010-2026-004512`. */
  policy: string
}

export interface Vehicle {
  plate: string | null
  model: string
}

export interface Contract extends PolicyKey {
  insuredIndex: number
  category: Category
  effect: Day
  expiry: Day
  /** As the file spells them. */
  effectText: string
  expiryText: string
  subscribed: Day
  netPremium: number
  /** What the client pays, taxes included, F CFA: a number, or text in a dirty row. */
  premium: number | string | null
  /** How it is paid: yearly, half-yearly, quarterly. */
  fraction: 'A' | 'S' | 'T'
  /** In force, cancelled, suspended. */
  state: 'A' | 'R' | 'S'
  vehicles: Vehicle[]
}

interface ContractPlan {
  expiry: Day
  months: number
  subscribed: Day
  isReminded: boolean
}

/** One clean contract. `ordinal` counts from 1 and decides the policy number. */
export function makeContract(
  random: Random,
  options: { ordinal: number; insuredIndex: number; expiry: Day; months: number; subscribed: Day },
): Contract {
  const { ordinal, insuredIndex, expiry, months, subscribed } = options
  const agencyCode = random.pick(agencies).code
  const category = pickCategory(random)
  const effect = addMonths(addDays(expiry, 1), -months)
  const netPremium = Math.round((random.integer(category.premium.min, category.premium.max) * months) / 12)
  return {
    agencyCode,
    policy: `${agencyCode}-${subscribed.slice(0, 4)}-${String(ordinal).padStart(6, '0')}`,
    insuredIndex,
    category,
    effect,
    expiry,
    effectText: effect,
    expiryText: expiry,
    subscribed,
    netPremium,
    premium: Math.round((netPremium * 1.145) / 5) * 5,
    fraction: months < 12 ? 'A' : random.pick(['A', 'A', 'S', 'T']),
    state: 'A',
    vehicles: category.isVehicle ? [makeVehicle(random, category.code === 'MOTO' ? motorcycles : cars)] : [],
  }
}

/** All the contracts of a new file, clean, with the indexes of those whose vehicle a reminder of today is about. */
export function makeAllContracts(options: { seed: number; today: Day; count: number }): {
  contracts: Contract[]
  remindedToday: Set<number>
} {
  const { seed, today, count } = options
  const random = createRandom(seed, 'contracts')
  const insured = insuredCount(count)
  const plans = random.shuffle(planContracts(random, today, count))
  const contracts = plans.map((plan, index) => {
    // Everybody has one contract; those left over are second ones.
    const insuredIndex = index < insured ? index : random.integer(0, insured - 1)
    const contract = makeContract(random, { ...plan, ordinal: index + 1, insuredIndex })
    const mayHaveEnded = !plan.isReminded && daysBetween(plan.subscribed, today) > 1
    if (mayHaveEnded && random.isChance(0.04)) contract.state = random.pick(['R', 'R', 'S'])
    return contract
  })
  const remindedToday = [...plans.keys()].filter(
    index => plans[index]!.isReminded && contracts[index]!.vehicles.length > 0,
  )
  return { contracts, remindedToday: new Set(remindedToday) }
}

/** Companies often insure several vehicles under one policy. */
export function growFleets(
  seed: number,
  contracts: readonly Contract[],
  isCompany: (insuredIndex: number) => boolean,
): void {
  const random = createRandom(seed, 'fleets')
  for (const { category, insuredIndex, vehicles } of contracts) {
    if (category.code !== 'AUTO' || !isCompany(insuredIndex) || random.isChance(0.7)) continue
    const more = random.integer(1, 4)
    for (let added = 0; added < more; added++) vehicles.push(makeVehicle(random, cars))
  }
}

/** Months a new contract runs: most are yearly, some pay by the half-year or the quarter. */
export function pickMonths(random: Random): number {
  return random.pick([12, 12, 12, 12, 12, 12, 12, 6, 6, 3])
}

function planContracts(random: Random, today: Day, count: number): ContractPlan[] {
  const share = (perThousand: number): number => Math.max(1, Math.round((count * perThousand) / 1000))
  const renewed = (expiry: Day, isReminded: boolean): ContractPlan => {
    // Nobody signs for a period that begins in half a year: what ends so late is a yearly contract.
    const usualMonths = pickMonths(random)
    const months = daysBetween(today, expiry) > usualMonths * 30 ? 12 : usualMonths
    const firstEffect = addMonths(addDays(expiry, 1), -months - 12 * random.pick([0, 1, 1, 2, 3, 5]))
    const signed = addDays(firstEffect, -random.integer(0, 6))
    // Only the plans below are of today or yesterday, so that their number is known.
    const isPast = daysBetween(signed, today) > 1
    const subscribed = isPast ? signed : addDays(today, -random.integer(2, 25))
    return { expiry, months, subscribed, isReminded }
  }
  const fresh = (subscribed: Day): ContractPlan => {
    const months = pickMonths(random)
    const effect = addDays(subscribed, random.integer(0, 3))
    return { expiry: addDays(addMonths(effect, months), -1), months, subscribed, isReminded: false }
  }

  const plans: ContractPlan[] = []
  for (const offset of reminderOffsets) {
    for (let n = share(perReminderOffset); n > 0; n--) plans.push(renewed(addDays(today, offset), true))
  }
  for (let n = share(subscribedToday); n > 0; n--) plans.push(fresh(today))
  for (let n = share(subscribedYesterday); n > 0; n--) plans.push(fresh(addDays(today, -1)))
  while (plans.length < count) {
    const expiry = addDays(today, random.integer(expirySpan.first, expirySpan.last))
    plans.push(renewed(expiry, false))
  }
  return plans
}

function pickCategory(random: Random): Category {
  const drawn = random.integer(1, 100)
  let reached = 0
  for (const category of categories) {
    reached += category.percent
    if (drawn <= reached) return category
  }
  return categories[0]!
}

function makeVehicle(random: Random, models: readonly string[]): Vehicle {
  // Plates leave out the letters that read as digits.
  const letters = 'ABCDEFGHJKLMNPRSTUVWXYZ'
  const series = random.pick([...letters]) + random.pick([...letters])
  const region = String(random.integer(1, 13)).padStart(2, '0')
  return {
    plate: `${region} ${series} ${String(random.integer(1, 9999)).padStart(4, '0')}`,
    model: random.pick(models),
  }
}
