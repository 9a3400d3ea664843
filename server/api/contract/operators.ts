/** Operators: the links to SMS centres, with their live state. Passwords go in and never come out. */
import { z } from 'zod'
import { id, instant, name, nextBefore, sender } from './values.ts'

export const operatorProtocols = ['smpp', 'ucp'] as const

const config = z.record(z.string().max(64), z.unknown())

/** Without `config.password` an update keeps the one it has, unless it names another server or account. */
export const operatorRequest = z
  .strictObject({
    name,
    protocol: z.enum(operatorProtocols),
    config,
    /** Short code, number or name shown to the phone when the message names none. */
    sender,
    /** Thousandths of the currency per part: 12,500 is 12.5 XOF. */
    pricePerPartMilli: z.int().min(0).max(1_000_000_000).optional(),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/, 'an ISO 4217 code')
      .optional(),
    /** Whether it is bound now and after each start; true when absent. */
    isStarted: z.boolean().optional(),
  })
  .meta({ id: 'OperatorRequest' })

/** With a preset, only what the contract with the operator tells: its fields are listed under `/operator-presets`. */
export const operatorAddition = z
  .strictObject({
    ...operatorRequest.shape,
    /** Not needed with a preset. */
    protocol: operatorRequest.shape.protocol.optional(),
    /** Not needed with a preset whose short code is a setting. */
    sender: sender.optional(),
    config: config.optional(),
    /** An id of `/operator-presets`; what `config` says stands over it. */
    preset: z.string().min(1).max(60).optional(),
  })
  .meta({ id: 'OperatorAddition' })

const linkState = z.enum(['stopped', 'connecting', 'binding', 'bound', 'draining', 'waiting', 'refused'])

const bind = z.strictObject({
  /** As the operator's engineer names it: `transceiver 1`, `receiver`, `UCP primary`. */
  name: z.string(),
  state: linkState,
  since: instant,
  reason: z.string(),
  inFlight: z.int(),
  /** Parts submitted since the operator was started. */
  submitted: z.int(),
  reconnects: z.int(),
})

export const operatorLink = z
  .strictObject({
    state: linkState,
    since: instant,
    reason: z.string(),
    /** `draining` submits nothing more and waits for answers; `drained` has none left to wait for. Both stay bound. */
    mode: z.enum(['sending', 'draining', 'drained']),
    /** Submits awaiting their answer. */
    inFlight: z.int(),
    window: z.int(),
    pausedUntil: instant.nullable(),
    /** Parts claimed and not yet submitted. */
    ahead: z.int(),
    /** Parts: of the contract (0 is unlimited), and of the second before. */
    rate: z.strictObject({ contract: z.int(), lastSecond: z.int() }),
    /** The last refusal or loss, kept while all is well again. */
    lastError: z.strictObject({ at: instant, text: z.string() }).nullable(),
    binds: z.array(bind),
  })
  .meta({ id: 'OperatorLink' })

const trace = { isOn: z.boolean(), until: instant.nullable() }

export const operator = z
  .strictObject({
    operatorId: id,
    name,
    protocol: z.string(),
    config,
    hasPassword: z.boolean(),
    sender: z.string(),
    pricePerPartMilli: z.int(),
    currency: z.string(),
    isStarted: z.boolean(),
    createdAt: instant,
    updatedAt: instant,
    /** null while it is not started. */
    link: operatorLink.nullable(),
    /** Messages that wait for it. */
    queue: z.strictObject({
      queued: z.int(),
      held: z.int(),
      /** They left and were never answered. */
      unknown: z.int(),
      /** Due time of the one that waits longest past it. */
      oldestDueAt: instant.nullable(),
    }),
    receipts: z.strictObject({
      /** Messages sent whose end no receipt has told; counted once a minute at most. */
      pending: z.int(),
      /** Receipts that fit no message. */
      unmatched: z.int(),
      countedAt: instant,
    }),
    trace: z.strictObject(trace),
  })
  .meta({ id: 'Operator' })

export const operatorList = z.strictObject({ operators: z.array(operator) })

export const operatorEventPage = z.strictObject({
  events: z.array(
    z.strictObject({
      eventId: id,
      at: instant,
      event: z.enum([
        'started',
        'stopped',
        'up',
        'down',
        'refused',
        'throttled',
        'bind-up',
        'bind-down',
        'draining',
        'drained',
        'trace-on',
        'trace-off',
      ]),
      /** Which connection of several; empty when all are meant. */
      bind: z.string(),
      detail: z.string(),
    }),
  ),
  nextBefore,
})

/** A day is the longest a trace may be forgotten. */
export const traceRequest = z
  .strictObject({
    isOn: z.boolean(),
    /** Switched off by itself after; 60 when absent. */
    minutes: z.int().min(1).max(1_440).optional(),
  })
  .meta({ id: 'TraceRequest' })

export const traceStatus = z.strictObject(trace)

/** `text` is the newest of the file, 1 MB at most: time in UTC, bind, `<` in or `>` out, PDU or frame without texts. */
export const traceContent = z.strictObject({ ...trace, text: z.string() })

export const diagnosisRequest = z
  .strictObject({
    /** A phone that somebody holds: it gets a real message. Absent: none is sent. Needs the scope messages:write. */
    to: z.string().min(1).max(40).optional(),
    receiptSeconds: z.int().min(1).max(300).optional(),
    /** How long the phone's own reply is waited for; 0 or absent: not at all. */
    replySeconds: z.int().min(0).max(600).optional(),
  })
  .meta({ id: 'DiagnosisRequest' })

/** Steps in their order; codes and details are what a page makes its sentences of. */
export const diagnosis = z.strictObject({
  /** The worst of the findings. */
  outcome: z.enum(['ok', 'warning', 'failed']),
  findings: z.array(
    z.strictObject({
      step: z.string(),
      outcome: z.enum(['ok', 'warning', 'failed', 'skipped']),
      code: z.string(),
      details: z.record(z.string(), z.unknown()),
    }),
  ),
})

export const presetList = z.strictObject({
  presets: z.array(
    z
      .strictObject({
        id: z.string(),
        country: z.string(),
        operatorName: z.string(),
        label: z.strictObject({ fr: z.string(), en: z.string() }),
        protocol: z.enum(operatorProtocols),
        config,
        /** What only the contract tells; `sender` is a field of the operator, all others are settings. */
        fill: z.array(z.strictObject({ setting: z.string(), isRequired: z.boolean() })),
        /** What to ask the operator and to try before the first campaign. */
        assumptions: z.array(
          z.strictObject({ setting: z.string(), value: z.unknown(), question: z.string() }),
        ),
        /** Condition of the route rule that should lead there. */
        serves: z.strictObject({
          networks: z.array(z.string()).optional(),
          countries: z.array(z.string()).optional(),
        }),
      })
      .meta({ id: 'OperatorPreset' }),
  ),
})
