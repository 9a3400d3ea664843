/** Messages from phones: searched, looked into, tried again; and those that others must fetch. */
import type { z } from 'zod'
import { RappelError } from '../../errors.ts'
import type { InboundActionRecord, IncomingMessageRecord } from '../../store/inbound-messages.ts'
import { waitingQuery } from '../contract/inbound.ts'
import {
  incomingAction,
  type incomingMessage,
  incomingPage,
  incomingSearch,
  incomingWithParts,
  waitingPage,
} from '../contract/incoming.ts'
import { idParams, usualPageLimit } from '../contract/values.ts'
import { type Endpoint, endpoint } from '../endpoint.ts'
import { askFor, given, pageOf } from './pages.ts'
import { iso, isoOrNull } from './times.ts'

const noun = 'incoming'

export const incomingEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/incoming',
    noun,
    scope: 'inbound:read',
    summary: 'Search incoming messages, newest first',
    query: incomingSearch,
    status: 200,
    answer: incomingPage,
    async handle({ query }, { store }) {
      const { before, limit, phone, shortCode, state, receivedFrom } = query
      const found = await store.incoming.search({
        ...askFor({ before, limit }),
        ...given({
          phone: phone?.replace('+', ''),
          shortCode: shortCode?.replace(/^\+/, ''),
          state,
          receivedFromMs: receivedFrom === undefined ? undefined : Date.parse(receivedFrom),
        }),
      })
      const { entries, nextBefore } = pageOf(found, { limit }, entry => entry.incomingId)
      return { messages: entries.map(messageOf), nextBefore }
    },
  }),
  endpoint({
    method: 'get',
    path: '/incoming/:id',
    noun,
    scope: 'inbound:read',
    summary: 'Show an incoming message, its parts and what was done for it',
    params: idParams,
    status: 200,
    answer: incomingWithParts,
    errors: ['not-found'],
    async handle({ params }, { store }) {
      const found = await store.incoming.find(params.id)
      if (found === null) throw new RappelError('not-found', { noun, id: params.id })
      return {
        ...messageOf(found.message),
        parts: found.parts.map(({ receivedAtMs, sentAtMs, ...part }) => ({
          ...part,
          receivedAt: iso(receivedAtMs),
          sentAt: isoOrNull(sentAtMs),
        })),
        actions: found.actions.map(actionOf),
      }
    },
  }),
  endpoint({
    method: 'post',
    path: '/incoming/:id/retry',
    noun,
    scope: 'inbound:write',
    summary: 'Have a failed message handled again by the rules of now; what was done is not repeated',
    params: idParams,
    status: 204,
    errors: ['not-found', 'conflict'],
    handle: ({ params, change }, { store }) => store.inbound.retry(params.id, change),
  }),
  endpoint({
    method: 'get',
    path: '/inbound/waiting',
    noun,
    scope: 'inbound:read',
    summary: 'List what waits to be fetched by mail, applications or SMPP clients, oldest first',
    query: waitingQuery,
    status: 200,
    answer: waitingPage,
    async handle({ query }, { store }) {
      const { kind, after, limit = usualPageLimit } = query
      const found = await store.inbound.waiting({ ...given({ kind, afterId: after }), limit: limit + 1 })
      const page = found.slice(0, limit)
      return {
        actions: page.map(({ action, message }) => ({
          action: actionOf(action),
          message: messageOf(message),
        })),
        nextAfter: found.length > limit ? page.at(-1)!.action.actionId : null,
      }
    },
  }),
  endpoint({
    method: 'post',
    path: '/inbound/waiting/:id/done',
    noun,
    scope: 'inbound:write',
    summary: 'Say that what waited was fetched',
    params: idParams,
    status: 200,
    answer: incomingAction,
    errors: ['not-found', 'conflict'],
    handle: async ({ params, change }, { store }) => actionOf(await store.inbound.finish(params.id, change)),
  }),
]

function messageOf(record: IncomingMessageRecord): z.input<typeof incomingMessage> {
  const { ownerClientId, ownerAlertId, answeredMessageId, receivedAtMs, handledAtMs, ...same } = record
  return {
    ...same,
    owner:
      answeredMessageId === null
        ? null
        : { apiKeyId: ownerClientId, alertId: ownerAlertId, messageId: answeredMessageId },
    receivedAt: iso(receivedAtMs),
    handledAt: isoOrNull(handledAtMs),
  }
}

function actionOf(record: InboundActionRecord): z.input<typeof incomingAction> {
  const { actionId, kind, target, state, detail, messageId, createdAtMs, finishedAtMs } = record
  return {
    actionId,
    kind,
    target,
    state,
    detail,
    messageId,
    createdAt: iso(createdAtMs),
    finishedAt: isoOrNull(finishedAtMs),
  }
}
