/** What is agreed with operators: tranches of short codes, senders, retries. Replaced as a whole. */
import { z } from 'zod'
import { countryCodes } from '../../../templates/text/country-presets.ts'
import { category } from './messages.ts'
import { id, name, sender } from './values.ts'

const country = z.enum(countryCodes)
const timeOfDay = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'HH:MM, 00:00 to 24:00')
const days = z.array(z.int().min(1).max(7)).min(1).max(7)

const hours = z
  .strictObject({
    /** 1 Monday to 7 Sunday, in the zone of the country. */
    days,
    from: timeOfDay,
    /** Outside. */
    to: timeOfDay,
    /** Days off of the country are none of these days. */
    skipHolidays: z.boolean(),
    pauses: z
      .array(
        z
          .strictObject({ days, from: timeOfDay, to: timeOfDay })
          .refine(pause => pause.from < pause.to, 'a pause that ends after it starts'),
      )
      .max(8)
      .default([]),
  })
  .refine(({ from, to }) => from < to, 'hours that end after they start')

const tranche = z.strictObject({
  name,
  /** Of the recipient: short codes are national. */
  country,
  /** Digits with `#` for any digit, as `36###`; `name` is every alphanumeric sender. */
  senders: z.string().regex(/^(?:[\d#]{3,15}|name)$/, 'a short code with # for any digit, or name'),
  categories: z.array(category).min(1).max(3),
  /** null: at any time. */
  hours: hours.nullable(),
  /** The text must have one of these, `{n}` standing for a number; null: nothing is asked for. */
  stopMention: z.array(z.string().regex(/\S/, 'a mention').max(40)).min(1).max(20).nullable(),
})

export const tranchesRequest = z
  .strictObject({
    /** null goes back to those that the product ships. */
    tranches: z.array(tranche).max(200).nullable(),
  })
  .meta({ id: 'TranchesRequest' })

export const tranches = z
  .strictObject({
    /** Nobody has changed them: they follow the product. */
    isShipped: z.boolean(),
    /** The first row that fits country, sender and category is the one that holds. */
    tranches: z.array(tranche),
  })
  .meta({ id: 'Tranches' })

const senderRule = z.strictObject({
  /** null: every country without a rule of its own. */
  country: country.nullable(),
  /** false: nothing but the operator's own sender. */
  allowsOriginatorChange: z.boolean(),
  numbers: z.array(sender).max(500).default([]),
  names: z.array(sender).max(500).default([]),
  /** Takes the place of a sender that the contract does not have; null refuses the message. */
  fallbackSender: sender.nullable().default(null),
})

export const senderRulesRequest = z
  .strictObject({ rules: z.array(senderRule).max(20) })
  .meta({ id: 'SenderRulesRequest' })

export const senderRules = z
  .strictObject({
    operatorId: id,
    ownSender: z.string(),
    /** false: the link itself is set to the operator's own sender alone. */
    linkAllowsChange: z.boolean(),
    /** Empty: any sender passes that the link takes. */
    rules: z.array(senderRule),
  })
  .meta({ id: 'SenderRules' })

const unknownPolicy = z.enum(['resend', 'hold'])
const refusalClass = z.enum(['permanent', 'temporary', 'throttle', 'link', 'route', 'invalid-recipient'])
const ageAndDelay = { delaySeconds: z.int(), maxAgeMinutes: z.int() }

/** Delays below five seconds are refused: nothing may come back in a hot loop. */
const retryPolicy = z.strictObject({
  temporary: z.strictObject({
    /** Before attempt 2, 3, 4 …; the last repeats. A fifth more by chance. */
    delaysSeconds: z.array(z.int()).max(50),
    /** Submits at most, the first included. */
    maxAttempts: z.int(),
    /** From the first refusal on; the message's own validity ends it in any case. */
    maxAgeMinutes: z.int(),
  }),
  throttle: z.strictObject(ageAndDelay),
  link: z.strictObject(ageAndDelay),
  /** What becomes of a message that left and was never answered, when neither alert nor application says. */
  unknownOutcome: z.strictObject({
    transactional: unknownPolicy,
    reminder: unknownPolicy,
    marketing: unknownPolicy,
  }),
})

/** Meaning of error codes that differs from the table, by code. */
const errorClasses = z
  .record(z.string().max(12), refusalClass)
  .refine(classes => Object.keys(classes).length <= 200, 'at most 200 codes')
const errorTable = z.array(z.strictObject({ code: z.string(), name: z.string(), refusal: refusalClass }))

export const retryPolicyRequest = z
  .strictObject({
    /** null goes back to the product's own. */
    policy: retryPolicy.nullable(),
    /** Absent: as it was. Changing it binds the operator anew. */
    errorClasses: errorClasses.optional(),
  })
  .meta({ id: 'RetryPolicyRequest' })

export const retryPolicyAnswer = z
  .strictObject({
    operatorId: id,
    /** Nobody has changed it: it follows the product. */
    isShipped: z.boolean(),
    policy: retryPolicy,
    errorClasses,
    /** What the protocol's codes mean otherwise. */
    errorTable,
  })
  .meta({ id: 'RetryPolicy' })

export const retryDefaults = z
  .strictObject({
    policy: retryPolicy,
    leastDelaySeconds: z.int(),
    protocols: z.array(z.strictObject({ protocol: z.string(), errorTable })),
  })
  .meta({ id: 'RetryDefaults' })
