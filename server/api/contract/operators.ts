/** Operators: the links to SMS centres, with their live state. Passwords go in and never come out. */
import { z } from 'zod'
import { id, instant, name, sender } from './values.ts'

export const operatorProtocols = ['smpp'] as const

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
    link: z
      .strictObject({
        state: z.enum(['stopped', 'connecting', 'binding', 'bound', 'draining', 'waiting', 'refused']),
        since: instant,
        reason: z.string(),
        /** Submits awaiting their answer. */
        inFlight: z.int(),
        window: z.int(),
        pausedUntil: instant.nullable(),
        /** Parts claimed and not yet submitted. */
        ahead: z.int(),
      })
      .nullable(),
  })
  .meta({ id: 'Operator' })

export const operatorList = z.strictObject({ operators: z.array(operator) })
