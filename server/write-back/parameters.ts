/** What a write-back statement may name of a message. Pure. */
import type { SourceParams } from '../../connectors/source.ts'
import { entityKeyParts } from '../../scheduler/alerts/entity-key.ts'
import { toWallTime } from '../../scheduler/calendar/zoned.ts'
import type { DueWriteBack } from '../store/write-backs.ts'

/** Names beside the key columns themselves and `key1` … `key6`; the key column of such a name is found by its number. */
const messageParameters = ['key', 'state', 'messageId', 'sentAt', 'finalAt', 'error'] as const

/** For whom a statement names something that no value is given for. */
export interface MissingParameters {
  /** Names that no alert of the source gives; empty while the source has none. */
  byAll: string[]
  /** Names that some alert, or one that is yet to come, must give; those of `byAll` among them. */
  bySome: string[]
}

/**
 * @param names the parameters of a statement
 * @param keyColumns those of each alert that reads the source
 */
export function missingParameters(
  names: readonly string[],
  keyColumns: readonly (readonly string[])[],
): MissingParameters {
  const fixed: ReadonlySet<string> = new Set(messageParameters)
  const given = keyColumns.map(
    columns => new Set([...columns, ...columns.map((_, index) => `key${index + 1}`)]),
  )
  const asked = [...new Set(names)].filter(name => !fixed.has(name))
  return {
    byAll: given.length === 0 ? [] : asked.filter(name => !given.some(names => names.has(name))),
    bySome: asked.filter(name => given.length === 0 || given.some(names => !names.has(name))),
  }
}

export type WriteBackParams = { kind: 'params'; params: SourceParams } | { kind: 'key-changed' }

/**
 * `:state` is the word of the API (`delivered` …), `:error` why it ended so and NULL when all is well, times are
 * `YYYY-MM-DD HH:MM:SS` as clocks of the alert's zone show them, because that is what the databases of the field hold.
 *
 * @returns `key-changed` when the alert's key columns are others than those the message was made with
 */
export function writeBackParams(due: DueWriteBack): WriteBackParams {
  const { keyColumns, entityKey, zone } = due
  const parts = entityKeyParts(entityKey, keyColumns)
  if (parts === null) return { kind: 'key-changed' }
  const named = keyColumns.map((column, index) => [column, parts[index]!] as const)
  const numbered = parts.map((part, index) => [`key${index + 1}`, part] as const)
  return {
    kind: 'params',
    params: {
      ...Object.fromEntries(named),
      ...Object.fromEntries(numbered),
      key: entityKey,
      state: due.state,
      messageId: due.messageId,
      sentAt: localTime(due.sentAtMs, zone),
      finalAt: localTime(due.finalAtMs, zone),
      error: due.reason === '' ? null : due.reason,
    },
  }
}

function localTime(atMs: number | null, zone: string): string | null {
  if (atMs === null) return null
  const { date, secondOfDay } = toWallTime(new Date(atMs), zone)
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0')
  return `${date} ${two(secondOfDay / 3_600)}:${two((secondOfDay / 60) % 60)}:${two(secondOfDay % 60)}`
}
