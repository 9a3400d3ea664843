/**
 * The fault plan: what goes wrong, and when. A declarative list, first rule that applies wins, changeable while the
 * simulator runs; with the same seed and the same traffic the same parts suffer.
 */
import { z } from 'zod'
import { everyMalformedSort, type MalformedSort, malformedSorts } from './malformed-sorts.ts'
import { seededRandom } from './seeded.ts'

/** Longest delay of a plan: an hour is past every timer of an SMPP client. */
const maxDelayMs = 3_600_000

const delaySchema = z.int().min(0).max(maxDelayMs)

/** command_status or EC as the answer carries it: 0 would not be a refusal. */
const statusSchema = z.int().min(1).max(0xffffffff)

/** A fixed delay, or two bounds to draw between. */
export const delayRangeSchema = z
  .union([delaySchema, z.tuple([delaySchema, delaySchema])])
  .transform(delay => (typeof delay === 'number' ? ([delay, delay] as const) : delay))
  .refine(([least, most]) => least <= most, { error: 'the first delay must not exceed the second' })

/** Faults of a submitted part. "Recorded" means that the simulator counts the part as accepted and sends its receipt. */
const partFaultSchema = z.discriminatedUnion('kind', [
  /** Recorded, answered late. */
  z.strictObject({ kind: z.literal('delay-answer'), ms: delayRangeSchema }),
  /** Refused with 0x58, over UCP with EC 04. */
  z.strictObject({ kind: z.literal('throttle') }),
  z.strictObject({ kind: z.literal('refuse'), status: statusSchema }),
  /** Recorded, never answered. */
  z.strictObject({ kind: z.literal('lose-answer') }),
  /** Recorded, answered twice. */
  z.strictObject({ kind: z.literal('repeat-answer') }),
  /** Neither recorded nor answered: lost inside the operator. */
  z.strictObject({ kind: z.literal('swallow') }),
  /** The socket is closed: before the part is recorded, after it but unanswered, or after its answer was written. */
  z.strictObject({
    kind: z.literal('cut'),
    at: z.enum(['before-recording', 'before-answer', 'after-answer']).default('before-answer'),
  }),
  /** Recorded; the answer is replaced by wrong bytes, or follows them when `thenAnswer`. */
  z.strictObject({
    kind: z.literal('malformed'),
    sort: z.enum(everyMalformedSort),
    thenAnswer: z.boolean().default(false),
  }),
  /** Recorded and answered, then the session neither reads nor writes for a while. */
  z.strictObject({ kind: z.literal('stall'), ms: delaySchema }),
  /** Recorded and answered, then the operator asks to end the session with unbind; over UCP it just closes. */
  z.strictObject({ kind: z.literal('unbind') }),
])

/** Faults of the session itself. */
const sessionFaultSchema = z.discriminatedUnion('kind', [
  /** The connection is closed as soon as it is accepted. */
  z.strictObject({ kind: z.literal('refuse-connection') }),
  /** Without a status: bind failed, over UCP authentication failure. */
  z.strictObject({ kind: z.literal('refuse-bind'), status: statusSchema.optional() }),
  z.strictObject({ kind: z.literal('ignore-bind') }),
  z.strictObject({ kind: z.literal('delay-bind'), ms: delayRangeSchema }),
  /** Over UCP operation 31. */
  z.strictObject({ kind: z.literal('ignore-enquire-link') }),
  /** SMPP only: UCP knows no goodbye. */
  z.strictObject({ kind: z.literal('ignore-unbind') }),
])

/** All conditions given must hold. Parts (or binds, or enquiries) are counted by each rule for itself. */
const conditionSchema = z.strictObject({
  systemId: z.string().optional(),
  recipientPrefix: z.string().optional(),
  recipientSuffix: z.string().optional(),
  textIncludes: z.string().min(1).optional(),
  /** Leaves the first so many alone. */
  after: z.int().min(0).optional(),
  /** Takes one in so many of those left. */
  every: z.int().min(1).optional(),
  probability: z.number().min(0).max(1).optional(),
  /** Applies at most so many times. */
  times: z.int().min(1).optional(),
})

export const faultRuleSchema = z.strictObject({
  when: conditionSchema.prefault({}),
  fault: z.union([partFaultSchema, sessionFaultSchema]),
})

export const faultPlanSchema = z.array(faultRuleSchema).max(1_000)

/** EC has two digits. */
const longestEc = 99

/** Why this protocol cannot express a rule; null when it can. */
export function unfitReason({ fault }: SettledRule, protocol: 'smpp' | 'ucp'): string | null {
  if (fault.kind === 'malformed') {
    const sorts: readonly MalformedSort[] = malformedSorts[protocol]
    return sorts.includes(fault.sort) ? null : `sort ${fault.sort} is not of ${protocol}: ${sorts.join(', ')}`
  }
  if (protocol === 'smpp' || !('status' in fault) || fault.status === undefined) return null
  return fault.status <= longestEc
    ? null
    : `status ${fault.status} is no error code of ucp: 1 to ${longestEc}`
}

/** The plan as an operator of this protocol takes it. */
export function faultPlanFor(protocol: 'smpp' | 'ucp') {
  return faultPlanSchema.superRefine((rules, context) => {
    for (const [index, rule] of rules.entries()) {
      const message = unfitReason(rule, protocol)
      if (message !== null) context.addIssue({ code: 'custom', path: [index, 'fault'], message })
    }
  })
}

export type FaultRule = z.input<typeof faultRuleSchema>
export type PartFault = z.output<typeof partFaultSchema>
export type SessionFault = z.output<typeof sessionFaultSchema>
export type SettledRule = z.output<typeof faultRuleSchema>

/** What a rule is asked about. `text` is called only by rules that want it: decoding costs. */
export interface FaultSubject {
  systemId: string
  recipient: string
  text: () => string
}

const sessionKinds: ReadonlySet<string> = new Set(
  sessionFaultSchema.options.map(option => option.shape.kind.value),
)

interface ArmedRule {
  rule: SettledRule
  met: number
  applied: number
}

export class FaultPlan {
  readonly #random: () => number
  readonly #partRules: ArmedRule[] = []
  readonly #sessionRules: ArmedRule[] = []

  constructor(rules: readonly SettledRule[], seed: number) {
    this.#random = seededRandom(seed)
    for (const rule of rules) {
      const list = sessionKinds.has(rule.fault.kind) ? this.#sessionRules : this.#partRules
      list.push({ rule, met: 0, applied: 0 })
    }
  }

  /** False lets the hot path skip the questions. */
  get hasPartRules(): boolean {
    return this.#partRules.length > 0
  }

  /** The fault of this part, or null. Asking counts: once per part. */
  ofPart(subject: FaultSubject): PartFault | null {
    for (const armed of this.#partRules) {
      if (this.#applies(armed, subject)) return armed.rule.fault as PartFault
    }
    return null
  }

  /** The fault of one of these kinds that this session event suffers, or null. Asking counts. */
  ofSession<Kind extends SessionFault['kind']>(
    kinds: readonly Kind[],
    systemId: string,
  ): Extract<SessionFault, { kind: Kind }> | null {
    const subject: FaultSubject = { systemId, recipient: '', text: () => '' }
    for (const armed of this.#sessionRules) {
      if (!kinds.some(kind => kind === armed.rule.fault.kind)) continue
      if (this.#applies(armed, subject)) return armed.rule.fault as Extract<SessionFault, { kind: Kind }>
    }
    return null
  }

  /** A delay between the bounds, both included. */
  delayMs([least, most]: readonly [number, number]): number {
    return least === most ? least : least + Math.floor(this.#random() * (most - least + 1))
  }

  #applies(armed: ArmedRule, subject: FaultSubject): boolean {
    const { when } = armed.rule
    if (when.times !== undefined && armed.applied >= when.times) return false
    if (when.systemId !== undefined && when.systemId !== subject.systemId) return false
    if (when.recipientPrefix !== undefined && !subject.recipient.startsWith(when.recipientPrefix))
      return false
    if (when.recipientSuffix !== undefined && !subject.recipient.endsWith(when.recipientSuffix)) return false
    if (when.textIncludes !== undefined && !subject.text().includes(when.textIncludes)) return false
    armed.met += 1
    const left = armed.met - (when.after ?? 0)
    if (left <= 0) return false
    if (when.every !== undefined && left % when.every !== 0) return false
    if (when.probability !== undefined && this.#random() >= when.probability) return false
    armed.applied += 1
    return true
  }
}
