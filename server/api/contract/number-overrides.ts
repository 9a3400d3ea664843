/** Numbers whose network is not that of their prefix: ported ones, by hand, by list, or learnt from receipts. */
import { z } from 'zod'
import { id, instant, pageLimit } from './values.ts'

const phone = z.string().min(1).max(40)
const origin = z.enum(['manual', 'import', 'learned'])

/** One transaction; longer lists are imported. */
const mostOverrides = 1_000
/** Characters: some 400,000 lines, within the bytes of a batch; a longer list comes in slices. */
const longestCsv = 7_500_000

export const overridesRequest = z
  .strictObject({
    overrides: z
      .array(
        z.strictObject({
          number: phone,
          /** Code or label of a network of the number's country. One of the two is given. */
          network: z.string().min(1).max(80).optional(),
          /** The operator that is tried first, where a rule leads to it. */
          operatorId: id.optional(),
        }),
      )
      .min(1)
      .max(mostOverrides),
  })
  .meta({ id: 'NumberOverridesRequest' })

export const overridesStored = z.strictObject({ stored: z.int() })

export const overridesImport = z
  .strictObject({
    /** Lines of `number;network`; commas and tabs do as well. A first line without digits is a heading. */
    csv: z.string().min(1).max(longestCsv),
    /** true reads and tells, and stores nothing. */
    isDryRun: z.boolean().optional(),
  })
  .meta({ id: 'NumberOverridesImport' })

export const overridesImported = z.strictObject({
  /** Lines with something on them, without the heading. */
  lines: z.int(),
  stored: z.int(),
  refused: z.int(),
  /** The first hundred that were refused. */
  problems: z.array(z.strictObject({ line: z.int(), reason: z.string(), found: z.string() })),
})

export const overridesQuery = z.strictObject({
  /** Last number of the page before. */
  after: z
    .string()
    .regex(/^\d{1,20}$/, 'digits')
    .optional(),
  limit: pageLimit,
})

export const overridesPage = z.strictObject({
  overrides: z.array(
    z.strictObject({
      number: z.string(),
      network: z.string().nullable(),
      operatorId: id.nullable(),
      origin,
      updatedAt: instant,
    }),
  ),
  nextAfter: z.string().nullable(),
})

/** One of the two: one number, or all of one origin. */
export const overridesRemoval = z.strictObject({ number: phone.optional(), origin: origin.optional() })

export const overridesRemoved = z.strictObject({ removed: z.int() })
