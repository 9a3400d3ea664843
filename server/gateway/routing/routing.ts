/**
 * Who carries a message now: the rules, the numbers with a way of their own, and the state of each operator.
 * Everything that chooses an operator asks here: acceptance, refusals for want of a route, the queue of a bind that is
 * down, second tries, dry runs and the explanation of a number's way.
 */
import type { Clock } from '../../../connectors/clock.ts'
import type { DeliveryReceipt } from '../../../connectors/operator.ts'
import type { Category } from '../../../scheduler/store.ts'
import type { OverrideTarget } from '../../store/number-overrides.ts'
import { type RoutePolicy, type RouteTable, usualRoutePolicy } from '../../store/routes.ts'
import type { MessageFacts, MessageKind } from './conditions.ts'
import type { Network } from './networks.ts'
import { createNumberOverrides, type NumberOverrides } from './overrides.ts'
import { createRuleTable, type Placement, type RuleReading, type Tier } from './table.ts'
import { createUnknownSubscriberTest } from './unknown-subscriber.ts'

/** An operator as routing sees it. `restarting`: with new settings, back in a moment. */
export type Standing =
  | { state: 'bound' | 'restarting' }
  /** Started and not bound, or not started at all. */
  | { state: 'down' | 'stopped'; sinceMs: number }

/** A message on its way in: what its way depends on. */
export interface RoutableMessage {
  recipient: string
  sender: string | null
  category: Category
  /** A message for later goes by the rules of that hour; one that is due, by those of now. */
  dueAtMs: number
}

/** Why a number goes where it goes. */
export interface Way extends Placement {
  override: OverrideTarget | null
  rules: RuleReading[]
  tiers: readonly Tier[]
  /** Best first, with their state now. */
  ranking: { operatorId: number; standing: Standing; isUsable: boolean }[]
  /** Whom a message would be given to; null when no rule applies. */
  operatorId: number | null
  /** `none-usable`: it would wait for the first of the ranking. */
  why: 'first-choice' | 'fallback' | 'none-usable' | 'no-rule'
}

export interface Routing {
  /** Takes over a new table at once; messages queued already keep their operator. */
  set(table: RouteTable, networks: readonly Network[]): void
  readonly policy: RoutePolicy
  readonly overrides: NumberOverrides
  /** Takes over numbers read anew. */
  setOverrides(fresh: NumberOverrides): void
  /** The first usable operator; with none usable the first of all, whose queue then waits for it. */
  firstFor(message: RoutableMessage): number | null
  /** After a refusal for want of a route only down the ranking, so that no message goes round for ever. */
  nextFor(message: RoutableMessage, operatorId: number): number | null
  /** Any other usable operator, best first: for a second and last try. */
  otherFor(message: RoutableMessage, operatorId: number): number | null
  /** The best other operator that is bound now. */
  boundFor(message: RoutableMessage, operatorId: number): number | null
  /** Down so long that others take its queue. */
  isLongDown(operatorId: number): boolean
  isUnknownSubscriber(receipt: Pick<DeliveryReceipt, 'state' | 'detail'>): boolean
  wayOf(facts: MessageFacts): Way
  /** Every operator that some message of this kind may be given to, whatever its state. */
  carriersOf(kind: MessageKind): readonly number[]
}

export interface RoutingDependencies {
  clock: Pick<Clock, 'nowMs'>
  standingOf(operatorId: number): Standing
}

export function createRouting({ clock, standingOf }: RoutingDependencies): Routing {
  let overrides = createNumberOverrides()
  let policy: RoutePolicy = usualRoutePolicy
  let rules = createRuleTable([], [])
  let isUnknownSubscriber = createUnknownSubscriberTest(policy.secondTry.receiptDetails)

  function isLongDown(operatorId: number): boolean {
    const standing = standingOf(operatorId)
    if (!('sinceMs' in standing)) return false
    return clock.nowMs() - standing.sinceMs >= policy.fallbackAfterMinutes * 60_000
  }

  /** A short cut heals itself: its traffic waits. An operator that nobody started does not. */
  const isUsable = (operatorId: number): boolean =>
    standingOf(operatorId).state !== 'stopped' && !isLongDown(operatorId)

  const isBound = (operatorId: number): boolean => standingOf(operatorId).state === 'bound'

  function rankingOf({ recipient, sender, category, dueAtMs }: RoutableMessage): readonly number[] {
    const atMs = Math.max(dueAtMs, clock.nowMs())
    return rules.rankingOf({ recipient, sender, category, atMs }, overrides.get(recipient))
  }

  function chosen(ranking: readonly number[]): number | null {
    return ranking.find(isUsable) ?? ranking[0] ?? null
  }

  return {
    set({ rules: wanted, ...newPolicy }, networks) {
      rules = createRuleTable(wanted, networks)
      policy = newPolicy
      isUnknownSubscriber = createUnknownSubscriberTest(policy.secondTry.receiptDetails)
    },
    get policy() {
      return policy
    },
    get overrides() {
      return overrides
    },
    setOverrides(fresh) {
      overrides = fresh
    },
    firstFor: message => chosen(rankingOf(message)),
    nextFor(message, operatorId) {
      const ranking = rankingOf(message)
      const further = ranking.slice(ranking.indexOf(operatorId) + 1)
      return further.find(id => id !== operatorId && isUsable(id)) ?? null
    },
    otherFor: (message, operatorId) =>
      rankingOf(message).find(id => id !== operatorId && isUsable(id)) ?? null,
    boundFor: (message, operatorId) =>
      rankingOf(message).find(id => id !== operatorId && isBound(id)) ?? null,
    isLongDown,
    isUnknownSubscriber: receipt => isUnknownSubscriber(receipt),
    carriersOf: kind => rules.carriersOf(kind),
    wayOf(facts) {
      const override = overrides.get(facts.recipient)
      const ranking = rules.rankingOf(facts, override)
      const operatorId = chosen(ranking)
      return {
        ...rules.placementOf(facts.recipient, override),
        override,
        rules: rules.explain(facts, override),
        tiers: rules.tiersOf(facts, override),
        ranking: ranking.map(id => ({ operatorId: id, standing: standingOf(id), isUsable: isUsable(id) })),
        operatorId,
        why: whyOf(ranking, operatorId, isUsable),
      }
    },
  }
}

function whyOf(
  ranking: readonly number[],
  operatorId: number | null,
  isUsable: (operatorId: number) => boolean,
): Way['why'] {
  if (operatorId === null) return 'no-rule'
  if (!isUsable(operatorId)) return 'none-usable'
  return operatorId === ranking[0] ? 'first-choice' : 'fallback'
}
