/** What one run needs, worked out once before its first row: templates compiled, days and hours known. */
import { TemplateError } from '../../templates/parse.ts'
import { type CompiledTemplate, compileTemplate } from '../../templates/render.ts'
import { parseLocalDate, type LocalDate as TemplateDay } from '../../templates/values.ts'
import { holidayCheck } from '../calendar/holidays.ts'
import { addDays, type LocalDate } from '../calendar/local-date.ts'
import { feastResolver } from '../calendar/observed.ts'
import { defaultSendingHours } from '../calendar/sending-defaults.ts'
import { aheadUntil } from '../calendar/sending-hours.ts'
import { localDateAt } from '../calendar/zoned.ts'
import type { AlertRecord, SchedulerStore } from '../store.ts'
import { type AlertDefinition, alertDefinitionSchema } from './alert.ts'
import type { PolicyRules } from './policy/decide.ts'
import { defaultCappedCategories, defaultStoppedCategories } from './policy/usual-rules.ts'
import { triggerKindOf } from './triggers/kinds.ts'
import type { TriggerContext } from './triggers/trigger.ts'
import { watermarkParams } from './watermark.ts'

/** Days made up for after a stop: beyond, a reminder is no news any more. */
const maxCatchUpDays = 7

export interface RunSetup {
  alertId: number
  definition: AlertDefinition
  /** How far the runs before have read; null at the first, and for an alert that reads everything. */
  watermark: string | null
  /** What the trigger goes by: a missed day that is made up for is judged as that day. */
  context: TriggerContext
  /** The day that the run stands for, in the alert's zone. */
  today: LocalDate
  /** What policy goes by: messages leave from now on, whatever day they make up for. */
  now: Date
  /** The local day of `now`: texts count days from it. */
  sendDay: LocalDate
  templateDay: TemplateDay
  rules: PolicyRules
  /** The template of an occurrence with this offset; null when none was chosen for it. */
  templateFor(offsetDays: number | undefined): CompiledTemplate | null
  /** Whether the trigger reads and writes a memory of each entity. */
  usesMemory: boolean
  /** Whether rows that could not be finished are remembered (open-rows.ts). */
  remembersOpenRows: boolean
}

export type SetupAlert = Pick<AlertRecord, 'id' | 'definition' | 'coveredUntil' | 'hasBaseline'> &
  Partial<Pick<AlertRecord, 'watermark'>>

/** The alert cannot run as it is defined; the message is one sentence for the person who can correct it. */
export class AlertNotRunnable extends Error {
  override readonly name = 'AlertNotRunnable'
}

/**
 * @param definition as stored: an older version of the product, or a restored backup, may have written it
 * @throws AlertNotRunnable
 */
export function readDefinition(definition: unknown): AlertDefinition {
  const parsed = alertDefinitionSchema.safeParse(definition)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new AlertNotRunnable(
    `the alert's definition cannot be used: ${issue!.path.join('.')}: ${issue!.message}`,
  )
}

/**
 * @param at.now when the messages leave
 * @param at.playedAt the moment that the run stands for; absent means now
 * @throws AlertNotRunnable when the definition, a template or the schedule cannot be used
 */
export async function prepareRun(
  alert: SetupAlert,
  store: Pick<SchedulerStore, 'template' | 'calendarOverrides'>,
  { now, playedAt = now }: { now: Date; playedAt?: Date },
): Promise<RunSetup> {
  const definition = readDefinition(alert.definition)
  const { country } = definition
  const { zone } = definition.schedule
  const overrides = await store.calendarOverrides()
  const place = {
    hours: definition.sendingHours ?? defaultSendingHours(definition.category, country),
    zone,
    isHoliday: holidayCheck(country, overrides),
    sendOnHolidays: definition.sendOnHolidays,
  }
  const today = localDateAt(playedAt, zone)
  const sendDay = localDateAt(now, zone)
  const kind = triggerKindOf(definition.trigger)
  return {
    alertId: alert.id,
    definition,
    watermark: alert.watermark ?? null,
    today,
    now,
    sendDay,
    templateDay: templateDayOf(sendDay),
    context: {
      now: playedAt,
      zone,
      today,
      coveredUntil: alert.coveredUntil,
      maxCatchUpDays: definition.schedule.catchUp === 'skip' ? 0 : maxCatchUpDays,
      aheadUntil: aheadUntil(today, place),
      feasts: feastResolver(country, overrides),
      isBaseline: kind.hasBaseline && !alert.hasBaseline,
    },
    rules: {
      place,
      country,
      validityHours: definition.validityHours,
      stoppedCategories: defaultStoppedCategories,
      cappedCategories: defaultCappedCategories,
    },
    templateFor: await compileTemplates(definition, store),
    usesMemory: kind.usesMemory,
    // `once` looks at every row every time.
    remembersOpenRows: !kind.usesMemory && definition.trigger.kind !== 'once',
  }
}

async function compileTemplates(
  definition: AlertDefinition,
  store: Pick<SchedulerStore, 'template'>,
): Promise<RunSetup['templateFor']> {
  const compiled = new Map<number, CompiledTemplate>()
  for (const { templateId } of definition.templates) {
    if (compiled.has(templateId)) continue
    const template = await store.template(templateId)
    if (template === null) throw new AlertNotRunnable(`template ${templateId} does not exist any more`)
    try {
      const options = { language: template.language, country: definition.country }
      compiled.set(templateId, compileTemplate(template.source, options))
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
      throw new AlertNotRunnable(`template ${templateId}: ${error.message}`)
    }
  }
  return offsetDays => {
    const choice =
      definition.templates.find(
        ({ offsetsDays }) => offsetDays !== undefined && offsetsDays?.includes(offsetDays),
      ) ?? definition.templates.find(({ offsetsDays }) => offsetsDays === undefined)
    return choice === undefined ? null : compiled.get(choice.templateId)!
  }
}

function templateDayOf(day: LocalDate): TemplateDay {
  const parsed = parseLocalDate(day)
  if (parsed.kind !== 'date') throw new RangeError(`${day} is not a day`)
  return { year: parsed.year, month: parsed.month, day: parsed.day }
}

/** Parameters every query may use: the day, the last day covered, the instant; and how far was read. */
export function queryParams(setup: RunSetup): Record<string, string | number> {
  const { context, today, watermark } = setup
  const { incremental } = setup.definition
  const since = context.coveredUntil ?? addDays(today, -1)
  const read = incremental === undefined ? {} : watermarkParams(incremental, watermark)
  return { today, since, now: context.now.toISOString(), ...read }
}
