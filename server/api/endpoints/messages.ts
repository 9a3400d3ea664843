/** Messages looked up, cancelled and released. */
import { RappelError } from '../../errors.ts'
import type { MessageRecord } from '../../store/messages.ts'
import {
  cancelAnswer,
  type Message,
  message,
  messageIds,
  messagePage,
  messageSearch,
  messageTimeline,
  messageWithParts,
  releaseAnswer,
} from '../contract/messages.ts'
import { idParams } from '../contract/values.ts'
import { type Endpoint, endpoint } from '../endpoint.ts'
import type { Workshop } from '../workshop.ts'
import { askFor, given, pageOf } from './pages.ts'
import { iso, isoOrNull } from './times.ts'

const noun = 'messages'

export const messageEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'post',
    path: '/messages/cancel',
    noun,
    scope: 'messages:write',
    summary: 'Cancel messages that have not left',
    body: messageIds,
    status: 200,
    answer: cancelAnswer,
    async handle({ body, change }, { store }) {
      const cancelled = await store.messages.cancel(body.messageIds, change)
      return { cancelled, unchanged: without(body.messageIds, cancelled) }
    },
  }),
  endpoint({
    method: 'post',
    path: '/messages/release',
    noun,
    scope: 'messages:approve',
    summary: 'Let held messages and those of unknown outcome leave',
    body: messageIds,
    status: 200,
    answer: releaseAnswer,
    async handle({ body, change }, { store }) {
      const released = await store.messages.release(body.messageIds, change)
      return { released, unchanged: without(body.messageIds, released) }
    },
  }),
  endpoint({
    method: 'get',
    path: '/messages',
    noun,
    scope: 'messages:read',
    summary: 'Search messages, newest first',
    query: messageSearch,
    status: 200,
    answer: messagePage,
    async handle({ query }, { store }) {
      const { before, limit, recipient, state, alertId, runId, operatorId, entityKey } = query
      const found = await store.messages.search({
        ...askFor({ before, limit }),
        ...given({
          recipient: recipient?.replace('+', ''),
          state,
          alertId,
          runId,
          operatorId,
          entityKey,
          clientId: query.apiKeyId,
          clientReference: query.reference,
          createdFromMs: query.createdFrom === undefined ? undefined : Date.parse(query.createdFrom),
          createdToMs: query.createdTo === undefined ? undefined : Date.parse(query.createdTo),
        }),
      })
      const { entries, nextBefore } = pageOf(found, { limit }, entry => entry.messageId)
      return { messages: entries.map(messageOf), nextBefore }
    },
  }),
  endpoint({
    method: 'get',
    path: '/messages/:id',
    noun,
    scope: 'messages:read',
    summary: 'Show a message and its parts',
    params: idParams,
    status: 200,
    answer: messageWithParts,
    errors: ['not-found'],
    async handle({ params }, workshop) {
      const record = await findMessage(params.id, workshop)
      const parts = await workshop.store.messages.parts(params.id)
      return {
        ...messageOf(record),
        submittedParts: parts.map(part => ({
          partNumber: part.partNumber,
          operatorId: part.operatorId,
          remoteId: part.remoteKey,
          state: part.state,
          detail: part.detail,
          finalAt: isoOrNull(part.finalAtMs),
        })),
      }
    },
  }),
  endpoint({
    method: 'get',
    path: '/messages/:id/timeline',
    noun,
    scope: 'messages:read',
    summary: 'Show every state of a message with its time and reason',
    params: idParams,
    status: 200,
    answer: messageTimeline,
    errors: ['not-found'],
    async handle({ params }, { store }) {
      const entries = await store.messages.timeline(params.id)
      if (entries.length === 0) throw new RappelError('not-found', { noun, id: params.id })
      return {
        messageId: params.id,
        entries: entries.map(({ atMs, event, detail }) => ({ at: iso(atMs), event, detail })),
      }
    },
  }),
  endpoint({
    method: 'post',
    path: '/messages/:id/cancel',
    noun,
    scope: 'messages:write',
    summary: 'Cancel a message that has not left',
    params: idParams,
    status: 200,
    answer: message,
    errors: ['not-found', 'conflict'],
    async handle({ params, change }, workshop) {
      const cancelled = await workshop.store.messages.cancel([params.id], change)
      const record = await findMessage(params.id, workshop)
      if (cancelled.length === 0)
        throw new RappelError('conflict', { noun, id: params.id, state: record.state })
      return messageOf(record)
    },
  }),
]

async function findMessage(id: number, { store }: Workshop): Promise<MessageRecord> {
  const record = await store.messages.find(id)
  if (record === null) throw new RappelError('not-found', { noun, id })
  return record
}

function without(ids: readonly number[], taken: readonly number[]): number[] {
  const isTaken = new Set(taken)
  return [...new Set(ids)].filter(id => !isTaken.has(id))
}

function messageOf(record: MessageRecord): Message {
  return {
    messageId: record.messageId,
    alertId: record.alertId,
    runId: record.runId,
    apiKeyId: record.clientId,
    reference: record.clientReference,
    entityKey: record.entityKey,
    recipient: record.recipient,
    sender: record.sender,
    text: record.text,
    encoding: record.encoding,
    parts: record.parts,
    category: record.category,
    priority: record.priority,
    state: record.state,
    reason: record.reason,
    operatorId: record.operatorId,
    attempts: record.attempts,
    dueAt: iso(record.dueAtMs),
    expiresAt: iso(record.expiresAtMs),
    createdAt: iso(record.createdAtMs),
    sendingAt: isoOrNull(record.sendingAtMs),
    sentAt: isoOrNull(record.sentAtMs),
    finalAt: isoOrNull(record.finalAtMs),
  }
}
