/** Alarms: what a person must look at. */
import { z } from 'zod'
import { id, instant, nextBefore, pageLimit, queryId } from './values.ts'

/** `open` alone, or open and cleared. */
export const alarmQuery = z.strictObject({
  which: z.enum(['open', 'all']).optional(),
  before: queryId.optional(),
  limit: pageLimit,
})

export const alarmPage = z.strictObject({
  alarms: z.array(
    z.strictObject({
      alarmId: id,
      kind: z.string(),
      subject: z.string(),
      detail: z.string(),
      raisedAt: instant,
      /** Last time it was raised again. */
      lastAt: instant,
      occurrences: z.int(),
      clearedAt: instant.nullable(),
    }),
  ),
  nextBefore,
})
