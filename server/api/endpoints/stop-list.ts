/** The stop list: numbers that asked for silence. */
import { RappelError } from '../../errors.ts'
import { everyService } from '../../store/stop-list.ts'
import {
  stopListAdded,
  stopListKey,
  stopListPage,
  stopListQuery,
  stopListRequest,
} from '../contract/stop-list.ts'
import { usualPageLimit } from '../contract/values.ts'
import { type Endpoint, endpoint } from '../endpoint.ts'
import { recipientOf } from '../prepare-message.ts'
import { iso } from './times.ts'

const noun = 'stop-list'

export const stopListEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/stop-list',
    noun,
    scope: 'messages:read',
    summary: 'List the numbers that asked for silence',
    query: stopListQuery,
    status: 200,
    answer: stopListPage,
    async handle({ query }, { store }) {
      const limit = query.limit ?? usualPageLimit
      const after = query.after === undefined ? {} : { afterRecipient: query.after }
      const found = await store.stopList.list({ ...after, limit: limit + 1 })
      const page = found.length > limit ? wholeNumbers(found, limit) : found
      return {
        entries: page.map(({ createdAtMs, ...entry }) => ({ ...entry, createdAt: iso(createdAtMs) })),
        nextAfter: found.length > limit ? page.at(-1)!.recipient : null,
      }
    },
  }),
  endpoint({
    method: 'post',
    path: '/stop-list',
    noun,
    scope: 'messages:write',
    summary: 'Add numbers; without a service every service is silent',
    body: stopListRequest,
    status: 200,
    answer: stopListAdded,
    errors: ['invalid-recipient'],
    async handle({ body, change }, { store, settings }) {
      const entries = body.entries.map(({ recipient, service = everyService, reason = '' }) => ({
        recipient: recipientOf(recipient, settings),
        service,
        reason,
      }))
      const added = await store.stopList.add(entries, change)
      return { added, known: entries.length - added }
    },
  }),
  endpoint({
    method: 'delete',
    path: '/stop-list',
    noun,
    scope: 'messages:write',
    summary: 'Take a number off the list',
    query: stopListKey,
    status: 204,
    errors: ['invalid-recipient', 'not-found'],
    async handle({ query, change }, { store, settings }) {
      const recipient = recipientOf(query.recipient, settings)
      const isRemoved = await store.stopList.remove(
        { recipient, service: query.service ?? everyService },
        change,
      )
      if (!isRemoved) throw new RappelError('not-found', { noun, id: recipient })
    },
  }),
]

/** Pages are cut between numbers: the services of one number stand together, or the next page would miss some. */
function wholeNumbers<Entry extends { recipient: string }>(found: readonly Entry[], limit: number): Entry[] {
  const cutNumber = found[limit]!.recipient
  const page = found.slice(0, limit).filter(entry => entry.recipient !== cutNumber)
  return page.length > 0 ? page : found.slice(0, limit)
}
