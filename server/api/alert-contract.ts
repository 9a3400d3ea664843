/**
 * What the contracts would refuse of an alert, told when it is saved rather than when its messages are blocked: the
 * same `termsOf` that a run and the pump ask, for every operator that may carry its messages.
 */
import { type AlertDefinition, alertDefinitionSchema } from '../../scheduler/alerts/alert.ts'
import { defaultSendingHours } from '../../scheduler/calendar/sending-defaults.ts'
import { nextAllowed, type SendingPlace } from '../../scheduler/calendar/sending-hours.ts'
import type { ContractRefusal } from '../../scheduler/store.ts'
import { fixedTextOf } from '../../templates/fixed-text.ts'
import { TemplateError } from '../../templates/parse.ts'
import { compileTemplate } from '../../templates/render.ts'
import { RappelError } from '../errors.ts'
import type { Carrier } from '../gateway/gateway.ts'
import type { TemplateRecord } from '../store/templates.ts'
import type { Workshop } from './workshop.ts'

type WarningReason = ContractRefusal | 'no-sending-time'

export interface ContractWarning {
  reason: WarningReason
  operatorId: number
  /** The template at fault; null when it is not the text. */
  templateId: number | null
  /** Names of the tranches that say so. */
  tranches: string[]
  /** false: a value of the row may still bring what the text lacks; it wins over a constant of its name. */
  isCertain: boolean
  detail: string
  /** What to do about it. */
  change: string
}

interface AlertContract {
  warnings: ContractWarning[]
  /** No message to a phone of the alert's country could leave, whatever its row, operator and hour. */
  isRefused: boolean
}

type Asked = Pick<Workshop, 'store' | 'gateway' | 'clock'>

/** For an alert that is saved, or is about to be. */
export async function warningsOf(definition: AlertDefinition, workshop: Asked): Promise<ContractWarning[]> {
  return (await contractOf(definition, workshop)).warnings
}

/**
 * For an alert that is to run by its schedule: one that could only fill the list of blocked messages is not let loose.
 *
 * @throws RappelError `alert-refused`
 */
export async function refuseHopeless(definition: AlertDefinition, workshop: Asked): Promise<void> {
  const { warnings, isRefused } = await contractOf(definition, workshop)
  if (!isRefused) return
  const { category, country, sender = null } = definition
  throw new RappelError('alert-refused', { category, country, sender, problems: warnings })
}

async function contractOf(stored: AlertDefinition, workshop: Asked): Promise<AlertContract> {
  // An older version of the product may have stored it; what it lacks is told by its run.
  const read = alertDefinitionSchema.safeParse(stored)
  if (!read.success) return { warnings: [], isRefused: false }
  const definition = read.data
  const { category, country, sender = null } = definition
  const neverMeets = meetingTest(definition, workshop.clock.now())
  const warnings: ContractWarning[] = []
  const open: Carrier[] = []
  const carriers = workshop.gateway.carriersOf({ category, country, sender })
  for (const carrier of carriers) {
    const { operatorId } = carrier
    const terms = carrier.termsOf('')
    const place = { operatorId, templateId: null, isCertain: true }
    if (terms.kind === 'refused') {
      warnings.push(warningOf(terms, place))
    } else if (neverMeets(terms.within)) {
      const detail = `the hours of the alert never meet those in which ${terms.sender} may be used in ${country}`
      warnings.push(warningOf({ reason: 'no-sending-time', detail }, place))
    } else {
      open.push(carrier)
    }
  }
  const ids = new Set(definition.templates.map(({ templateId }) => templateId))
  const ofTexts = (await textsOf(ids, definition, workshop)).flatMap(({ templateId, text, isCertain }) =>
    open.flatMap(({ operatorId, termsOf }) => {
      const terms = termsOf(text)
      return terms.kind === 'refused' ? [warningOf(terms, { operatorId, templateId, isCertain })] : []
    }),
  )
  const refusedTexts = ofTexts.filter(({ isCertain }) => isCertain).length
  return {
    warnings: [...warnings, ...ofTexts],
    isRefused: carriers.length > 0 && (open.length === 0 || refusedTexts === open.length * ids.size),
  }
}

function warningOf(
  { reason, detail, tranches = [] }: { reason: WarningReason; detail: string; tranches?: readonly string[] },
  place: Pick<ContractWarning, 'operatorId' | 'templateId' | 'isCertain'>,
): ContractWarning {
  return { reason, ...place, tranches: [...tranches], detail, change: changeFor(reason) }
}

/** A test whether the hours of the alert never meet those of a tranche, as its run will find. */
function meetingTest(
  { category, priority, country, sendingHours, schedule, sendOnHolidays }: AlertDefinition,
  now: Date,
): (within: SendingPlace | null) => boolean {
  const isUrgent = category === 'transactional' && priority === 'express'
  const hours = sendingHours ?? defaultSendingHours(category, country)
  // Operators of one tranche share its hours, and a search that finds nothing takes tens of milliseconds.
  const answers = new Map<SendingPlace, boolean>()
  return within => {
    if (within === null || isUrgent) return false
    const known = answers.get(within)
    if (known !== undefined) return known
    // The tranche is of the alert's country, and so are its days off.
    const { isHoliday } = within
    const own = { hours, zone: schedule.zone, isHoliday, sendOnHolidays }
    const isNever = nextAllowed(now, { ...own, within }) === 'never'
    answers.set(within, isNever)
    return isNever
  }
}

interface TemplateText {
  templateId: number
  /** Empty when nothing can be said of it: contracts do not judge a text that is not whole. */
  text: string
  isCertain: boolean
}

async function textsOf(
  templateIds: ReadonlySet<number>,
  definition: AlertDefinition,
  { store }: Asked,
): Promise<TemplateText[]> {
  const records = await Promise.all([...templateIds].map(templateId => store.templates.find(templateId)))
  return records.flatMap(record => (record === null ? [] : [textOf(record, definition)]))
}

function textOf(
  { templateId, source, language }: TemplateRecord,
  { constants, country }: AlertDefinition,
): TemplateText {
  try {
    const { variables, render } = compileTemplate(source, { language, country })
    if (variables.some(name => !Object.hasOwn(constants, name))) {
      return { templateId, text: fixedTextOf(source, constants), isCertain: false }
    }
    const rendered = render(constants)
    const text = rendered.kind === 'text' ? rendered.text : ''
    // A run lets a column win over the constant of its name.
    return { templateId, text, isCertain: variables.length === 0 }
  } catch (error) {
    // Written by an older version of the product; the run tells of it.
    if (error instanceof TemplateError) return { templateId, text: '', isCertain: false }
    throw error
  }
}

function changeFor(reason: WarningReason): string {
  switch (reason) {
    case 'tranche-category':
      return 'a category that the tranche has, a sender of another range, or another table (PUT /tranches)'
    case 'stop-mention-missing':
      return 'one of the mentions in the fixed words of the template'
    case 'sender-not-in-contract':
      return 'a sender of the contract, or the contract told as it is (PUT /operators/{id}/sender-rules)'
    default:
      return 'sendingHours that meet those of the tranche'
  }
}
