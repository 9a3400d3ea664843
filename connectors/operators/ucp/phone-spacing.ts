/**
 * Keeps parts to one phone a second apart, because phone and second are all by which a notification names its part.
 *
 * The SMSC stamps a part between its arrival and its answer; the next part to that phone leaves a second and a little
 * after the answer, so that no clock and no network can give both the same second. Pure: the time is a parameter,
 * milliseconds of `Clock.monotonicMs`.
 */
import type { OutgoingPart } from '../../operator.ts'
import { comparedDigits } from './remote-ids.ts'

export interface PhoneSpacing {
  /** Parts held back. */
  readonly held: number
  /** Takes a part. @returns true when it may leave now, false when it is held for later */
  admit(part: OutgoingPart, nowMs: number): boolean
  /** A part was answered, or never will be. @param isStamped it may have got an SCTS: the next one has to wait */
  answered(recipient: string, isStamped: boolean, nowMs: number): void
  /** Takes the held parts to one phone: what was to leave before them did not. */
  takeFor(recipient: string): OutgoingPart[]
  /** How many held parts may leave now. */
  dueCount(nowMs: number): number
  /** Takes held parts that may leave now, in the order in which they became free. */
  takeDue(limit: number, nowMs: number): OutgoingPart[]
  /** Milliseconds until a held part may leave; null when none waits for time alone. */
  nextInMs(nowMs: number): number | null
  /** Takes every held part, in the order in which they came: the link is down. */
  takeAll(): OutgoingPart[]
}

interface Phone {
  /** A part to it is on its way. */
  isOut: boolean
  /** Held parts with their place in the order of arrival. */
  queue: { part: OutgoingPart; order: number }[]
}

/** Timers and clocks are not exact to the millisecond. */
const marginMs = 20

/** @param spacingMs 0 holds nothing */
export function createPhoneSpacing(spacingMs: number): PhoneSpacing {
  const phones = new Map<string, Phone>()
  /** Phones answered, by when they are free again: insertion order is the order of time. */
  const cooling = new Map<string, number>()
  /** Phones with held parts. */
  const queued = new Set<string>()
  /** Those of them that are free. */
  const due = new Set<string>()
  let held = 0
  let order = 0

  const warm = (nowMs: number): void => {
    for (const [key, freeAtMs] of cooling) {
      if (freeAtMs > nowMs) return
      cooling.delete(key)
      release(key)
    }
  }

  const release = (key: string): void => {
    if (queued.has(key)) due.add(key)
    else phones.delete(key)
  }

  return {
    get held() {
      return held
    },
    admit(part, nowMs) {
      if (spacingMs === 0) return true
      warm(nowMs)
      const key = keyOf(part.recipient)
      const phone = phones.get(key)
      if (phone === undefined) {
        phones.set(key, { isOut: true, queue: [] })
        return true
      }
      phone.queue.push({ part, order: order++ })
      queued.add(key)
      held += 1
      return false
    },
    answered(recipient, isStamped, nowMs) {
      if (spacingMs === 0) return
      const key = keyOf(recipient)
      const phone = phones.get(key)
      if (!phone?.isOut) return
      phone.isOut = false
      if (isStamped) cooling.set(key, nowMs + spacingMs + marginMs)
      else release(key)
    },
    takeFor(recipient) {
      const key = keyOf(recipient)
      const phone = phones.get(key)
      if (phone === undefined) return []
      const parts = phone.queue.splice(0).map(entry => entry.part)
      held -= parts.length
      queued.delete(key)
      due.delete(key)
      if (!phone.isOut && !cooling.has(key)) phones.delete(key)
      return parts
    },
    dueCount(nowMs) {
      warm(nowMs)
      return due.size
    },
    takeDue(limit, nowMs) {
      warm(nowMs)
      const parts: OutgoingPart[] = []
      for (const key of due) {
        if (parts.length >= limit) break
        due.delete(key)
        const phone = phones.get(key)
        const next = phone?.queue.shift()
        if (phone === undefined || next === undefined) continue
        phone.isOut = true
        if (phone.queue.length === 0) queued.delete(key)
        held -= 1
        parts.push(next.part)
      }
      return parts
    },
    nextInMs(nowMs) {
      warm(nowMs)
      if (held === 0) return null
      if (due.size > 0) return 0
      let earliestMs: number | null = null
      for (const key of queued) {
        const freeAtMs = cooling.get(key)
        if (freeAtMs !== undefined) earliestMs = Math.min(earliestMs ?? freeAtMs, freeAtMs)
      }
      return earliestMs === null ? null : Math.max(earliestMs - nowMs, 0)
    },
    takeAll() {
      const entries = [...phones.values()].flatMap(phone => phone.queue.splice(0))
      held = 0
      queued.clear()
      due.clear()
      for (const [key, phone] of phones) if (!phone.isOut && !cooling.has(key)) phones.delete(key)
      return entries.sort((a, b) => a.order - b.order).map(entry => entry.part)
    },
  }
}

/** Two phones that share these digits share their ids as well. */
const keyOf = (recipient: string): string => recipient.slice(-comparedDigits)
