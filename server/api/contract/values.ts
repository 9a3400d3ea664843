/** What values look like on the wire: ids are numbers, times are ISO 8601 in UTC, pages hang on the last id. */
import { z } from 'zod'
import { senderExpectation, senderPattern } from '../../../templates/text/sender.ts'

export const sender = z.string().regex(senderPattern, senderExpectation)

/** Ids count from 1 in every table. */
export const id = z.int().positive()

/** `2027-03-08T07:30:00.000Z`. */
export const instant = z.iso.datetime()

/** A time given by a caller, in UTC or with its offset; no longer than nanoseconds need. */
export const givenInstant = z.iso.datetime({ offset: true }).max(40)

/** Names of sources, operators, templates, alerts and keys: as long as the store keeps. */
export const name = z.string().trim().min(1).max(80)

/** A whole number in a path or query, where everything is text. */
export const queryNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,16}$/, 'a whole number')
    .transform(Number)
    .pipe(z.int().min(least).max(most))
    .meta({ type: 'integer', minimum: least, maximum: most })

/** The largest id that survives JSON. */
export const queryId = queryNumber(1, Number.MAX_SAFE_INTEGER)

/** `{id}` in a path. */
export const idParams = z.strictObject({ id: queryId })

/** Entries on one page: 500 of the longest are some 2 MB. */
export const pageLimit = queryNumber(1, 500).optional()
export const usualPageLimit = 50

/** The page of entries older than one. */
export const pageQuery = z.strictObject({ before: queryId.optional(), limit: pageLimit })

/** Id to give as `before` for the next page; null on the last one. */
export const nextBefore = id.nullable()
