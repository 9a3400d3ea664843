/** What an alert is: the rule that turns a customer's rows into messages, as stored and as the API takes it. */
import { z } from 'zod'
import { senderExpectation, senderPattern } from '../../templates/text/sender.ts'
import { countryCodes } from '../calendar/presets/countries.ts'
import { sendingHoursSchema } from '../calendar/sending-hours.ts'
import { audienceSchema } from './audience.ts'
import { columnName } from './column-name.ts'
import { readSchedule } from './schedule.ts'
import { type TriggerDefinition, triggerSchema } from './triggers/kinds.ts'
import { incrementalSchema, watermarkParameter } from './watermark.ts'

/** Which template for which occasion; the first whose `offsetsDays` contains the occurrence's offset wins. */
const templateChoiceSchema = z.object({
  templateId: z.int().positive(),
  /** Absent: for every offset not named elsewhere. */
  offsetsDays: z.array(z.int().min(-400).max(400)).max(50).optional(),
})

const definitionSchema = z.object({
  sourceId: z.int().positive(),
  /** One SELECT; may use :today, :since and :now, with `incremental` also :watermark. */
  sql: z.string().min(1).max(20_000),
  /** Reads only what came since the last run, by one column; absent reads all rows each time. */
  incremental: incrementalSchema.optional(),
  /** Columns that name the entity, joined by `|`: policy, or agency and policy. */
  keyColumns: z
    .array(columnName)
    .min(1)
    .max(6)
    .refine(columns => new Set(columns).size === columns.length, 'each column once'),
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
  sender: z.string().regex(senderPattern, senderExpectation).optional(),
  /** Values every template of this alert may use, such as the company's name. */
  constants: z.record(z.string().max(64), z.string().max(160)).default({}),
  encoding: z.enum(['smart', 'simple', 'ucs2', 'reject']).default('smart'),
  maxParts: z.int().min(1).max(10).default(3),
  schedule: z
    .object({
      cron: z.string().min(1).max(120),
      zone: z.string().min(1).max(60),
      catchUp: z.enum(['skip', 'once', 'all']).default('once'),
    })
    .superRefine((schedule, { addIssue }) => {
      const read = readSchedule(schedule)
      if (read.kind === 'invalid') addIssue({ code: 'custom', path: [read.field], message: read.problem })
    }),
  /** Days and hours at which it may leave; absent takes those of its category. */
  sendingHours: sendingHoursSchema.optional(),
  /** Hours during which it keeps trying to leave and to be delivered. */
  validityHours: z.int().min(1).max(168).default(48),
  /** Messages above which the whole run waits for an approver; 0 means no cap. */
  runCap: z.int().min(0).max(10_000_000).default(5_000),
  /** What becomes of a message that left and was never answered; absent takes the operator's policy. */
  unknownPolicy: z.enum(['resend', 'hold']).optional(),
  /** Feast wishes may leave on the holiday itself. */
  sendOnHolidays: z.boolean().default(false),
})

export type AlertDefinition = z.infer<typeof definitionSchema>

/** Rows become due on later days without changing: a query that leaves out what it has read would never see it. */
const triggersByDay: ReadonlySet<TriggerDefinition['kind']> = new Set(['due-date', 'calendar', 'dunning'])

/** What could never work is refused while it can be corrected. */
export const alertDefinitionSchema = definitionSchema.superRefine((definition, { addIssue }) => {
  const { trigger, templates, incremental, sql } = definition
  if (incremental !== undefined && triggersByDay.has(trigger.kind)) {
    const message = `a trigger that goes by rows alone (new-row, changed-row, once): ${trigger.kind} must see every row each day`
    addIssue({ code: 'custom', path: ['incremental'], message })
  }
  if (incremental !== undefined && !watermarkParameter.test(sql)) {
    const message = `a query that compares ${incremental.column} with :watermark`
    addIssue({ code: 'custom', path: ['sql'], message })
  }
  // An occasion without a template would block its messages for good.
  const forAll = templates.filter(({ offsetsDays }) => offsetsDays === undefined)
  if (forAll.length > 1) {
    addIssue({ code: 'custom', path: ['templates'], message: 'at most one template without offsetsDays' })
  }
  if (forAll.length > 0) return
  const chosen = new Set(templates.flatMap(({ offsetsDays }) => offsetsDays ?? []))
  const missing = offsetsOf(trigger).filter(offset => offset === null || !chosen.has(offset))
  if (missing.length === 0) return
  const message = missing.includes(null)
    ? 'a template without offsetsDays: this trigger has no offsets'
    : `a template for every offset; none for ${missing.join(', ')}`
  addIssue({ code: 'custom', path: ['templates'], message })
})

/** Offsets that a trigger's occurrences have; null for occurrences without one. */
function offsetsOf(trigger: TriggerDefinition): (number | null)[] {
  switch (trigger.kind) {
    case 'due-date':
      return trigger.offsetsDays
    case 'calendar':
      return [trigger.offsetDays]
    case 'dunning':
      return Array.from({ length: trigger.maxReminders }, (_, index) => index + 1)
    default:
      return [null]
  }
}
