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

/**
 * The values that `entityKeyOf` joined, in the order of the columns.
 *
 * @returns null when there are not as many: the alert's key columns have changed since
 */
export function entityKeyParts(entityKey: string, columns: readonly string[]): string[] | null {
  if (columns.length === 1) return [entityKey]
  const parts = ['']
  for (let index = 0; index < entityKey.length; index += 1) {
    const character = entityKey[index]!
    if (character === '|') parts.push('')
    else {
      if (character === '\\') index += 1
      parts[parts.length - 1] += entityKey[index] ?? ''
    }
  }
  return parts.length === columns.length ? parts : null
}
