/** A link whose answers a test gives by hand, and a settler that keeps what it is told. */
import type { OutgoingPart, RefusalClass, SubmitOutcome } from '../../connectors/operator.ts'
import type { LinkTraits } from '../../connectors/operators/kinds.ts'
import { openTerms, type SendingTerms } from '../../scheduler/alerts/policy/terms.ts'
import { createPump, type Pump } from '../../server/gateway/outbox/pump.ts'
import { usualRetryPolicy } from '../../server/gateway/outbox/retry-policy.ts'
import { silentLogger } from '../../server/log.ts'
import type { ClaimedMessage, ClaimRequest } from '../../server/store/outbox.ts'
import type { SettleItem } from '../../server/store/settle.ts'
import { type FakeClock, fakeClock } from '../support/fake-clock.ts'

export interface PumpUnderTest {
  pump: Pump
  clock: FakeClock
  /** What the next claims give. */
  queue: ClaimedMessage[]
  claims: ClaimRequest[]
  settled: SettleItem[]
  /** Parts in the order in which they were submitted. */
  submitted: OutgoingPart[]
  /** Room of the link. */
  room: number
  /** Outcomes not yet stored. */
  backlog: number
  /** What the contract has for every message; null: anything. */
  terms: SendingTerms | null
  /** Claims wait until this is called; set by `holdClaims`. */
  holdClaims(): () => void
  failClaims: Error | null
  accept(...parts: OutgoingPart[]): void
  refuse(refusal: RefusalClass, ...parts: OutgoingPart[]): void
  lose(reason: 'timeout' | 'link-lost', ...parts: OutgoingPart[]): void
  tell(...outcomes: SubmitOutcome[]): void
  /** Lets claims and what follows them happen. */
  settle(): Promise<void>
}

export function pumpUnderTest(
  traits: Partial<LinkTraits> = {},
  alternativeId: number | null = null,
): PumpUnderTest {
  const clock = fakeClock()
  let held: Promise<void> = Promise.resolve()
  const under: PumpUnderTest = {
    clock,
    queue: [],
    claims: [],
    settled: [],
    submitted: [],
    room: 0,
    backlog: 0,
    terms: null,
    failClaims: null,
    holdClaims() {
      const { promise, resolve } = Promise.withResolvers<void>()
      held = promise
      return resolve
    },
    accept: (...parts) =>
      under.tell(
        ...parts.map(({ partId }) => ({ kind: 'accepted' as const, partId, remoteId: `id-${partId}` })),
      ),
    refuse: (refusal, ...parts) =>
      under.tell(
        ...parts.map(({ partId }) => ({
          kind: 'refused' as const,
          partId,
          status: 1,
          statusName: refusal,
          refusal,
        })),
      ),
    lose: (reason, ...parts) =>
      under.tell(...parts.map(({ partId }) => ({ kind: 'unknown' as const, partId, reason }))),
    tell: (...outcomes) => under.pump.onOutcomes(outcomes),
    settle: () => clock.advance(0),
    pump: createPump(
      {
        operatorId: 1,
        sender: 'ASSURANCE',
        traits: { window: 10, partsPerSecond: 0, throughputGroup: null, splitting: 8, ...traits },
        contract: {
          termsOf: message => under.terms ?? openTerms(message.sender),
          retryPolicy: () => usualRetryPolicy,
        },
        chance: () => 0,
        alternativeFor: () => alternativeId,
      },
      {
        clock,
        log: silentLogger,
        link: {
          capacity: () => under.room,
          submit(parts) {
            under.room -= parts.length
            under.submitted.push(...parts)
          },
        },
        settler: {
          add: items => under.settled.push(...items),
          get backlog() {
            return under.backlog
          },
        },
        store: {
          outbox: {
            async claim(request) {
              under.claims.push(request)
              await held
              if (under.failClaims !== null) throw under.failClaims
              return under.queue.splice(0, request.limit)
            },
          },
        },
      },
    ),
  }
  return under
}

export function claimed(
  clock: FakeClock,
  messageId: number,
  fields: Partial<ClaimedMessage> = {},
): ClaimedMessage {
  return {
    messageId,
    recipient: `226700000${String(messageId).padStart(2, '0')}`,
    sender: null,
    text: `Rappel ${messageId}`,
    encoding: 'gsm7',
    partCount: 1,
    reference: 0,
    acceptedParts: [],
    isFlash: false,
    category: 'reminder',
    job: -1,
    priority: 'normal',
    attempts: 1,
    retryingSinceMs: null,
    createdAtMs: clock.nowMs(),
    expiresAtMs: clock.nowMs() + 86_400_000,
    unknownPolicy: 'hold',
    ...fields,
  }
}

/** Three parts of 153 septets. */
export const longText = 'Votre contrat arrive à échéance. '.repeat(12)
