/** What is done for one incoming message: its rule, and what that rule says under the circumstances. Pure. */
import type { CountryCode } from '../../../templates/text/country-presets.ts'
import type { InboundOwner } from '../../store/inbound-context.ts'
import type { InboundPlan, InboundStep, ReadyIncoming } from '../../store/inbound-handling.ts'
import type { InboundAction, InboundRuleRecord } from '../../store/inbound-rules.ts'
import type { RoutedMessage } from '../../store/routed.ts'
import { everyService } from '../../store/stop-list.ts'
import { type Match, matchRule } from './match.ts'
import { type ReplyTemplates, renderReply } from './reply-text.ts'
import type { InboundSender } from './sender.ts'

export interface PlanFacts {
  rules: readonly InboundRuleRecord[]
  templates: ReplyTemplates
  country: CountryCode
  sender: InboundSender
  /** Who wrote to the phone last; null when nobody did lately. */
  owner: InboundOwner | null
  nowMs: number
  /** The operator that carries the reply. */
  operatorId: number | null
}

/** An answer that comes a day later, after an outage or an upgrade, is about nothing any more. */
const latestReplyMs = 24 * 3_600_000
/** A reply is worth sending for as long as somebody may wait for it. */
const replyValidityMs = 24 * 3_600_000
/** Whoever wrote to the phone last, in a `mail`, `application` or `smpp-client` action. */
const ownerTarget = 'owner'
/** The service of the last message written to the phone, in a `stop` or `start` action. */
const lastService = 'last'

/** Steps that speak to the phone or about it; the others only hand the message on. */
type SpokenKind = 'reply' | 'help' | 'stop' | 'start' | 'list'
const spokenKinds: ReadonlySet<InboundAction['kind']> = new Set(['reply', 'help', 'stop', 'start', 'list'])

export function planFor(message: ReadyIncoming, facts: PlanFacts): InboundPlan {
  const { sender, owner } = facts
  const match =
    message.encoding === 'binary'
      ? null
      : matchRule(facts.rules, {
          shortCode: message.shortCode,
          text: message.text,
          hasBeginning: !message.missingParts.includes(1),
          isComplete: message.missingParts.length === 0,
        })
  const steps = match === null ? [] : match.rule.actions.map(action => stepOf(action, match, message, facts))
  return {
    incomingId: message.incomingId,
    operatorId: message.operatorId,
    phone: sender.phone,
    ruleId: match?.rule.ruleId ?? null,
    keyword: match?.keyword ?? '',
    service: steps.find(step => step.kind === 'stop' || step.kind === 'start')?.target ?? null,
    owner,
    detail: match !== null ? '' : message.encoding === 'binary' ? 'binary' : 'no-rule',
    steps,
  }
}

function stepOf(
  action: InboundAction,
  match: Match<InboundRuleRecord>,
  message: ReadyIncoming,
  facts: PlanFacts,
): InboundStep {
  const target = targetOf(action, facts.owner)
  const notDone = (reason: string, isFailure: boolean): InboundStep => ({
    kind: 'not-done',
    of: action.kind,
    target: target ?? '',
    isFailure,
    reason,
  })
  if (spokenKinds.has(action.kind) && facts.sender.kind !== 'phone') return notDone(facts.sender.kind, false)
  if (target === null) return notDone('nobody wrote to this phone within seven days', false)
  switch (action.kind) {
    case 'mail':
    case 'application':
    case 'smpp-client':
      return { kind: action.kind, target, text: null }
    case 'reply':
    case 'help':
    case 'stop':
    case 'start':
    case 'list': {
      const isAlone = action.kind === 'reply' || action.kind === 'help'
      const isLate = facts.nowMs - message.receivedAtMs > latestReplyMs
      if (isLate && isAlone) return notDone('too-late', false)
      if (action.text === undefined || isLate) return silent(action.kind, target)
      const service = target === everyService ? '' : target
      const text = renderReply(
        action.text,
        {
          phone: facts.sender.phone,
          shortCode: message.shortCode,
          text: message.text,
          keyword: match.keyword,
          rest: match.rest,
          service: action.kind === 'stop' || action.kind === 'start' ? service : '',
        },
        facts,
      )
      // A STOP whose confirmation cannot be written is a STOP all the same.
      if (text.kind === 'failed') {
        return isAlone ? notDone(text.reason, true) : silent(action.kind, target, text.reason)
      }
      const reply = replyOf(text, message, facts)
      return action.kind === 'reply' || action.kind === 'help'
        ? { kind: action.kind, target: '', text: reply }
        : { kind: action.kind, target, text: reply, textFailure: '' }
    }
  }
}

function silent(kind: SpokenKind, target: string, textFailure = ''): InboundStep {
  return kind === 'reply' || kind === 'help'
    ? { kind, target: '', text: null }
    : { kind, target, text: null, textFailure }
}

/** null when it should go to the owner and there is none. */
function targetOf(action: InboundAction, owner: InboundOwner | null): string | null {
  switch (action.kind) {
    case 'reply':
    case 'help':
      return ''
    case 'list':
      return String(action.listId)
    case 'stop':
    case 'start':
      // Nobody wrote lately: whoever says STOP then means all.
      return action.service === lastService ? (owner?.service ?? everyService) : action.service
    case 'mail':
    case 'application':
    case 'smpp-client': {
      if (action.target !== ownerTarget) return action.target
      if (owner === null) return null
      return owner.clientId !== null ? `api-key:${owner.clientId}` : `alert:${owner.alertId}`
    }
  }
}

/** From the number that the phone wrote to, by the operator it came from: that is where its contract lies. */
function replyOf(
  text: { text: string; encoding: 'gsm7' | 'ucs2'; parts: number },
  message: ReadyIncoming,
  { sender, nowMs, operatorId }: PlanFacts,
): RoutedMessage {
  return {
    recipient: sender.phone,
    sender: /^\+?\d{1,20}$/.test(message.shortCode) ? message.shortCode : null,
    text: text.text,
    encoding: text.encoding,
    parts: text.parts,
    category: 'transactional',
    priority: 'express',
    state: 'queued',
    reason: '',
    dueAtMs: nowMs,
    expiresAtMs: nowMs + replyValidityMs,
    // A confirmation that may have arrived is not sent a second time.
    unknownPolicy: 'hold',
    isFlash: false,
    alertId: null,
    runId: null,
    clientId: null,
    clientReference: null,
    capKey: null,
    service: null,
    operatorId,
  }
}
