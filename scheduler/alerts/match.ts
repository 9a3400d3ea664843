/** From rows to candidates: key, audience, trigger, phone, text. Pure: what was remembered is handed in. */
import type { SourceRow } from '../../connectors/source.ts'
import { renderMessage } from '../../templates/render.ts'
import { firstMobile, parsePhones } from '../../templates/text/phone.ts'
import type { TextEncoding } from '../../templates/text/segments.ts'
import { daysBetween } from '../calendar/local-date.ts'
import type { LedgerKey, RunIssue } from '../store.ts'
import { explainAudience } from './audience.ts'
import { entityKeyOf } from './entity-key.ts'
import { contextOfRow, openMemory } from './open-rows.ts'
import type { RunSetup } from './setup.ts'
import { judgeRow } from './triggers/kinds.ts'
import type { TriggerOccurrence, TriggerVerdict } from './triggers/trigger.ts'

/** A message that is due, before anything is known of the person. */
export interface Candidate extends LedgerKey {
  rowNumber: number
  recipient: string
  occurrence: TriggerOccurrence
  text: string
  encoding: TextEncoding
  parts: number
  /** Names of values that the row does not give; the message is then held. */
  missingValues: readonly string[]
  /** Why the text cannot be sent at all; empty when it can. */
  refusal: string
}

export interface MatchedRows {
  candidates: Candidate[]
  issues: RunIssue[]
  memories: { entityKey: string; memory: string }[]
  filtered: number
  rejected: number
  /** Rows remembered without a message. */
  baseline: number
}

/** Enough of a bad cell to find it again. */
const longestDetail = 200

/**
 * @param firstRowNumber 0-based position of the first row in the whole result
 * @param remembered what was remembered, by entity; updated as rows of the batch are judged
 */
export function matchRows(
  rows: readonly SourceRow[],
  firstRowNumber: number,
  setup: RunSetup,
  remembered: Map<string, string>,
): MatchedRows {
  const matched: MatchedRows = {
    candidates: [],
    issues: [],
    memories: [],
    filtered: 0,
    rejected: 0,
    baseline: 0,
  }
  for (const [index, row] of rows.entries()) matchRow(row, firstRowNumber + index, setup, remembered, matched)
  return matched
}

function matchRow(
  row: SourceRow,
  rowNumber: number,
  setup: RunSetup,
  remembered: Map<string, string>,
  matched: MatchedRows,
): void {
  const { definition } = setup
  const reject = (entityKey: string, reason: string, detail: string): void => {
    matched.rejected += 1
    matched.issues.push({ rowNumber, entityKey, reason, detail: detail.slice(0, longestDetail) })
  }
  const key = entityKeyOf(row, definition.keyColumns)
  if (key.kind === 'rejected') {
    reject('', key.reason, key.column)
    return
  }
  const { entityKey } = key
  if (definition.audience !== undefined && explainAudience(definition.audience, row).kind === 'excluded') {
    matched.filtered += 1
    return
  }
  const memory = remembered.get(entityKey) ?? null
  const context = setup.remembersOpenRows ? contextOfRow(setup.context, memory) : setup.context
  const verdict = judgeRow(definition.trigger, { values: row }, context, setup.usesMemory ? memory : null)
  if (verdict.rejected !== undefined) {
    reject(entityKey, verdict.rejected.code, `${verdict.rejected.column}: ${verdict.rejected.detail}`)
  }
  const isUnfinished = addCandidates({ row, rowNumber, entityKey }, verdict, setup, { matched, reject })
  const newMemory = setup.remembersOpenRows
    ? openMemory(memory, isUnfinished, setup.today)
    : isUnfinished
      ? undefined
      : verdict.memory
  if (newMemory === undefined) return
  if (setup.usesMemory && verdict.occurrences.length === 0 && memory === null) matched.baseline += 1
  remembered.set(entityKey, newMemory)
  matched.memories.push({ entityKey, memory: newMemory })
}

interface KeyedRow {
  row: SourceRow
  rowNumber: number
  entityKey: string
}

/** @returns whether the row must be looked at again: a correction may come */
function addCandidates(
  { row, rowNumber, entityKey }: KeyedRow,
  { occurrences, rejected }: TriggerVerdict,
  setup: RunSetup,
  {
    matched,
    reject,
  }: { matched: MatchedRows; reject: (entityKey: string, reason: string, detail: string) => void },
): boolean {
  const { definition } = setup
  if (occurrences.length === 0) {
    return setup.remembersOpenRows && rejected !== undefined && rejected.code !== 'reminder-too-late'
  }
  const phones = parsePhones(phoneCell(row[definition.phoneColumn]), { country: definition.country })
  const phone = firstMobile(phones)
  if (phone === null) {
    const [first] = phones.rejected
    reject(entityKey, first?.reason ?? 'no-phone', first?.raw ?? '')
    return true
  }
  let isWaiting = false
  for (const occurrence of occurrences) {
    const text = textOf(row, occurrence, setup)
    const { occurrenceKey } = occurrence
    const recipient = phone.e164Digits
    matched.candidates.push({ rowNumber, entityKey, occurrenceKey, recipient, occurrence, ...text })
    isWaiting ||= text.missingValues.length > 0 || occurrence.isFeastEstimated === true
  }
  return isWaiting
}

type CandidateText = Pick<Candidate, 'text' | 'encoding' | 'parts' | 'missingValues' | 'refusal'>

const noText: CandidateText = { text: '', encoding: 'gsm7', parts: 1, missingValues: [], refusal: '' }

function textOf(row: SourceRow, occurrence: TriggerOccurrence, setup: RunSetup): CandidateText {
  const { definition } = setup
  const template = setup.templateFor(occurrence.offsetDays)
  if (template === null) return { ...noText, refusal: `no template for offset ${occurrence.offsetDays}` }
  const rendered = renderMessage(
    template,
    { ...definition.constants, ...row, ...occurrence.extraValues, ...daysFrom(setup, occurrence) },
    {
      policy: definition.encoding,
      maxParts: definition.maxParts,
      tooLong: 'refuse',
      today: setup.templateDay,
    },
  )
  switch (rendered.kind) {
    case 'ready': {
      const { text, encoding, parts } = rendered
      return { ...noText, text, encoding, parts: parts.length }
    }
    case 'missing':
      return { ...noText, missingValues: rendered.variables }
    case 'failed':
      return { ...noText, refusal: `${rendered.code} ${JSON.stringify(rendered.detail)}` }
    case 'refused':
      return { ...noText, refusal: `${rendered.code} ${JSON.stringify(rendered.details)}` }
  }
}

/** A missed day is judged as that day, but its text is read today. */
function daysFrom({ today, sendDay }: RunSetup, { dueDate }: TriggerOccurrence): Record<string, number> {
  if (dueDate === undefined || today === sendDay) return {}
  const daysLeft = daysBetween(sendDay, dueDate)
  return { jours: Math.abs(daysLeft), retard: Math.max(-daysLeft, 0) }
}

function phoneCell(value: SourceRow[string] | undefined): string | number | bigint | null {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' ? value : null
}
