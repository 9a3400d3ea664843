/** What POST /messages and POST /messages/batch share: templates and stop list beforehand, then the gateway. */

import type { EnqueueItem, EnqueueResult, NewMessage } from '../../scheduler/store.ts'
import type { CompiledTemplate } from '../../templates/render.ts'
import { RappelError } from '../errors.ts'
import type { MessageRequest } from './contract/messages.ts'
import type { Call } from './endpoint.ts'
import { failureOf } from './failures.ts'
import { type Preparation, prepareMessage, usualService } from './prepare-message.ts'
import { heedsStopList } from './sending-rules.ts'
import type { Workshop } from './workshop.ts'

type Caller = Pick<Call<unknown, unknown, unknown>, 'client' | 'change' | 'idempotency'>

/** One per request, in order: the message, or why it cannot be. */
export type Prepared = NewMessage | RappelError

/** Prepares many requests; waits for the store only where a template or a rule needs it. */
export async function prepareAll(
  requests: readonly MessageRequest[],
  { client, change }: Caller,
  workshop: Workshop,
): Promise<Prepared[]> {
  const needsCalendar = requests.some(request => (request.category ?? 'transactional') !== 'transactional')
  const preparation: Preparation = {
    settings: workshop.settings,
    nowMs: change.nowMs,
    apiKeyId: client.apiKeyId,
    templates: await compiledFor(requests, workshop),
    termsOf: workshop.gateway.termsOf,
    calendar: needsCalendar ? await workshop.sendingRules.today() : null,
  }
  const prepared = requests.map(request => {
    try {
      return prepareMessage(request, preparation)
    } catch (error) {
      return expectedFailure(error)
    }
  })
  if (needsCalendar) await applyStopList(requests, prepared, workshop)
  return prepared
}

/**
 * Stores messages through the gateway; resolves after the commit that holds them.
 *
 * @throws RappelError `idempotency-mismatch`, `store-unavailable`, `stopping`
 */
export async function storeMessages(
  messages: readonly NewMessage[],
  { idempotency }: Caller,
  { gateway }: Workshop,
): Promise<{ isReplayed: boolean; results: Exclude<EnqueueResult, { kind: 'duplicate' | 'completed' }>[] }> {
  const items: EnqueueItem[] = messages.map(message => ({ message, ledger: null }))
  const answer = await gateway.accept(idempotency === undefined ? { items } : { items, idempotency })
  // A replay of another length: a template changed between, and what was good then is not good now.
  if (answer.kind === 'mismatch' || answer.results.length !== messages.length) {
    throw new RappelError('idempotency-mismatch', { key: idempotency?.key })
  }
  const results = answer.results.map(result => {
    if (result.kind !== 'enqueued') throw new Error(`a message without ledger key became ${result.kind}`)
    return result
  })
  return { isReplayed: answer.kind === 'replayed', results }
}

async function compiledFor(
  requests: readonly MessageRequest[],
  { templates }: Workshop,
): Promise<Map<number, CompiledTemplate | RappelError>> {
  const found = new Map<number, CompiledTemplate | RappelError>()
  for (const { templateId } of requests) {
    if (templateId === undefined || found.has(templateId)) continue
    found.set(templateId, await templates.take(templateId).catch(expectedFailure))
  }
  return found
}

async function applyStopList(
  requests: readonly MessageRequest[],
  prepared: Prepared[],
  { store }: Workshop,
): Promise<void> {
  const byService = new Map<string, { message: NewMessage; index: number }[]>()
  prepared.forEach((message, index) => {
    if (message instanceof RappelError || !heedsStopList(message.category)) return
    const service = requests[index]!.service ?? usualService
    byService.set(service, [...(byService.get(service) ?? []), { message, index }])
  })
  for (const [service, entries] of byService) {
    const recipients = entries.map(({ message }) => message.recipient)
    const standings = await store.standings.of(recipients, service, null)
    entries.forEach(({ message, index }, position) => {
      if (standings[position]?.isStopped === true) {
        prepared[index] = { ...message, state: 'blocked', reason: 'stop-list', capKey: null }
      }
    })
  }
}

/** Bugs go on up; what the caller can mend becomes a value. */
function expectedFailure(error: unknown): RappelError {
  const failure = failureOf(error)
  if (failure.status >= 500) throw error
  return failure
}
