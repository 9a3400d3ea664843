/** The stop list: numbers that asked for silence. */
import { z } from 'zod'
import { instant, pageLimit } from './values.ts'

/** `*` stops every service. */
const service = z.string().min(1).max(40)
const phone = z.string().min(1).max(40)

/** A list carried over from another system comes in slices of this size: one transaction each. */
const mostStops = 1_000

export const stopListRequest = z.strictObject({
  entries: z
    .array(
      z.strictObject({
        recipient: phone,
        service: service.optional(),
        reason: z.string().max(200).optional(),
      }),
    )
    .min(1)
    .max(mostStops),
})

/** Entries that were there before keep their date and reason. */
export const stopListAdded = z.strictObject({ added: z.int(), known: z.int() })

export const stopListQuery = z.strictObject({
  /** Last number of the page before. */
  after: z
    .string()
    .regex(/^\d{1,20}$/, 'digits')
    .optional(),
  limit: pageLimit,
})

export const stopListPage = z.strictObject({
  entries: z.array(
    z.strictObject({ recipient: z.string(), service: z.string(), reason: z.string(), createdAt: instant }),
  ),
  nextAfter: z.string().nullable(),
})

export const stopListKey = z.strictObject({ recipient: phone, service: service.optional() })
