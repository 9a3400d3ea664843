/** Routes: the rules read and replaced as a whole; the way of one number, explained. */
import type { z } from 'zod'
import { RappelError } from '../../errors.ts'
import { networksInForce } from '../../gateway/routing/networks.ts'
import type { Way } from '../../gateway/routing/routing.ts'
import { ruleProblems } from '../../gateway/routing/rule-problems.ts'
import type { RouteConditions, RouteRule } from '../../store/routes.ts'
import { routeTable, routeTableRequest, way, wayQuery } from '../contract/routes.ts'
import { batchBodyBytes, type Endpoint, endpoint } from '../endpoint.ts'
import { recipientOf } from '../prepare-message.ts'
import type { Workshop } from '../workshop.ts'
import { iso } from './times.ts'

const noun = 'routes'

type TableAnswer = z.input<typeof routeTable>

export const routeEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/routes',
    noun,
    scope: 'operators:read',
    summary: 'Show the rules that give messages their operators, in order',
    status: 200,
    answer: routeTable,
    handle: async (_call, { store }) => (await store.routes.list()) as TableAnswer,
  }),
  endpoint({
    method: 'put',
    path: '/routes',
    noun,
    scope: 'operators:write',
    summary: 'Replace all rules; messages queued already keep their operator',
    body: routeTableRequest,
    bodyBytes: batchBodyBytes,
    status: 200,
    answer: routeTable,
    async handle({ body, change }, { store, reloadRoutes }) {
      const { rules: given, fallbackAfterMinutes, secondTry } = body
      const rules = given.map(ruleOf)
      const problems = ruleProblems(rules, networksInForce(await store.networks.list()))
      if (problems.length > 0) throw new RappelError('invalid-request', { problems })
      const policy = {
        ...(fallbackAfterMinutes !== undefined && { fallbackAfterMinutes }),
        ...(secondTry !== undefined && { secondTry }),
      }
      await store.routes.replace({ rules, ...policy }, change)
      await reloadRoutes()
      return (await store.routes.list()) as TableAnswer
    },
  }),
  endpoint({
    method: 'get',
    path: '/routes/way',
    noun,
    scope: 'operators:read',
    summary: 'Tell which way a message to a number would go, and why; nothing is sent',
    query: wayQuery,
    status: 200,
    answer: way,
    errors: ['invalid-recipient'],
    async handle({ query }, workshop) {
      const { gateway, clock, settings } = workshop
      const recipient = recipientOf(query.number, settings)
      const atMs = query.at === undefined ? clock.nowMs() : Date.parse(query.at)
      const { sender = null, category = 'transactional' } = query
      const found = gateway.wayOf({ recipient, sender, category, atMs })
      return wayAnswer(found, { recipient, atMs }, workshop)
    },
  }),
]

type GivenRule = z.output<typeof routeTableRequest>['rules'][number]

/** Operators without a rank are tried in the order in which they are written. */
function ruleOf({ name, isActive = true, when = {}, operators }: GivenRule): RouteRule {
  return {
    name,
    isActive,
    // Zod tells an absent condition as one that may be undefined.
    when: when as RouteConditions,
    operators: operators.map(({ operatorId, rank, weight = 1 }, index) => ({
      operatorId,
      rank: rank ?? index + 1,
      weight,
    })),
  }
}

async function wayAnswer(
  found: Way,
  { recipient, atMs }: { recipient: string; atMs: number },
  { store }: Pick<Workshop, 'store'>,
): Promise<z.input<typeof way>> {
  const stored = found.override === null ? null : await store.numberOverrides.find(recipient)
  const names = new Map((await store.operators.list()).map(({ operatorId, name }) => [operatorId, name]))
  const isOverridden = found.override !== null && found.override.network !== null
  return {
    number: recipient,
    at: iso(atMs),
    country: found.place.country,
    network: found.network,
    networkBy: isOverridden ? 'override' : found.network === null ? 'none' : 'prefix',
    networkPrefix: found.place.networkPrefix,
    override: stored && {
      network: stored.network,
      operatorId: stored.operatorId,
      origin: stored.origin,
      updatedAt: iso(stored.updatedAtMs),
    },
    rules: found.rules.map(({ position, rule: { name, isActive }, applies, missed }) => ({
      position,
      name,
      isActive,
      applies,
      missed,
    })),
    operators: found.ranking.map(({ operatorId, standing, isUsable }) => {
      const tier = found.tiers.find(({ sharers }) =>
        sharers.some(sharer => sharer.operatorId === operatorId),
      )!
      return {
        operatorId,
        name: names.get(operatorId) ?? '',
        position: tier.position,
        rank: tier.rank,
        isShared: tier.sharers.length > 1,
        state: standing.state,
        since: 'sinceMs' in standing ? iso(standing.sinceMs) : null,
        isUsable,
      }
    }),
    operatorId: found.operatorId,
    why: found.why,
  }
}
