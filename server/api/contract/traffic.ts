/** What an operator wants to know: the traffic of a month, and what is to be expected. */
import { z } from 'zod'
import { category } from './messages.ts'
import { id, instant, queryNumber } from './values.ts'

const month = z.string().regex(/^20\d\d-(?:0[1-9]|1[0-2])$/, 'a month, as 2027-03')
const format = z.enum(['json', 'csv']).optional()

export const trafficQuery = z.strictObject({
  /** In the product's zone; the present one when absent. */
  month: month.optional(),
  /** `csv`: semicolons and a byte order mark, as spreadsheets open it. */
  format,
})

const figures = {
  /** Accepted by the operator. */
  sentMessages: z.int(),
  sentParts: z.int(),
  delivered: z.int(),
  undelivered: z.int(),
  expired: z.int(),
  refused: z.int(),
  /** Left and never answered. */
  unknown: z.int(),
  /** Thousandths of the operator's currency. */
  costMilli: z.number(),
}

/** Messages by the month in which they came to each state; a receipt may come in the month after. */
export const traffic = z
  .strictObject({
    operatorId: id,
    operatorName: z.string(),
    currency: z.string(),
    month: z.string(),
    from: instant,
    to: instant,
    total: z.strictObject(figures),
    categories: z.array(
      z.strictObject({
        /** null: sent by applications, whose counters keep no category. */
        category: category.nullable(),
        ...figures,
      }),
    ),
    alerts: z.array(
      z.strictObject({
        alertId: id.nullable(),
        alertName: z.string().nullable(),
        /** As the alert stands now. */
        category: category.nullable(),
        ...figures,
      }),
    ),
  })
  .meta({ id: 'Traffic' })

export const trafficForecastQuery = z.strictObject({
  /** From now on; 30 when absent. */
  days: queryNumber(1, 60).optional(),
  /** Only this month, which must end within 60 days. */
  month: month.optional(),
  format,
})

export const trafficForecast = z
  .strictObject({
    operatorId: id,
    operatorName: z.string(),
    from: z.string(),
    to: z.string(),
    total: z.strictObject({ messages: z.int(), parts: z.int() }),
    /** Ascending. */
    days: z.array(
      z.strictObject({
        day: z.string(),
        category,
        alertId: id,
        alertName: z.string(),
        messages: z.int(),
        parts: z.int(),
      }),
    ),
    /** Applications cannot be foreseen: parts a day that they have sent in the last 28 days. Not in the total. */
    applicationPartsPerDay: z.number(),
    /** Alerts of any operator that cannot be foreseen, and why. */
    unforeseen: z.array(z.strictObject({ alertId: id, alertName: z.string(), reason: z.string() })),
  })
  .meta({ id: 'TrafficForecast' })
