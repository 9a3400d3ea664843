/**
 * What becomes of one matched message: it leaves at a time, waits for a person, or never leaves.
 *
 * Two steps, because the frequency cap is asked by the day on which the message would leave:
 * `timeSend` gives the day and its cap key, the store answers what it knows, `decide` concludes.
 */

import { type CountryCode, countryPresets } from '../../../templates/text/country-presets.ts'
import type { LocalDate } from '../../calendar/local-date.ts'
import type { PlannedSend } from '../../calendar/place-send.ts'
import { placeSend } from '../../calendar/place-send.ts'
import type { SendingPlace } from '../../calendar/sending-hours.ts'
import { endOfDay } from '../../calendar/sending-hours.ts'
import { localDateAt, parseTimeOfDay, toInstant } from '../../calendar/zoned.ts'
import type { BlockReason, Category, HoldReason, Standing } from '../../store.ts'
import type { SendingTerms } from './terms.ts'

/** A message about to be written. */
export interface Candidate {
  category: Category
  /** Ignores sending hours; only transactional messages may. */
  isUrgent?: boolean
  /** Brand in whose name it is written. */
  service: string
  /** Local `HH:MM` at which the trigger wants it today. */
  plannedTime?: string | undefined
  /** The day it is about. Offsets up to it never leave after it. */
  dueDate?: LocalDate | undefined
  offsetDays?: number | undefined
  isFeastEstimated?: boolean | undefined
  /** Names of template values that the row does not give. */
  missingValues: readonly string[]
  /** What the operator's contract has; absent: nothing is limited. */
  terms?: SendingTerms
}

export interface PolicyRules {
  place: SendingPlace
  /** Whose day the frequency cap goes by: a person has one day, whatever zone an alert is planned in. */
  country: CountryCode
  validityHours: number
  /** Categories that a STOP ends. A person who stopped still gets what they asked for themselves. */
  stoppedCategories: readonly Category[]
  /** Categories of which a person gets at most one message per service and day. */
  cappedCategories: readonly Category[]
}

/** Messages of a run against the number above which a second person must approve. */
export interface RunProgress {
  /** 0 means no cap. */
  cap: number
  /** Messages of the run so far, this one included. */
  count: number
  /** Rows are still being read: the count may yet pass the cap. */
  isCounting: boolean
  isApproved: boolean
}

/** When a message would leave. `capKey` is null when no frequency cap applies. */
export type Timing =
  | { kind: 'timed'; dueAt: Date; expiresAt: Date; capKey: string | null }
  | { kind: 'untimed'; reason: 'no-sending-time' | 'expired' }

export type Decision =
  | { kind: 'queue'; dueAt: Date; expiresAt: Date; capKey: string | null }
  | { kind: 'hold'; reason: HoldReason; detail: string; dueAt: Date; expiresAt: Date; capKey: string | null }
  | { kind: 'block'; reason: BlockReason; detail?: string }

/** When a message may leave, and until when it is worth sending. */
export function timeSend(candidate: Candidate, rules: PolicyRules, now: Date): Timing {
  const { terms } = candidate
  const within = terms?.kind === 'allowed' ? terms.within : null
  const place = within === null ? rules.place : { ...rules.place, within }
  const isBeforeDue = candidate.dueDate !== undefined && (candidate.offsetDays ?? 0) <= 0
  const send: PlannedSend = {
    category: candidate.category,
    isUrgent: candidate.isUrgent === true,
    plannedAt: plannedInstant(candidate, place.zone, now),
    ...(isBeforeDue ? { dueDate: candidate.dueDate! } : {}),
  }
  const placement = placeSend(send, place, now)
  if (placement.kind === 'never') return { kind: 'untimed', reason: 'no-sending-time' }
  const dueAt = placement.at
  const validUntil = new Date(dueAt.getTime() + rules.validityHours * 3_600_000)
  const lastUse = isBeforeDue ? endOfDay(candidate.dueDate!, place.zone) : validUntil
  const expiresAt = lastUse < validUntil ? lastUse : validUntil
  if (expiresAt <= dueAt) return { kind: 'untimed', reason: 'expired' }
  const isCapped = rules.cappedCategories.includes(candidate.category)
  const capKey = isCapped ? capKeyOf(candidate.service, capDay(rules.country, dueAt)) : null
  return { kind: 'timed', dueAt, expiresAt, capKey }
}

/**
 * What becomes of the message. What forbids it comes before what delays it, so that nobody is asked to
 * complete or approve a message that could not leave anyway.
 *
 * @param standing what the store knows of the person: on the stop list of the service, cap key taken
 */
export function decide(
  candidate: Candidate,
  timing: Timing,
  facts: { standing: Standing; run: RunProgress },
  rules: PolicyRules,
): Decision {
  const { standing, run } = facts
  if (standing.isStopped && rules.stoppedCategories.includes(candidate.category)) return block('stop-list')
  const { terms } = candidate
  if (terms?.kind === 'refused') return { kind: 'block', reason: terms.reason, detail: terms.detail }
  if (timing.kind === 'untimed') return block(timing.reason)
  if (timing.capKey !== null && standing.isCapped) return block('frequency-cap')
  const { dueAt, expiresAt, capKey } = timing
  const hold = (reason: HoldReason, detail: string): Decision => ({
    kind: 'hold',
    reason,
    detail,
    dueAt,
    expiresAt,
    capKey,
  })
  if (candidate.missingValues.length > 0) return hold('missing-value', candidate.missingValues.join(', '))
  if (candidate.isFeastEstimated === true) return hold('feast-unconfirmed', '')
  const reason = capHold(run)
  if (reason !== null) return hold(reason, `cap ${run.cap}`)
  return { kind: 'queue', dueAt, expiresAt, capKey }
}

/** What the cap of a run asks for: nothing, to wait for the end of the count, or an approver. */
export function capHold(run: RunProgress): 'approval' | 'run-open' | null {
  if (run.cap === 0 || run.isApproved) return null
  if (run.count > run.cap) return 'approval'
  return run.isCounting ? 'run-open' : null
}

/** One marketing message per person, service and local day: the person is the store's part of the key. */
export function capKeyOf(service: string, day: LocalDate): string {
  return `${service}|${day}`
}

/** The day on which a cap counts a message: that of the country, so that alerts and applications share it. */
export function capDay(country: CountryCode, at: Date): LocalDate {
  return localDateAt(at, countryPresets[country].timeZone)
}

function plannedInstant(candidate: Candidate, zone: string, now: Date): Date {
  const secondOfDay = candidate.plannedTime === undefined ? null : parseTimeOfDay(candidate.plannedTime)
  if (secondOfDay === null) return now
  return toInstant({ date: localDateAt(now, zone), secondOfDay }, zone)
}

function block(reason: BlockReason): Decision {
  return { kind: 'block', reason }
}
