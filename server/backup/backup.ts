/**
 * Makes a copy of a running SQLite store: one file, consistent, verified. It takes a read snapshot through a second
 * connection, so that the server goes on writing meanwhile.
 */
import { chmodSync, copyFileSync, existsSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import type { Clock } from '../../connectors/clock.ts'
import { measureDisk } from '../data-directory.ts'
import { type BackupCounts, type CopyOutcome, inspectCopy } from './inspect-copy.ts'
import { backupNoteName } from './note.ts'

export interface BackupRequest {
  databaseFile: string
  /** Must not exist. */
  targetFile: string
  /** Copied beside the target, as `<target>.key`; null leaves it out. */
  keyFile: string | null
  /** null where the data directory has no journal yet. */
  journalId: string | null
  version: string
}

export type BackupOutcome =
  | { kind: 'made'; counts: BackupCounts; bytes: number; takenAt: Date }
  /** `reason` is one sentence; nothing is left behind. */
  | { kind: 'refused'; reason: string }

/** Blocks this thread while it copies: only the command line calls it. */
export function makeBackup(request: BackupRequest, clock: Clock): BackupOutcome {
  const { databaseFile, targetFile, keyFile } = request
  const refused = (reason: string): BackupOutcome => ({ kind: 'refused', reason })
  if (!existsSync(databaseFile)) {
    return refused(`database ${databaseFile} does not exist; name the data directory with --data`)
  }
  for (const file of keyFile === null ? [targetFile] : [targetFile, keyCopyOf(targetFile)]) {
    if (existsSync(file)) return refused(`${file} exists already; choose another name`)
  }
  const partial = `${targetFile}.partial`
  try {
    const room = roomProblem(databaseFile, targetFile)
    if (room !== null) return refused(room)
    rmSync(partial, { force: true })
    const takenAt = copyDatabase(databaseFile, partial, clock)
    writeNote(partial, { takenAt: takenAt.toISOString(), ...request })
    if (process.platform !== 'win32') chmodSync(partial, 0o600)
    const copy: CopyOutcome = inspectCopy(partial)
    if (copy.kind === 'refused') return refused(`the copy is not good: ${copy.reason}`)
    if (keyFile !== null) copyKey(keyFile, keyCopyOf(targetFile))
    renameSync(partial, targetFile)
    return { kind: 'made', counts: copy.counts, bytes: statSync(targetFile).size, takenAt }
  } catch (error) {
    return refused(
      `backup to ${targetFile} failed: ${error instanceof Error ? error.message : String(error)}`,
    )
  } finally {
    rmSync(partial, { force: true })
  }
}

/** Where `--with-key` puts the key of a backup. */
export function keyCopyOf(backupFile: string): string {
  return `${backupFile}.key`
}

function roomProblem(databaseFile: string, targetFile: string): string | null {
  const { size } = statSync(databaseFile)
  const { freeBytes } = measureDisk(dirname(targetFile))
  if (freeBytes > size) return null
  return `${dirname(targetFile)} has ${freeBytes} bytes free, the database has ${size}`
}

function copyDatabase(databaseFile: string, partial: string, clock: Clock): Date {
  const source = new Database(databaseFile, { readonly: true, timeout: 10_000 })
  try {
    // Before the snapshot: what the journal says from here on is played again without harm.
    const takenAt = clock.now()
    // Not the backup API: that one begins again whenever another process writes, and may never end.
    source.prepare('vacuum into ?').run(partial)
    return takenAt
  } finally {
    source.close()
  }
}

function writeNote(
  file: string,
  { takenAt, version, journalId }: Pick<BackupRequest, 'version' | 'journalId'> & { takenAt: string },
): void {
  const copy = new Database(file)
  try {
    copy.pragma('synchronous = FULL')
    copy
      .prepare('insert into settings (name, value) values (?, ?) on conflict (name) do update set value = ?')
      .run(backupNoteName, ...Array(2).fill(JSON.stringify({ takenAt, version, journalId })))
  } finally {
    copy.close()
  }
}

function copyKey(keyFile: string, target: string): void {
  copyFileSync(keyFile, target)
  if (process.platform !== 'win32') chmodSync(target, 0o600)
}
