/**
 * The rules compiled: a message's facts in, the operators that may carry it out, best first. Pure.
 *
 * Rules are asked from the top. The first that applies gives the first operators, by rank; every further one that
 * applies gives its own behind them, so that a message never stops at a rule whose operators are all down. An
 * operator stands once, at its best place.
 */
import type { OverrideTarget } from '../../store/number-overrides.ts'
import type { RouteRule } from '../../store/routes.ts'
import {
  type ConditionFacts,
  type ConditionName,
  type MessageFacts,
  type MessageKind,
  mayHold,
  missedConditions,
} from './conditions.ts'
import { isWithinHours } from './hours.ts'
import { type Network, networkKey } from './networks.ts'
import { createNumberPlan, type NumberPlace } from './number-plan.ts'
import { type Sharer, sharedOrder } from './share.ts'

/** Kinds of message whose ranking is remembered: some 100 octets each; beyond that they are worked out again. */
const rememberedLimit = 20_000
/** Minutes whose windows are remembered: messages for one day. */
const rememberedMinutes = 1_440

/** Operators of one rule and rank; several of them share the load. */
export interface Tier {
  /** 1-based place of the rule in the table. */
  position: number
  rank: number
  sharers: readonly Sharer[]
}

export interface RuleReading {
  position: number
  rule: RouteRule
  /** Conditions that do not hold. */
  missed: ConditionName[]
  /** Active, and every condition holds. */
  applies: boolean
}

export interface Placement {
  place: NumberPlace
  /** By override, else by prefix. */
  network: string | null
}

export interface RuleTable {
  /** Operators best first, never one twice; the same for equal facts. */
  rankingOf(facts: MessageFacts, override: OverrideTarget | null): readonly number[]
  /** The same before load is shared. */
  tiersOf(facts: MessageFacts, override: OverrideTarget | null): readonly Tier[]
  placementOf(recipient: string, override: OverrideTarget | null): Placement
  /** Every operator that some message of this kind may be given to, at any hour; in the order of the rules. */
  carriersOf(kind: MessageKind): readonly number[]
  /** Every rule in order, with why it does or does not apply. */
  explain(facts: MessageFacts, override: OverrideTarget | null): RuleReading[]
}

interface Remembered {
  tiers: readonly Tier[]
  /** The ranking when no load is shared; null when it depends on the phone. */
  ranking: readonly number[] | null
}

export function createRuleTable(rules: readonly RouteRule[], networks: readonly Network[]): RuleTable {
  const plan = createNumberPlan(networks, new Set(rules.flatMap(({ when }) => when.prefixes ?? [])))
  const active = rules.filter(rule => rule.isActive)
  const namedSenders = new Set(active.flatMap(({ when }) => when.senders ?? []))
  const asksCategory = active.some(({ when }) => when.categories !== undefined)
  const windowsAt = createWindows(active)
  const remembered = new Map<string, Remembered>()

  function placementOf(recipient: string, override: OverrideTarget | null): Placement {
    const place = plan.placeOf(recipient)
    const code = override?.network ?? null
    if (code === null || place.country === null) return { place, network: place.network }
    return { place, network: networkKey(place.country, code) }
  }

  function readings(facts: ConditionFacts): RuleReading[] {
    return rules.map((rule, index) => {
      const missed = missedConditions(rule.when, facts)
      return { position: index + 1, rule, missed, applies: rule.isActive && missed.length === 0 }
    })
  }

  function remember({ sender, category, atMs }: MessageFacts, { place, network }: Placement): Remembered {
    // Everything that a condition may ask, and nothing more: what no rule names makes no difference.
    const senderKey = sender !== null && namedSenders.has(sender) ? sender : ''
    const asked = asksCategory ? category : ''
    const windows = windowsAt(atMs)
    // Most tables ask nothing but the place, and most numbers have no network of their own: no key is built for them.
    const isPlain = network === place.network && asked === '' && windows === '' && senderKey === ''
    const key = isPlain ? place.head : `${place.head}|${network}|${asked}|${windows}|${senderKey}`
    const known = remembered.get(key)
    if (known !== undefined) return known
    const applying = readings({ sender, category, atMs, place, network }).filter(reading => reading.applies)
    const tiers = tiersOf(applying)
    const isShared = tiers.some(({ sharers }) => sharers.length > 1)
    const entry = { tiers, ranking: isShared ? null : tiers.map(({ sharers }) => sharers[0]!.operatorId) }
    if (remembered.size >= rememberedLimit) remembered.clear()
    remembered.set(key, entry)
    return entry
  }

  return {
    placementOf,
    tiersOf: (facts, override) => remember(facts, placementOf(facts.recipient, override)).tiers,
    rankingOf(facts, override) {
      const { recipient } = facts
      const { ranking, tiers } = remember(facts, placementOf(recipient, override))
      const ranked = ranking ?? tiers.flatMap(({ sharers }) => sharedOrder(sharers, recipient))
      return override === null ? ranked : preferring(ranked, override.operatorId)
    },
    carriersOf(kind) {
      const rules = active.filter(({ when }) => mayHold(when, kind))
      return [...new Set(rules.flatMap(rule => rule.operators.map(({ operatorId }) => operatorId)))]
    },
    explain: ({ recipient, ...facts }, override) =>
      readings({ ...facts, ...placementOf(recipient, override) }),
  }
}

function tiersOf(applying: readonly RuleReading[]): Tier[] {
  const seen = new Set<number>()
  const tiers: Tier[] = []
  for (const { position, rule } of applying) {
    const byRank = Map.groupBy(rule.operators, operator => operator.rank)
    for (const rank of [...byRank.keys()].sort((a, b) => a - b)) {
      const sharers = byRank.get(rank)!.filter(({ operatorId }) => !seen.has(operatorId))
      if (sharers.length === 0) continue
      for (const { operatorId } of sharers) seen.add(operatorId)
      tiers.push({ position, rank, sharers })
    }
  }
  return tiers
}

/** An override moves an operator that a rule allows to the front; it never adds one that none does. */
function preferring(ranked: readonly number[], operatorId: number | null): readonly number[] {
  if (operatorId === null || !ranked.includes(operatorId)) return ranked
  return [operatorId, ...ranked.filter(id => id !== operatorId)]
}

/** Which of the rules with hours are open, one character each; worked out once a minute. */
function createWindows(rules: readonly RouteRule[]): (atMs: number) => string {
  const hours = rules.flatMap(({ when }) => (when.hours === undefined ? [] : [when.hours]))
  if (hours.length === 0) return () => ''
  const known = new Map<number, string>()
  return atMs => {
    const minute = Math.floor(atMs / 60_000)
    let windows = known.get(minute)
    if (windows === undefined) {
      windows = hours.map(each => (isWithinHours(each, minute * 60_000) ? '1' : '0')).join('')
      if (known.size >= rememberedMinutes) known.clear()
      known.set(minute, windows)
    }
    return windows
  }
}
