/** Lists that phones put themselves on by a word. */
import { RappelError } from '../../errors.ts'
import {
  inboundList,
  inboundListRequest,
  inboundLists,
  listedKey,
  listedPage,
  listedQuery,
} from '../contract/inbound.ts'
import { idParams, usualPageLimit } from '../contract/values.ts'
import { type Endpoint, endpoint } from '../endpoint.ts'
import { recipientOf } from '../prepare-message.ts'
import { iso } from './times.ts'

const noun = 'inbound'

export const inboundListEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/inbound/lists',
    noun,
    scope: 'inbound:read',
    summary: 'List the lists that phones may put themselves on',
    status: 200,
    answer: inboundLists,
    handle: async (_call, { store }) => ({
      lists: (await store.inboundLists.list()).map(({ createdAtMs, ...list }) => ({
        ...list,
        createdAt: iso(createdAtMs),
      })),
    }),
  }),
  endpoint({
    method: 'post',
    path: '/inbound/lists',
    noun,
    scope: 'inbound:write',
    summary: 'Add an empty list',
    body: inboundListRequest,
    status: 201,
    answer: inboundList,
    errors: ['name-taken'],
    async handle({ body, change }, { store }) {
      const { createdAtMs, ...list } = await store.inboundLists.create(body.name, change)
      return { ...list, createdAt: iso(createdAtMs) }
    },
  }),
  endpoint({
    method: 'delete',
    path: '/inbound/lists/:id',
    noun,
    scope: 'inbound:write',
    summary: 'Delete a list that no rule adds to, with its numbers',
    params: idParams,
    status: 204,
    errors: ['not-found', 'conflict'],
    handle: ({ params, change }, { store }) => store.inboundLists.remove(params.id, change),
  }),
  endpoint({
    method: 'get',
    path: '/inbound/lists/:id/numbers',
    noun,
    scope: 'inbound:read',
    summary: 'Show the numbers on a list',
    params: idParams,
    query: listedQuery,
    status: 200,
    answer: listedPage,
    errors: ['not-found'],
    async handle({ params, query }, { store }) {
      const { after, limit = usualPageLimit } = query
      const found = await store.inboundLists.numbers(params.id, {
        ...(after !== undefined && { afterPhone: after }),
        limit: limit + 1,
      })
      const page = found.slice(0, limit)
      return {
        numbers: page.map(({ addedAtMs, ...number }) => ({ ...number, addedAt: iso(addedAtMs) })),
        nextAfter: found.length > limit ? page.at(-1)!.phone : null,
      }
    },
  }),
  endpoint({
    method: 'delete',
    path: '/inbound/lists/:id/numbers',
    noun,
    scope: 'inbound:write',
    summary: 'Take a number off a list',
    params: idParams,
    query: listedKey,
    status: 204,
    errors: ['invalid-recipient', 'not-found'],
    async handle({ params, query, change }, { store, settings }) {
      const phone = recipientOf(query.phone, settings)
      const isRemoved = await store.inboundLists.removeNumber(params.id, phone, change)
      if (!isRemoved) throw new RappelError('not-found', { noun, id: phone })
    },
  }),
]
