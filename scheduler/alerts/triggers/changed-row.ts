/** Changed row: an endorsement, a claim that was paid, a status that moved. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { SourceRow } from '../../../connectors/source.ts'
import { fold } from '../compare-values.ts'
import { describe, readValue } from './row-values.ts'
import type { TriggerKind, TriggerVerdict } from './trigger.ts'
import { longestColumnName, nothingDue } from './trigger.ts'

const columnSchema = z.string().min(1).max(longestColumnName)

export const changedRowSchema = z.object({
  kind: z.literal('changed-row'),
  /** Twenty columns are more than a status and its details need. */
  watchColumns: z.array(columnSchema).min(1).max(20),
  /** Only changes after which the column holds one of the values; case and accents do not matter. */
  becomes: z
    .object({
      column: columnSchema,
      values: z
        .array(z.union([z.string().max(200), z.number()]))
        .min(1)
        .max(50),
    })
    .optional(),
})

type ChangedRowDefinition = z.output<typeof changedRowSchema>

/** Hexadecimal digits kept of SHA-256: 128 bits, so that two states of a row never look alike. */
const fingerprintLength = 32

/**
 * Memory is `<rank>:<fingerprint>`; the rank counts the changes, so that a status that goes back and forth has
 * an occurrence each time. A row is compared over the watched columns and the column of `becomes`.
 *
 * First sight: silent in the baseline. After it, a row that arrives already holding a value of `becomes`
 * (a claim entered as paid) counts as changed; without `becomes` a new row is no change.
 */
export const changedRow: TriggerKind<ChangedRowDefinition> = {
  usesMemory: true,
  hasBaseline: true,
  judge(definition, row, context, memory) {
    const { becomes, watchColumns } = definition
    const columns = becomes === undefined ? watchColumns : [...watchColumns, becomes.column]
    const missing = columns.find(column => readValue(row.values, column) === undefined)
    if (missing !== undefined) return columnMissing(missing)

    const fingerprint = fingerprintOf(row.values, columns)
    const isWanted = becomes === undefined || holds(row.values, becomes)
    if (memory === null) {
      const isChange = !context.isBaseline && becomes !== undefined && isWanted
      return verdict(isChange, isChange ? 1 : 0, fingerprint)
    }
    const [rankText = '0', known = ''] = memory.split(':')
    if (known === fingerprint) return nothingDue
    const rank = Number(rankText) + 1
    return verdict(isWanted, Number.isSafeInteger(rank) ? rank : 1, fingerprint)
  },
}

function verdict(isDue: boolean, rank: number, fingerprint: string): TriggerVerdict {
  const occurrenceKey = `change:${rank}:${fingerprint.slice(0, 16)}`
  return { occurrences: isDue ? [{ occurrenceKey, extraValues: {} }] : [], memory: `${rank}:${fingerprint}` }
}

/** Names and types take part: NULL is not the text "null", and a column that moves is not another. */
function fingerprintOf(values: SourceRow, columns: readonly string[]): string {
  const hash = createHash('sha256')
  for (const column of columns) {
    const value = readValue(values, column) ?? null
    hash.update(JSON.stringify([column, value === null ? null : typeof value]))
    hash.update(value instanceof Uint8Array ? value : JSON.stringify(String(value)))
  }
  return hash.digest('hex').slice(0, fingerprintLength)
}

function holds(values: SourceRow, becomes: NonNullable<ChangedRowDefinition['becomes']>): boolean {
  const value = readValue(values, becomes.column)
  if (value === undefined || value === null || value instanceof Uint8Array) return false
  const folded = fold(String(value))
  return becomes.values.some(wanted => fold(String(wanted)) === folded)
}

function columnMissing(column: string): TriggerVerdict {
  const detail = `the query gives no column ${describe(column)}`
  return { occurrences: [], rejected: { code: 'column-missing', column, detail } }
}
