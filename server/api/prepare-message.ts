/** From a caller's request to a message ready to be stored: number, text, time. */

import type { SendingTerms } from '../../scheduler/alerts/policy/terms.ts'
import { nextAllowed } from '../../scheduler/calendar/sending-hours.ts'
import { localDateAt } from '../../scheduler/calendar/zoned.ts'
import type { BlockReason, Category, NewMessage } from '../../scheduler/store.ts'
import type { CompiledTemplate } from '../../templates/render.ts'
import { renderMessage } from '../../templates/render.ts'
import { parsePhones } from '../../templates/text/phone.ts'
import { type PreparedText, prepareText } from '../../templates/text/policy.ts'
import { parseLocalDate } from '../../templates/values.ts'
import { RappelError } from '../errors.ts'
import type { Gateway } from '../gateway/gateway.ts'
import type { MessageRequest } from './contract/messages.ts'
import type { ApiSettings } from './dependencies.ts'
import { invalidRequest } from './issues.ts'
import type { SendingCalendar } from './sending-rules.ts'

export interface Preparation {
  settings: ApiSettings
  nowMs: number
  apiKeyId: number
  /** Loaded before: preparing a batch waits for nothing. */
  templates: ReadonlyMap<number, CompiledTemplate | RappelError>
  /** null when every message is transactional. */
  calendar: SendingCalendar | null
  /** What the contract of the operator that would carry it has for a message. */
  termsOf: Gateway['termsOf']
}

export const usualService = 'default'
const usualValidityHours = 48
const usualMaxParts = 10
const hourMs = 3_600_000
/** Longer plans are alerts: they are looked at again when their day comes. */
const longestDelayMs = 366 * 24 * hourMs

/**
 * Pure but for the clock it is given.
 *
 * @throws RappelError `invalid-recipient`, `text-refused`, `invalid-request`, or the template's own failure
 */
export function prepareMessage(request: MessageRequest, preparation: Preparation): NewMessage {
  const { nowMs, settings } = preparation
  const recipient = recipientOf(request.to, settings)
  const text = textOf(request, preparation)
  const category = request.category ?? 'transactional'
  const wantedMs = request.sendAt === undefined ? nowMs : Math.max(Date.parse(request.sendAt), nowMs)
  if (wantedMs - nowMs > longestDelayMs) {
    throw invalidRequest([
      { path: 'body.sendAt', expected: 'at most 366 days ahead', received: 'a later time' },
    ])
  }
  const service = request.service ?? usualService
  const sender = request.sender ?? null
  const terms = preparation.termsOf({ recipient, sender, category, text: text.text, dueAtMs: wantedMs })
  const time = timeUnder(terms, { category, service, wantedMs }, preparation)
  const dueAtMs = time.kind === 'at' ? time.atMs : wantedMs
  return {
    recipient,
    sender,
    text: text.text,
    encoding: text.encoding,
    parts: text.parts.length,
    category,
    priority: request.priority ?? 'normal',
    state: time.kind === 'at' ? 'queued' : 'blocked',
    reason: time.kind === 'at' ? '' : time.reason,
    dueAtMs,
    expiresAtMs: dueAtMs + (request.validityHours ?? usualValidityHours) * hourMs,
    unknownPolicy: request.unknownPolicy ?? null,
    isFlash: request.flash ?? false,
    alertId: null,
    runId: null,
    clientId: preparation.apiKeyId,
    clientReference: request.reference ?? null,
    capKey: time.kind === 'at' ? time.capKey : null,
    service,
  }
}

type TimeUnder = { kind: 'at'; atMs: number; capKey: string | null } | { kind: 'never'; reason: BlockReason }

function timeUnder(
  terms: SendingTerms,
  wanted: { category: Category; service: string; wantedMs: number },
  { calendar }: Preparation,
): TimeUnder {
  if (terms.kind === 'refused') return { kind: 'never', reason: terms.reason }
  const { within } = terms
  if (wanted.category !== 'transactional' && calendar !== null) {
    const time = calendar.timeOf({ ...wanted, within })
    return time.kind === 'at' ? time : { kind: 'never', reason: 'no-sending-time' }
  }
  const at = within === null ? wanted.wantedMs : nextAllowed(new Date(wanted.wantedMs), within)
  return at === 'never'
    ? { kind: 'never', reason: 'no-sending-time' }
    : { kind: 'at', atMs: at.valueOf(), capKey: null }
}

/** @throws RappelError `invalid-recipient` */
export function recipientOf(to: string, { country }: Pick<ApiSettings, 'country'>): string {
  const read = parsePhones(to, { country })
  // A caller that names two numbers, or a number and something else, means what must not be guessed.
  const [rejected] = read.rejected
  if (rejected !== undefined) throw new RappelError('invalid-recipient', { reason: rejected.reason })
  if (read.kind === 'none') throw new RappelError('invalid-recipient', { reason: 'invalid' })
  if (read.phones.length > 1) throw new RappelError('invalid-recipient', { reason: 'several-numbers' })
  return read.phones[0]!.e164Digits
}

function textOf(
  request: MessageRequest,
  { templates, nowMs, settings }: Preparation,
): Extract<PreparedText, { kind: 'ready' }> {
  const policy = request.encoding ?? 'smart'
  const options = { maxParts: request.maxParts ?? usualMaxParts, tooLong: 'refuse' as const }
  if ((request.text === undefined) === (request.templateId === undefined)) {
    const received = request.text === undefined ? 'neither' : 'both'
    throw invalidRequest([{ path: 'body.text', expected: 'either text or templateId', received }])
  }
  if (request.text !== undefined) {
    if (request.values !== undefined) {
      throw invalidRequest([
        { path: 'body.values', expected: 'values with templateId only', received: 'text' },
      ])
    }
    return readyOrRefused(prepareText(request.text, policy, options))
  }
  const template = templates.get(request.templateId!)
  if (template === undefined)
    throw new RappelError('not-found', { noun: 'templates', id: request.templateId })
  if (template instanceof RappelError) throw template
  const today = parseLocalDate(localDateAt(new Date(nowMs), settings.zone))
  const rendered = renderMessage(template, request.values ?? {}, {
    ...options,
    policy,
    ...(today.kind === 'date' && { today: { year: today.year, month: today.month, day: today.day } }),
  })
  if (rendered.kind === 'missing') {
    throw new RappelError('text-refused', { reason: 'missing-value', variables: rendered.variables })
  }
  if (rendered.kind === 'failed')
    throw new RappelError('text-refused', { reason: rendered.code, ...rendered.detail })
  return readyOrRefused(rendered)
}

function readyOrRefused(prepared: PreparedText): Extract<PreparedText, { kind: 'ready' }> {
  if (prepared.kind === 'ready') return prepared
  throw new RappelError('text-refused', { reason: prepared.code, ...prepared.details })
}
