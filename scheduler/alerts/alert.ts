/** What an alert is: the rule that turns a customer's rows into messages, as stored and as the API takes it. */
import { z } from 'zod'
import { countryCodes } from '../calendar/presets/countries.ts'
import { sendingHoursSchema } from '../calendar/sending-hours.ts'
import { audienceSchema } from './audience.ts'
import { triggerSchema } from './triggers/kinds.ts'

const columnName = z.string().min(1).max(128)

/** Which template for which occasion; the first whose `offsetsDays` contains the occurrence's offset wins. */
const templateChoiceSchema = z.object({
  templateId: z.int().positive(),
  /** Absent: for every offset not named elsewhere. */
  offsetsDays: z.array(z.int().min(-400).max(400)).max(50).optional(),
})

export const alertDefinitionSchema = z.object({
  sourceId: z.int().positive(),
  /** One SELECT; may use :today, :since and :now. */
  sql: z.string().min(1).max(20_000),
  /** Columns that name the entity, joined by `|`: policy, or agency and policy. */
  keyColumns: z.array(columnName).min(1).max(6),
  phoneColumn: columnName,
  /** ISO country of phones written without their code. */
  country: z.enum(countryCodes),
  trigger: triggerSchema,
  templates: z.array(templateChoiceSchema).min(1).max(60),
  audience: audienceSchema.optional(),
  category: z.enum(['transactional', 'reminder', 'marketing']).default('reminder'),
  priority: z.enum(['bulk', 'normal', 'express']).default('bulk'),
  /** Brand or service in whose name it is written: stop list and frequency cap go by it. */
  service: z.string().min(1).max(40).default('default'),
  /** Short code or name; absent takes the operator's own. */
  sender: z.string().min(1).max(21).optional(),
  /** Values every template of this alert may use, such as the company's name. */
  constants: z.record(z.string().max(64), z.string().max(160)).default({}),
  encoding: z.enum(['smart', 'simple', 'ucs2', 'reject']).default('smart'),
  maxParts: z.int().min(1).max(10).default(3),
  schedule: z.object({
    cron: z.string().min(1).max(120),
    zone: z.string().min(1).max(60),
    catchUp: z.enum(['skip', 'once', 'all']).default('once'),
  }),
  /** Days and hours at which it may leave; absent takes those of its category. */
  sendingHours: sendingHoursSchema.optional(),
  /** Hours during which it keeps trying to leave and to be delivered. */
  validityHours: z.int().min(1).max(168).default(48),
  /** Messages above which the whole run waits for an approver; 0 means no cap. */
  runCap: z.int().min(0).max(10_000_000).default(5_000),
  unknownPolicy: z.enum(['resend', 'hold']).default('hold'),
  /** Feast wishes may leave on the holiday itself. */
  sendOnHolidays: z.boolean().default(false),
})

export type AlertDefinition = z.infer<typeof alertDefinitionSchema>
