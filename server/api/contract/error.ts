/** The body of every answer that is not a success. */
import { z } from 'zod'

/** One field of a request that does not fit. Never holds the value itself: it may be a password. */
const requestIssue = z.strictObject({
  /** Dotted path from the part of the request: `body.messages.3.to`. */
  path: z.string(),
  expected: z.string(),
  received: z.string(),
})

export type RequestIssue = z.output<typeof requestIssue>

export const errorDetail = z.strictObject({
  /** A code of the error catalogue; a client translates it. */
  code: z.string(),
  /** The object that explains it; its fields belong to the code. */
  details: z.record(z.string(), z.unknown()),
})

export const errorBody = z.strictObject({ error: errorDetail }).meta({ id: 'Error' })
