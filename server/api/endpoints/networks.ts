/** Networks: the prefix tables, those shipped and those that an administrator changed, as one. */
import type { z } from 'zod'
import { RappelError } from '../../errors.ts'
import {
  changedNetworks,
  type Network,
  networkKey,
  networkProblems,
  networksInForce,
} from '../../gateway/routing/networks.ts'
import type { Store } from '../../store/operations.ts'
import { networkTable } from '../contract/networks.ts'
import { type Endpoint, endpoint } from '../endpoint.ts'

const noun = 'networks'

export const networkEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/networks',
    noun,
    scope: 'operators:read',
    summary: 'Show the networks of each country and their prefixes',
    status: 200,
    answer: networkTable,
    handle: async (_call, { store }) => tableOf(store),
  }),
  endpoint({
    method: 'put',
    path: '/networks',
    noun,
    scope: 'operators:write',
    summary: 'Replace the prefix tables; a network that a rule names must stay',
    body: networkTable,
    status: 200,
    answer: networkTable,
    errors: ['conflict'],
    async handle({ body, change }, { store, reloadRoutes }) {
      const problems = networkProblems(body.networks)
      if (problems.length > 0) throw new RappelError('invalid-request', { problems })
      await refuseMissing(body.networks, store)
      await store.networks.replace(changedNetworks(body.networks), change)
      await reloadRoutes()
      return tableOf(store)
    },
  }),
]

async function tableOf(store: Store): Promise<z.input<typeof networkTable>> {
  const networks = networksInForce(await store.networks.list())
  return { networks: networks.map(network => ({ ...network, prefixes: [...network.prefixes] })) }
}

async function refuseMissing(networks: readonly Network[], store: Store): Promise<void> {
  const known = new Set(networks.map(({ country, code }) => networkKey(country, code)))
  const { rules } = await store.routes.list()
  const named = rules.flatMap(({ when }) => when.networks ?? [])
  const missing = [...new Set(named)].filter(key => !known.has(key))
  if (missing.length > 0) throw new RappelError('conflict', { noun, missing })
}
