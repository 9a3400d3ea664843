/**
 * Puts a backup in the place of the SQLite store. The files that were there are kept aside, and put back when
 * anything fails. The caller holds the data directory.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Clock } from '../../connectors/clock.ts'
import { type DatabaseConfig, openDatabase } from '../store/database.ts'
import { migrate } from '../store/migrations/list.ts'
import { keyCopyOf } from './backup.ts'
import { type BackupCounts, inspectCopy } from './inspect-copy.ts'
import { readJournalId } from './journal.ts'
import { backupNoteName } from './note.ts'
import { readJournal } from './read-journal.ts'
import { doubtWaiting, type Reconciliation, reconcile } from './reconcile.ts'

export interface RestoreRequest {
  backupFile: string
  databaseFile: string
  keyFile: string
  dataDirectory: string
  journalDirectory: string
  /** false: what left after the backup will leave again. */
  isMarking: boolean
}

export interface RestoreReport {
  /** null when PostgreSQL put the database back by itself. */
  counts: BackupCounts | null
  takenAt: Date | null
  /** Where the former files are now; null when there were none. */
  keptAside: string | null
  /** `other`: the journal here is not the one that was written beside this database, or there is none. */
  journal: 'complete' | 'other'
  unreadableLines: number
  reconciliation: Reconciliation
  /** Messages whose outcome is unknown now because no journal tells about them. */
  doubted: number
  /** The key beside the backup took the place of a missing one. */
  isKeyRestored: boolean
}

export type RestoreOutcome =
  | { kind: 'restored'; report: RestoreReport }
  /** `reason` is one sentence; the data directory is as it was. */
  | { kind: 'refused'; reason: string }

export async function restoreBackup(request: RestoreRequest, clock: Clock): Promise<RestoreOutcome> {
  const { backupFile, databaseFile, dataDirectory, keyFile } = request
  const copy = inspectCopy(backupFile)
  if (copy.kind === 'refused') return copy
  const takenAt = copy.note === null ? null : new Date(copy.note.takenAt)
  const keptAside = join(dataDirectory, `before-restore-${clock.now().toISOString().replace(/[:.]/g, '-')}`)
  const former = databaseFiles(databaseFile)
  const moved: { from: string; to: string }[] = []
  let isKeyRestored = false
  try {
    if (former.length > 0) mkdirSync(keptAside, { mode: 0o700 })
    for (const from of former) {
      const to = join(keptAside, basename(from))
      renameSync(from, to)
      moved.push({ from, to })
    }
    copyFileSync(backupFile, databaseFile)
    if (!existsSync(keyFile) && existsSync(keyCopyOf(backupFile))) {
      copyFileSync(keyCopyOf(backupFile), keyFile)
      isKeyRestored = true
    }
    const journalId = copy.note?.journalId ?? null
    const isOurs = journalId !== null && readJournalId(request.journalDirectory) === journalId
    const database = { kind: 'sqlite', file: databaseFile } as const
    const after = await replayJournal({ ...request, database }, isOurs ? takenAt : null, clock)
    return {
      kind: 'restored',
      report: {
        ...after,
        counts: copy.counts,
        takenAt,
        keptAside: former.length > 0 ? keptAside : null,
        journal: isOurs ? 'complete' : 'other',
        isKeyRestored,
      },
    }
  } catch (error) {
    for (const file of databaseFiles(databaseFile)) rmSync(file, { force: true })
    if (isKeyRestored) rmSync(keyFile, { force: true })
    for (const { from, to } of moved) renameSync(to, from)
    const reason = error instanceof Error ? error.message : String(error)
    return { kind: 'refused', reason: `restore failed, the former files are back: ${reason}` }
  }
}

export interface ReplayRequest {
  database: DatabaseConfig
  journalDirectory: string
  /** false: only lists. */
  isMarking: boolean
}

export type Replay = Pick<RestoreReport, 'reconciliation' | 'doubted' | 'unreadableLines'>

/**
 * Migrates a database that was put back, and plays the journal on it.
 *
 * @param since when the backup was taken; null when no journal tells about the time after it
 */
export async function replayJournal(
  { database, journalDirectory, isMarking }: ReplayRequest,
  since: Date | null,
  clock: Clock,
): Promise<Replay> {
  const knex = openDatabase(database)
  try {
    await migrate(knex)
    const nowMs = clock.nowMs()
    let reconciliation: Reconciliation = { left: [], lost: [] }
    let doubted = 0
    let unreadableLines = 0
    if (since === null) {
      if (isMarking) doubted = await doubtWaiting(knex, nowMs)
    } else {
      const reading = await readJournal(journalDirectory, since.getTime())
      unreadableLines = reading.unreadableLines
      const takenAtMs = since.getTime()
      reconciliation = await reconcile(knex, { entries: reading.entries, takenAtMs, nowMs, isMarking })
    }
    await knex('settings').where({ name: backupNoteName }).delete()
    await knex('audit').insert({
      at: nowMs,
      actor: 'cli',
      action: 'restore',
      noun: 'database',
      noun_id: since?.toISOString() ?? 'unknown',
      detail: JSON.stringify({ left: reconciliation.left.length, lost: reconciliation.lost.length, doubted }),
    })
    return { reconciliation, doubted, unreadableLines }
  } finally {
    await knex.destroy()
  }
}

/** The database with its write-ahead log, as far as they exist: all or none belong together. */
function databaseFiles(databaseFile: string): string[] {
  const directory = dirname(databaseFile)
  if (!existsSync(directory)) return []
  const names = ['', '-wal', '-shm', '-journal'].map(suffix => `${basename(databaseFile)}${suffix}`)
  return readdirSync(directory)
    .filter(name => names.includes(name))
    .map(name => join(directory, name))
}
