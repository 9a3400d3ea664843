/** Sources: the customer databases that alerts read. Passwords go in and never come out. */
import { z } from 'zod'
import { countryCodes } from '../../../templates/text/country-presets.ts'
import { id, instant, name, queryNumber } from './values.ts'

export const sourceKindNames = [
  'sqlite',
  'postgres',
  'mysql',
  'mssql',
  'oracle',
  'odbc',
  'access',
  'files',
  'rest',
  'soap',
] as const

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
const mostPreviewRows = 50

const asked = {
  /** One SELECT. */
  sql: z.string().min(1).max(20_000),
  /** Those of a run (:today, :since, :now, :watermark, :lastId) are given as for a first run when they are not here. */
  params: z
    .record(z.string().regex(/^[A-Za-z_]\w{0,63}$/), z.union([z.string().max(1_000), z.number(), z.null()]))
    .optional(),
}

/** 20 rows when `rows` is absent. */
export const sourcePreviewRequest = z.strictObject({
  ...asked,
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

/** ISO country of phones written without their code; the installation's own when absent. */
const country = z.enum(countryCodes).optional()

export const sourceGuessRequest = z.strictObject({ ...asked, country })

export const guessedRoles = [
  'phone',
  'lastName',
  'firstName',
  'fullName',
  'plate',
  'dueDate',
  'amount',
  'currency',
  'state',
  'policyNumber',
  'email',
  'agency',
] as const

/** What each column may be; a person confirms it. */
export const sourceGuess = z.strictObject({
  /** Rows that were looked at, at most 200. */
  rows: z.int(),
  columns: z.array(z.string()),
  guesses: z.array(
    z.strictObject({
      role: z.enum(guessedRoles),
      column: z.string(),
      /** 0 to 1; below 0.5 look twice. */
      confidence: z.number(),
      /** name-exact, name-orass, name-word, name-part, name-of-another, content, content-contradicts, content-empty, content-few. */
      reasons: z.array(
        z.strictObject({ code: z.string(), share: z.number().optional(), detail: z.string().optional() }),
      ),
      /** The one proposed for its role; no column is proposed for two. */
      isBest: z.boolean(),
    }),
  ),
})

/** Queries to start from, written in the source's own SQL; tables and columns are to be adapted. */
export const sourceQueries = z.strictObject({
  dialect: z.string(),
  queries: z.array(
    z.strictObject({
      schema: z.enum(['orass', 'generic']),
      code: z.enum(['due-dates', 'new-contracts', 'endorsements', 'claims-paid', 'unpaid-instalments']),
      sql: z.string(),
      keyColumns: z.array(z.string()),
      phoneColumn: z.string(),
      trigger: z.enum(['due-date', 'new-row', 'dunning']),
      dateColumn: z.string().nullable(),
      /** Column of an incremental alert of kind `time`. */
      incrementalColumn: z.string().nullable(),
    }),
  ),
})

/** Columns of one answer: the largest packages have some 40,000, a page shows hundreds. */
const mostListedColumns = 10_000
export const usualListedColumns = 2_000

const searched = z.string().trim().min(1).max(128).optional()

/** Capitals and accents make no difference. */
export const sourceTablesQuery = z.strictObject({
  /** The whole name. */
  schema: searched,
  /** Any part of a table's name. */
  table: searched,
  /** Any part of a column's name: only tables that have one are listed, with those columns alone. */
  column: searched,
  /** Columns listed at most. */
  limit: queryNumber(1, mostListedColumns).optional(),
})

export const sourceTables = z.strictObject({
  /** Every schema and how many of its tables match, those that are not listed included. */
  schemas: z.array(z.strictObject({ schema: z.string().nullable(), tables: z.int() })),
  /** More matches than are listed: search for less. */
  hasMore: z.boolean(),
  tables: z.array(
    z.strictObject({
      schema: z.string().nullable(),
      name: z.string(),
      columns: z.array(z.strictObject({ name: z.string(), type: z.string() })),
    }),
  ),
})
