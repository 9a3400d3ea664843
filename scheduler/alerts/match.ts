/** From rows to candidates: key, audience, trigger, phone, text. Pure: what was remembered is handed in. */
import type { SourceRow } from '../../connectors/source.ts'
import { renderMessage } from '../../templates/render.ts'
import { firstMobile, parsePhones } from '../../templates/text/phone.ts'
import type { TextEncoding } from '../../templates/text/segments.ts'
import type { LedgerKey, RunIssue } from '../store.ts'
import { explainAudience } from './audience.ts'
import type { RunSetup } from './setup.ts'
import { judgeRow } from './triggers/kinds.ts'
import type { TriggerOccurrence } from './triggers/trigger.ts'

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

/** The ledger keeps keys of this length: a composed key is never longer in practice. */
const longestKey = 200
const longestDetail = 200

/**
 * @param firstRowNumber 0-based position of the first row in the whole result
 * @param remembered what the trigger remembered, by entity; updated as rows of the batch are judged
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
  const { definition, context } = setup
  const reject = (entityKey: string, reason: string, detail: string): void => {
    matched.rejected += 1
    matched.issues.push({ rowNumber, entityKey, reason, detail: detail.slice(0, longestDetail) })
  }
  const key = entityKeyOf(row, definition.keyColumns)
  if (key.kind === 'incomplete') {
    reject('', 'no-key', key.column)
    return
  }
  const { entityKey } = key
  if (definition.audience !== undefined && explainAudience(definition.audience, row).kind === 'excluded') {
    matched.filtered += 1
    return
  }
  const verdict = judgeRow(definition.trigger, { values: row }, context, remembered.get(entityKey) ?? null)
  if (verdict.rejected !== undefined) {
    reject(entityKey, verdict.rejected.code, `${verdict.rejected.column}: ${verdict.rejected.detail}`)
  }
  if (verdict.occurrences.length > 0) {
    const phones = parsePhones(phoneCell(row[definition.phoneColumn]), { country: definition.country })
    const phone = firstMobile(phones)
    if (phone === null) {
      // Not remembered: the occurrence is due again once the number is put right.
      const [first] = phones.rejected
      reject(entityKey, first?.reason ?? 'no-phone', first?.raw ?? '')
      return
    }
    for (const occurrence of verdict.occurrences) {
      matched.candidates.push(candidateOf(row, rowNumber, entityKey, phone.e164Digits, occurrence, setup))
    }
  }
  if (verdict.memory === undefined) return
  if (verdict.occurrences.length === 0 && !remembered.has(entityKey)) matched.baseline += 1
  remembered.set(entityKey, verdict.memory)
  matched.memories.push({ entityKey, memory: verdict.memory })
}

function candidateOf(
  row: SourceRow,
  rowNumber: number,
  entityKey: string,
  recipient: string,
  occurrence: TriggerOccurrence,
  setup: RunSetup,
): Candidate {
  const { definition } = setup
  const base = { rowNumber, entityKey, occurrenceKey: occurrence.occurrenceKey, recipient, occurrence }
  const unsendable = { text: '', encoding: 'gsm7' as const, parts: 1 }
  const template = setup.templateFor(occurrence.offsetDays)
  if (template === null) {
    return {
      ...base,
      ...unsendable,
      missingValues: [],
      refusal: `no template for offset ${occurrence.offsetDays}`,
    }
  }
  const rendered = renderMessage(
    template,
    { ...definition.constants, ...row, ...occurrence.extraValues },
    {
      policy: definition.encoding,
      maxParts: definition.maxParts,
      tooLong: 'refuse',
      today: setup.templateDay,
    },
  )
  switch (rendered.kind) {
    case 'ready':
      return {
        ...base,
        text: rendered.text,
        encoding: rendered.encoding,
        parts: rendered.parts.length,
        missingValues: [],
        refusal: '',
      }
    case 'missing':
      return { ...base, ...unsendable, missingValues: rendered.variables, refusal: '' }
    case 'failed':
      return {
        ...base,
        ...unsendable,
        missingValues: [],
        refusal: `${rendered.code} ${JSON.stringify(rendered.detail)}`,
      }
    case 'refused':
      return {
        ...base,
        ...unsendable,
        missingValues: [],
        refusal: `${rendered.code} ${JSON.stringify(rendered.details)}`,
      }
  }
}

type EntityKey = { kind: 'key'; entityKey: string } | { kind: 'incomplete'; column: string }

function entityKeyOf(row: SourceRow, columns: readonly string[]): EntityKey {
  let entityKey = ''
  for (const column of columns) {
    const value = row[column]
    const text =
      value === null || value === undefined || value instanceof Uint8Array ? '' : String(value).trim()
    if (text === '') return { kind: 'incomplete', column }
    entityKey = entityKey === '' ? text : `${entityKey}|${text}`
  }
  return entityKey.length > longestKey
    ? { kind: 'incomplete', column: 'key too long' }
    : { kind: 'key', entityKey }
}

function phoneCell(value: SourceRow[string] | undefined): string | number | bigint | null {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' ? value : null
}
