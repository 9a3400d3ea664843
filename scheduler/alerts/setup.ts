/** What one run needs, worked out once before its first row: templates compiled, days and hours known. */
import { type CompiledTemplate, compileTemplate } from '../../templates/render.ts'
import { parseLocalDate, type LocalDate as TemplateDay } from '../../templates/values.ts'
import { holidayCheck } from '../calendar/holidays.ts'
import { addDays, type LocalDate } from '../calendar/local-date.ts'
import { feastResolver } from '../calendar/observed.ts'
import { defaultSendingHours } from '../calendar/sending-defaults.ts'
import { aheadUntil } from '../calendar/sending-hours.ts'
import { localDateAt } from '../calendar/zoned.ts'
import type { AlertRecord, SchedulerStore } from '../store.ts'
import type { AlertDefinition } from './alert.ts'
import { defaultCappedCategories, defaultStoppedCategories, type PolicyRules } from './policy/decide.ts'
import { triggerKindOf } from './triggers/kinds.ts'
import type { TriggerContext } from './triggers/trigger.ts'

/** Days made up for after a stop: beyond, a reminder is no news any more. */
const maxCatchUpDays = 7

export interface RunSetup {
  alertId: number
  definition: AlertDefinition
  context: TriggerContext
  today: LocalDate
  templateDay: TemplateDay
  rules: PolicyRules
  /** The template of an occurrence with this offset; null when none was chosen for it. */
  templateFor(offsetDays: number | undefined): CompiledTemplate | null
  usesMemory: boolean
}

/** The alert cannot run as it is defined: a template is missing or does not compile. */
export class AlertNotRunnable extends Error {
  override readonly name = 'AlertNotRunnable'
}

/**
 * @throws AlertNotRunnable when a template is missing
 * @throws TemplateError when one does not compile
 */
export async function prepareRun(
  alert: Pick<AlertRecord, 'id' | 'definition' | 'coveredUntil' | 'hasBaseline'>,
  store: SchedulerStore,
  now: Date,
): Promise<RunSetup> {
  const { definition } = alert
  const { country } = definition
  const { zone } = definition.schedule
  const overrides = await store.calendarOverrides()
  const place = {
    hours: definition.sendingHours ?? defaultSendingHours(definition.category, country),
    zone,
    isHoliday: holidayCheck(country, overrides),
    sendOnHolidays: definition.sendOnHolidays,
  }
  const today = localDateAt(now, zone)
  const kind = triggerKindOf(definition.trigger)
  return {
    alertId: alert.id,
    definition,
    today,
    templateDay: templateDayOf(today),
    context: {
      now,
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
      validityHours: definition.validityHours,
      stoppedCategories: defaultStoppedCategories,
      cappedCategories: defaultCappedCategories,
    },
    templateFor: await compileTemplates(definition, store),
    usesMemory: kind.usesMemory,
  }
}

async function compileTemplates(
  definition: AlertDefinition,
  store: SchedulerStore,
): Promise<RunSetup['templateFor']> {
  const compiled = new Map<number, CompiledTemplate>()
  for (const { templateId } of definition.templates) {
    if (compiled.has(templateId)) continue
    const template = await store.template(templateId)
    if (template === null) throw new AlertNotRunnable(`template ${templateId} does not exist`)
    compiled.set(
      templateId,
      compileTemplate(template.source, { language: template.language, country: definition.country }),
    )
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

/** Parameters every query may use: the day, the day before the first to cover, and the instant. */
export function queryParams(setup: RunSetup): Record<string, string> {
  const { context, today } = setup
  const since = context.coveredUntil ?? addDays(today, -1)
  return { today, since, now: context.now.toISOString() }
}
