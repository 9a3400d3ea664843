/** What a ready-made query is: text to start from, and what an alert makes of it. */
import type { DialectWords } from './dialect-words.ts'

export const readyQueryCodes = [
  'due-dates',
  'new-contracts',
  'endorsements',
  'claims-paid',
  'unpaid-instalments',
] as const

export type ReadyQueryCode = (typeof readyQueryCodes)[number]

/** `orass`: names in the manner of the package; `generic`: tables as an integrator would name them. */
const readySchemas = ['orass', 'generic'] as const
export type ReadySchema = (typeof readySchemas)[number]

/** A query as its file holds it. */
export interface ReadyText {
  code: ReadyQueryCode
  sql(words: DialectWords): string
  /** Names as they stand in the text; the dialect decides how a result spells them. */
  keyColumns: string[]
  trigger: 'due-date' | 'new-row' | 'dunning'
  /** For triggers that go by a day. */
  dateColumn?: string
  /** For queries that read only what came since. */
  timeColumn?: string
}

/** Columns that every query gives under these names. */
export const phoneColumn = 'telephone'
/** Days around today in which a due date may matter: reminders 30 days ahead to 30 days behind, and some to spare. */
export const daysAround = 45
