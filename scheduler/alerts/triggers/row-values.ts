/** Reading of a row's columns by triggers. */
import type { SourceRow, SourceValue } from '../../../connectors/source.ts'
import { parseLocalDate } from '../../../templates/values.ts'
import type { LocalDate } from '../../calendar/local-date.ts'
import { localDate } from '../../calendar/local-date.ts'
import type { TriggerRejection } from './trigger.ts'

const longestDetail = 60

export type ReadDate = { kind: 'date'; date: LocalDate } | { kind: 'rejected'; rejected: TriggerRejection }

/** The day a column holds, in any form templates/values.ts reads, or why there is none. */
export function readDate(values: SourceRow, column: string): ReadDate {
  const value = readValue(values, column)
  if (value === undefined) return reject('column-missing', column, `the query gives no column ${column}`)
  if (value === null || (typeof value === 'string' && value.trim() === '')) {
    return reject('date-missing', column, 'empty')
  }
  const parsed = parseLocalDate(value)
  if (parsed.kind === 'not-a-date') return reject('date-invalid', column, describe(value))
  return { kind: 'date', date: localDate(parsed.year, parsed.month, parsed.day) }
}

/** A column's value; undefined when the query gives no such column. Never reads a prototype. */
export function readValue(values: SourceRow, column: string): SourceValue | undefined {
  return Object.hasOwn(values, column) ? values[column] : undefined
}

/** A value for a person to recognise, cut short. */
export function describe(value: SourceValue): string {
  const text = value instanceof Uint8Array ? `${value.byteLength} bytes` : String(value)
  return text.length > longestDetail ? `${text.slice(0, longestDetail - 1)}…` : text
}

function reject(code: TriggerRejection['code'], column: string, detail: string): ReadDate {
  return { kind: 'rejected', rejected: { code, column, detail } }
}
