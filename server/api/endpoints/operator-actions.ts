/** What is done to the link of an operator while it runs, and what it tells: events, drain, trace, diagnosis. */
import type { z } from 'zod'
import { RappelError } from '../../errors.ts'
import type { Finding } from '../../gateway/diagnosis/finding.ts'
import type { Traces } from '../../gateway/traces.ts'
import { requireScope } from '../authentication.ts'
import {
  type diagnosis,
  diagnosisRequest,
  diagnosis as diagnosisShape,
  operator,
  operatorEventPage,
  traceContent,
  traceRequest,
  traceStatus,
} from '../contract/operators.ts'
import { idParams, pageQuery } from '../contract/values.ts'
import { type Endpoint, endpoint } from '../endpoint.ts'
import { isoOrNull, showOperator } from '../operator-view.ts'
import { recipientOf } from '../prepare-message.ts'
import type { Workshop } from '../workshop.ts'
import { findOperator } from './operators.ts'
import { askFor, pageOf } from './pages.ts'
import { iso } from './times.ts'

const noun = 'operators'
const usualTraceMinutes = 60
const usualReceiptSeconds = 60

export const operatorActionEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/operators/:id/events',
    noun,
    scope: 'operators:read',
    summary: 'List what happened to the link of an operator, newest first; the last 5,000 are kept',
    params: idParams,
    query: pageQuery,
    status: 200,
    answer: operatorEventPage,
    errors: ['not-found'],
    async handle({ params, query }, workshop) {
      await findOperator(params.id, workshop)
      const request = { operatorId: params.id, ...askFor(query) }
      const found = await workshop.store.operatorEvents.list(request)
      const { entries, nextBefore } = pageOf(found, query, ({ eventId }) => eventId)
      return {
        events: entries.map(({ eventId, atMs, event, bind, detail }) => ({
          eventId,
          at: iso(atMs),
          event,
          bind,
          detail,
        })),
        nextBefore,
      }
    },
  }),
  endpoint({
    method: 'post',
    path: '/operators/:id/drain',
    noun,
    scope: 'operators:write',
    summary: 'Submit nothing more and stay bound for answers, receipts and incoming messages',
    params: idParams,
    status: 200,
    answer: operator,
    // It is not started.
    errors: ['not-found', 'conflict'],
    async handle({ params, change }, workshop) {
      const record = await findOperator(params.id, workshop)
      await workshop.gateway.drainOperator(params.id)
      await workshop.store.operators.note(params.id, 'drain', change)
      return showOperator(record, workshop)
    },
  }),
  endpoint({
    method: 'post',
    path: '/operators/:id/trace',
    noun,
    scope: 'operators:write',
    summary:
      'Switch the protocol trace of an operator on or off; it goes off by itself, and with the product',
    params: idParams,
    body: traceRequest,
    status: 200,
    answer: traceStatus,
    errors: ['not-found', 'conflict'],
    async handle({ params, body, change }, workshop) {
      const { operatorId, name } = await findOperator(params.id, workshop)
      const traces = tracesOf(workshop)
      await workshop.store.operators.note(operatorId, body.isOn ? 'trace-on' : 'trace-off', change)
      if (body.isOn) traces.start({ operatorId, name }, body.minutes ?? usualTraceMinutes)
      else await traces.stop({ operatorId, name })
      return traceOf(traces, operatorId)
    },
  }),
  endpoint({
    method: 'get',
    path: '/operators/:id/trace',
    noun,
    scope: 'operators:read',
    summary: 'Read the newest lines of the protocol trace, 1 MB at most; no texts, no passwords',
    params: idParams,
    status: 200,
    answer: traceContent,
    errors: ['not-found', 'conflict'],
    async handle({ params }, workshop) {
      await findOperator(params.id, workshop)
      const traces = tracesOf(workshop)
      return { ...traceOf(traces, params.id), text: await traces.tail(params.id) }
    },
  }),
  endpoint({
    method: 'post',
    path: '/operators/:id/diagnose',
    noun,
    scope: 'operators:write',
    summary:
      'Walk the check-list from the settings to the login and, with a number, to the receipt of a real message; a stopped operator logs in for a moment',
    params: idParams,
    body: diagnosisRequest,
    isBodyOptional: true,
    status: 200,
    answer: diagnosisShape,
    errors: ['not-found', 'conflict', 'invalid-recipient'],
    async handle({ params, body, client, change, signal }, workshop) {
      await findOperator(params.id, workshop)
      const { to, receiptSeconds = usualReceiptSeconds, replySeconds = 0 } = body
      // What is sent is paid for, as any message of this key.
      if (to !== undefined) requireScope(client, 'messages:write')
      const recipient = to === undefined ? null : recipientOf(to, workshop.settings)
      await workshop.store.operators.note(params.id, 'diagnose', change)
      const findings = await workshop.diagnose(params.id, {
        to: recipient,
        clientId: client.apiKeyId,
        receiptSeconds,
        replySeconds,
        signal,
      })
      return diagnosisOf(findings)
    },
  }),
]

function tracesOf({ gateway }: Workshop): Traces {
  if (gateway.traces !== null) return gateway.traces
  throw new RappelError('conflict', { reason: 'no-trace-directory' })
}

function traceOf(traces: Traces, operatorId: number): z.input<typeof traceStatus> {
  const { isOn, untilMs } = traces.status(operatorId)
  return { isOn, until: isoOrNull(untilMs) }
}

function diagnosisOf(findings: Finding[]): z.input<typeof diagnosis> {
  const has = (outcome: Finding['outcome']): boolean => findings.some(finding => finding.outcome === outcome)
  // What was not looked at to the end is not known to be in order.
  const isCut = findings.some(({ code }) => code === 'interrupted' || code === 'account-in-use')
  return { outcome: has('failed') ? 'failed' : has('warning') || isCut ? 'warning' : 'ok', findings }
}
