/** Routes: an ordered table of rules, replaced as a whole, and why a number goes where it goes. */
import { z } from 'zod'
import { countryCodes } from '../../../templates/text/country-presets.ts'
import { category } from './messages.ts'
import { givenInstant, id, instant, name, sender } from './values.ts'

/** `HH:MM`, the end up to `24:00`. */
const timeOfDay = z.string().regex(/^\d{2}:\d{2}$/, 'HH:MM')
const country = z.enum(countryCodes as [string, ...string[]])

/** `BF:orange` */
const networkKey = z.string().regex(/^[A-Z]{2}:[a-z0-9-]{1,40}$/, 'a country and a network, as BF:orange')

/** Absent conditions hold for every message; of a list, one entry must match. */
const conditions = z.strictObject({
  countries: z.array(country).min(1).max(50).optional(),
  /** First digits of the international number. A plan has some dozen; a table carried over has some thousand. */
  prefixes: z
    .array(z.string().regex(/^\d{0,15}$/, 'at most 15 digits'))
    .min(1)
    .max(5_000)
    .optional(),
  networks: z.array(networkKey).min(1).max(200).optional(),
  /** As the message names it. */
  senders: z.array(sender).min(1).max(500).optional(),
  categories: z.array(category).min(1).max(3).optional(),
  hours: z
    .strictObject({
      /** 1 Monday to 7 Sunday. */
      days: z.array(z.int().min(1).max(7)).min(1).max(7),
      from: timeOfDay,
      /** Outside; before `from` it is the next day's. */
      to: timeOfDay,
      zone: z.string().min(1).max(64),
    })
    .optional(),
})

const rank = z.int().min(1).max(100)
const weight = z.int().min(1).max(1_000)
/** More operators than a country has networks. */
const mostOperators = 20

const policy = {
  /** A bind down for longer loses its traffic to the next operator. */
  fallbackAfterMinutes: z.int().min(1).max(1_440),
  /** The one further operator that a message gets whose first one does not know the phone. */
  secondTry: z.strictObject({
    isOn: z.boolean(),
    categories: z.array(category).max(3),
    /** Words of a receipt that mean "unknown subscriber": `err:101`, `network:3/1`, `rsn:101`. */
    receiptDetails: z.array(z.string().regex(/^[\w:/=.-]{1,40}$/, 'one word of a receipt')).max(50),
  }),
}

export const routeTableRequest = z
  .strictObject({
    rules: z
      .array(
        z.strictObject({
          name,
          isActive: z.boolean().optional(),
          when: conditions.optional(),
          operators: z
            .array(
              z.strictObject({
                operatorId: id,
                /** 1 is tried first; the place in the list when absent. Operators of one rank share the load. */
                rank: rank.optional(),
                /** Share among those of the same rank; 1 when absent. */
                weight: weight.optional(),
              }),
            )
            .min(1)
            .max(mostOperators),
        }),
      )
      .max(5_000),
    /** Absent: as it was. */
    fallbackAfterMinutes: policy.fallbackAfterMinutes.optional(),
    secondTry: policy.secondTry.optional(),
  })
  .meta({ id: 'RouteTableRequest' })

export const routeTable = z
  .strictObject({
    ...policy,
    rules: z.array(
      z.strictObject({
        name: z.string(),
        isActive: z.boolean(),
        when: conditions,
        operators: z.array(z.strictObject({ operatorId: id, rank, weight })),
      }),
    ),
  })
  .meta({ id: 'RouteTable' })

export const wayQuery = z.strictObject({
  /** As people write it; without a calling code it is of the product's country. */
  number: z.string().min(1).max(40),
  sender: sender.optional(),
  /** `transactional` when absent. */
  category: category.optional(),
  /** Now when absent. */
  at: givenInstant.optional(),
})

export const way = z
  .strictObject({
    number: z.string(),
    at: instant,
    country: z.string().nullable(),
    network: z.string().nullable(),
    /** `override`: of the number itself; `prefix`: of its first digits. */
    networkBy: z.enum(['override', 'prefix', 'none']),
    networkPrefix: z.string(),
    override: z
      .strictObject({
        network: z.string().nullable(),
        operatorId: id.nullable(),
        origin: z.string(),
        updatedAt: instant,
      })
      .nullable(),
    rules: z.array(
      z.strictObject({
        position: z.int(),
        name: z.string(),
        isActive: z.boolean(),
        applies: z.boolean(),
        /** Conditions that do not hold. */
        missed: z.array(z.string()),
      }),
    ),
    /** Best first. */
    operators: z.array(
      z.strictObject({
        operatorId: id,
        name: z.string(),
        /** The rule that gives it, its rank there, and whether it shares the load of that rank. */
        position: z.int(),
        rank: z.int(),
        isShared: z.boolean(),
        state: z.enum(['bound', 'restarting', 'down', 'stopped']),
        since: instant.nullable(),
        /** false: down for longer than the fallback waits, or not started. */
        isUsable: z.boolean(),
      }),
    ),
    /** Whom a message would be given to. */
    operatorId: id.nullable(),
    why: z.enum(['first-choice', 'fallback', 'none-usable', 'no-rule']),
  })
  .meta({ id: 'Way' })
