/** What a row is about: the values of the alert's key columns as one text. */
import type { SourceRow } from '../../connectors/source.ts'

/** The ledger keeps keys of this length: a composed key is never longer in practice. */
const longestKey = 200

export type EntityKey =
  | { kind: 'key'; entityKey: string }
  | { kind: 'rejected'; reason: 'no-key' | 'key-too-long'; column: string }

/** Joined by `|`; a bar inside a value is escaped, so that (`a|b`, `c`) is not (`a`, `b|c`). */
export function entityKeyOf(row: SourceRow, columns: readonly string[]): EntityKey {
  const values: string[] = []
  for (const column of columns) {
    const value = row[column]
    const isText = value !== null && value !== undefined && !(value instanceof Uint8Array)
    const text = isText ? String(value).trim() : ''
    if (text === '') return { kind: 'rejected', reason: 'no-key', column }
    if (text.length > longestKey) return { kind: 'rejected', reason: 'key-too-long', column }
    values.push(columns.length === 1 ? text : text.replaceAll('\\', '\\\\').replaceAll('|', '\\|'))
  }
  const entityKey = values.join('|')
  return entityKey.length > longestKey
    ? { kind: 'rejected', reason: 'key-too-long', column: columns.join(', ') }
    : { kind: 'key', entityKey }
}
