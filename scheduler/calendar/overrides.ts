/** What an administrator knows better than the rules: confirmed dates, days off by decree, usual shifts. */
import { z } from 'zod'
import { parseIsoDate } from './local-date.ts'
import { countryCodes } from './presets/countries.ts'

const localDateSchema = z
  .string()
  .max(10)
  .refine(text => parseIsoDate(text) !== null, 'a day as YYYY-MM-DD')

/** Feast name of feasts.ts or holiday id of a preset. */
const dayIdSchema = z.string().min(1).max(40)

/**
 * The announced date of one feast in one year.
 * `year` and `occurrence` (2 when the feast falls twice in that year) name the estimated day that is replaced;
 * `date: null` says that the day is not observed that time.
 */
const confirmedDaySchema = z.object({
  country: z.enum(countryCodes),
  id: dayIdSchema,
  year: z.int().min(1900).max(2170),
  occurrence: z.int().min(1).max(2).default(1),
  date: localDateSchema.nullable(),
})

/** A day off that no rule gives: an election, a communiqué of the Labour ministry, a bridge by decree. */
const extraDaySchema = z.object({
  country: z.enum(countryCodes),
  date: localDateSchema,
  name: z.string().min(1).max(100),
})

/** Limits: nine countries, some 15 days each, twenty years. */
export const calendarOverridesSchema = z.object({
  confirmedDays: z.array(confirmedDaySchema).max(3000).default([]),
  extraDays: z.array(extraDaySchema).max(1000).default([]),
  /** Replaces a preset's `hijriShiftDays`. */
  hijriShiftDays: z.partialRecord(z.enum(countryCodes), z.int().min(-2).max(2)).default({}),
})

export type CalendarOverrides = z.output<typeof calendarOverridesSchema>

export const noOverrides: CalendarOverrides = { confirmedDays: [], extraDays: [], hijriShiftDays: {} }
