/** Sources: the customer databases that alerts read. Passwords go in and never come out. */
import { z } from 'zod'
import { id, instant, name } from './values.ts'

export const sourceKindNames = ['sqlite', 'postgres', 'mysql'] as const

/** Host, database, user, limits: the fields of the kind. `password` may be written and is never answered. */
const config = z.record(z.string().max(64), z.unknown())

export const sourceDraft = z.strictObject({ kind: z.enum(sourceKindNames), config })

/** Without `config.password` an update keeps the one it has, unless it names another server or user. */
export const sourceRequest = z.strictObject({ name, ...sourceDraft.shape }).meta({ id: 'SourceRequest' })

export const source = z
  .strictObject({
    sourceId: id,
    name,
    kind: z.string(),
    config,
    hasPassword: z.boolean(),
    createdAt: instant,
    updatedAt: instant,
  })
  .meta({ id: 'Source' })

export const sourceList = z.strictObject({ sources: z.array(source) })

export const sourceTest = z.strictObject({
  isOk: z.boolean(),
  steps: z.array(
    z.strictObject({
      step: z.string(),
      outcome: z.enum(['ok', 'warning', 'failed']),
      detail: z.string(),
    }),
  ),
})

/** Rows that a person looks at. */
export const mostPreviewRows = 50

export const sourcePreviewRequest = z.strictObject({
  /** One SELECT. */
  sql: z.string().min(1).max(20_000),
  params: z
    .record(z.string().regex(/^[A-Za-z_]\w{0,63}$/), z.union([z.string().max(1_000), z.number(), z.null()]))
    .optional(),
  rows: z.int().min(1).max(mostPreviewRows).optional(),
})

export const sourcePreview = z.strictObject({
  columns: z.array(
    z.strictObject({
      name: z.string(),
      /** Kinds of value met: text, number, integer (beyond 2^53, as text), boolean, null, binary (as base64). */
      types: z.array(z.enum(['text', 'number', 'integer', 'boolean', 'null', 'binary'])),
    }),
  ),
  rows: z.array(z.array(z.union([z.string(), z.number(), z.boolean(), z.null()]))),
  /** The query gives more rows than were asked for. */
  hasMore: z.boolean(),
})

export const sourceTables = z.strictObject({
  tables: z.array(
    z.strictObject({
      schema: z.string().nullable(),
      name: z.string(),
      columns: z.array(z.strictObject({ name: z.string(), type: z.string() })),
    }),
  ),
})
