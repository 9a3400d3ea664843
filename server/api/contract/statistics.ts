/** Statistics, from counters; and what waits now. */
import { z } from 'zod'
import { messageState } from './messages.ts'
import { givenInstant, id, instant } from './values.ts'

export const statisticsQuery = z.strictObject({
  /** Both in whole hours: the counters are kept by hour. The last seven days when absent. */
  from: givenInstant.optional(),
  to: givenInstant.optional(),
  by: z.enum(['hour', 'day', 'operator', 'alert']).optional(),
})

const total = {
  state: messageState,
  /** How many messages entered the state. */
  messages: z.int(),
  parts: z.int(),
  /** Of `sent` alone, thousandths of the operator's currency. */
  costMilli: z.number(),
}

export const statistics = z.strictObject({
  from: instant,
  to: instant,
  totals: z.array(z.strictObject(total)),
  groups: z.array(
    z.strictObject({
      /** Start of the hour or day; or id of the operator or alert, 0 for none. */
      group: z.union([instant, z.int()]),
      ...total,
    }),
  ),
})

export const backlog = z.strictObject({
  operators: z.array(
    z.strictObject({
      /** null for messages without an operator. */
      operatorId: id.nullable(),
      queued: z.int(),
      held: z.int(),
      unknown: z.int(),
      /** Due time of the message that waits longest past it. */
      oldestDueAt: instant.nullable(),
    }),
  ),
})
