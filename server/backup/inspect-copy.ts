/** Looks at a backup before it is trusted: readable, whole, ours, and not of a newer version. */
import Database from 'better-sqlite3'
import { migrations } from '../store/migrations/list.ts'
import { type BackupNote, backupNoteName, parseNote } from './note.ts'

export interface BackupCounts {
  messages: number
  ledger: number
  alerts: number
  sources: number
  operators: number
}

export type CopyOutcome =
  /** `note` is null for a copy that was made by other means. */
  { kind: 'good'; counts: BackupCounts; note: BackupNote | null } | { kind: 'refused'; reason: string }

/** Opens the file read-only; never throws for what the file holds. */
export function inspectCopy(file: string): CopyOutcome {
  let database: Database.Database | undefined
  try {
    database = new Database(file, { readonly: true, fileMustExist: true })
    const verdict = String(database.pragma('integrity_check(1)', { simple: true }))
    if (verdict !== 'ok') return { kind: 'refused', reason: `${file} is damaged: ${verdict}` }
    const done = database.prepare('select name from knex_migrations').pluck().all().map(String)
    const known = new Set(migrations.map(({ name }) => name))
    const unknown = done.find(name => !known.has(name))
    if (unknown !== undefined) {
      return { kind: 'refused', reason: `${file} was made by a newer version (${unknown}); install that one` }
    }
    const note = database.prepare('select value from settings where name = ?').pluck().get(backupNoteName)
    return {
      kind: 'good',
      counts: countsOf(database),
      note: typeof note === 'string' ? parseNote(note) : null,
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { kind: 'refused', reason: `${file} is not a backup of Rappel: ${reason}` }
  } finally {
    database?.close()
  }
}

function countsOf(database: Database.Database): BackupCounts {
  const count = (table: string): number =>
    Number(database.prepare(`select count(*) from ${table}`).pluck().get())
  return {
    messages: count('messages'),
    ledger: count('ledger'),
    alerts: count('alerts'),
    sources: count('sources'),
    operators: count('operators'),
  }
}
