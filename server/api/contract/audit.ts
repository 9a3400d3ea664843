/** The audit: who changed which part of the configuration. */
import { z } from 'zod'
import { id, instant, nextBefore, pageLimit, queryId } from './values.ts'

export const auditQuery = z.strictObject({
  noun: z.string().min(1).max(40).optional(),
  nounId: z.string().min(1).max(80).optional(),
  before: queryId.optional(),
  limit: pageLimit,
})

export const auditPage = z.strictObject({
  entries: z.array(
    z.strictObject({
      auditId: id,
      at: instant,
      actor: z.string(),
      action: z.string(),
      noun: z.string(),
      nounId: z.string(),
      detail: z.record(z.string(), z.unknown()),
    }),
  ),
  nextBefore,
})
