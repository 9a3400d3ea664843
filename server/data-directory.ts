/**
 * The data directory: made private, held by one server at a time, and measured.
 *
 * The lock is a lock of the operating system on `lock.db`, taken through SQLite: the kernel drops it however the
 * holder ends (kill -9, power cut), it cannot be fooled by a process id used again, and it holds between containers
 * that share the directory. Who holds it stands in `lock.json`, for the message only.
 */
import { chmodSync, mkdirSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import Database from 'better-sqlite3'
import { z } from 'zod'
import type { Clock } from '../connectors/clock.ts'

export interface DataDirectory {
  /** Absolute. */
  path: string
  /** Whether this start made it. */
  wasCreated: boolean
  /** Lets another server take it. Calling it twice is harmless. */
  release(): void
}

export interface LockHolder {
  pid: number
  host: string
  startedAt: string
}

export type DataDirectoryOutcome =
  | { kind: 'held'; directory: DataDirectory }
  /** `reason` is one sentence that says what to do. */
  | { kind: 'refused'; code: 'not-usable' | 'not-private' | 'in-use'; reason: string }

export interface DiskSpace {
  freeBytes: number
  totalBytes: number
  isLow: boolean
}

/** A day of 300,000 messages with its receipts takes about 100 MiB; five such days are left to act. */
const lowDiskBytes = 512 * 1024 * 1024

/**
 * POSIX locks belong to the process: closing any handle on the file would drop ours, so nothing else in the
 * product may open it (a backup leaves it out).
 */
export const lockFileName = 'lock.db'
const holderFileName = 'lock.json'

const holderSchema = z.object({ pid: z.int(), host: z.string().max(255), startedAt: z.string().max(40) })

/**
 * Creates the directory with mode 0700 when it is absent, and holds it for this process.
 *
 * An existing directory that other accounts may read is refused, not changed: a mistyped name may be a directory
 * that others need.
 */
export function holdDataDirectory(name: string, clock: Clock): DataDirectoryOutcome {
  const path = resolve(name)
  let wasCreated: boolean
  try {
    wasCreated = mkdirSync(path, { recursive: true, mode: 0o700 }) !== undefined
    // The umask may have taken bits from mkdir.
    if (wasCreated) chmodSync(path, 0o700)
    const status = statSync(path)
    if (!status.isDirectory()) return notUsable(path, 'it is not a directory')
    const mode = status.mode & 0o777
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      const reason = `data directory ${path} has mode 0${mode.toString(8)}: other accounts could read phone numbers and keys; run chmod 700 ${path}, or choose another directory`
      return { kind: 'refused', code: 'not-private', reason }
    }
  } catch (error) {
    return notUsable(path, error instanceof Error ? error.message : String(error))
  }

  const lock = takeLock(join(path, lockFileName))
  if (lock.kind === 'failed') return notUsable(path, lock.reason)
  if (lock.kind === 'taken') {
    const holder = readLockHolder(path)
    const who = holder === null ? 'another server' : describeHolder(holder)
    return {
      kind: 'refused',
      code: 'in-use',
      reason: `data directory ${path} is in use by ${who}; stop it first`,
    }
  }
  const holder: LockHolder = { pid: process.pid, host: hostname(), startedAt: clock.now().toISOString() }
  const holderFile = join(path, holderFileName)
  try {
    writeFileSync(holderFile, `${JSON.stringify(holder)}\n`, { mode: 0o600 })
  } catch {
    // A full disk: the message of a second server will be poorer, the lock holds all the same.
  }
  let isHeld = true
  const release = (): void => {
    if (!isHeld) return
    isHeld = false
    rmSync(holderFile, { force: true })
    lock.database.close()
  }
  return { kind: 'held', directory: { path, wasCreated, release } }
}

/** Who holds the directory, or held it before it was killed; null when nobody is written down. */
export function readLockHolder(path: string): LockHolder | null {
  try {
    const holder = holderSchema.safeParse(JSON.parse(readFileSync(join(path, holderFileName), 'utf8')))
    return holder.success ? holder.data : null
  } catch {
    return null
  }
}

/**
 * Space that this account may still fill.
 *
 * @throws the error of the system when the path does not exist
 */
export function measureDisk(path: string): DiskSpace {
  const { bavail, blocks, bsize } = statfsSync(path)
  const freeBytes = bavail * bsize
  return { freeBytes, totalBytes: blocks * bsize, isLow: freeBytes < lowDiskBytes }
}

type Lock =
  | { kind: 'taken-by-us'; database: Database.Database }
  | { kind: 'taken' }
  | { kind: 'failed'; reason: string }

function takeLock(file: string): Lock {
  let database: Database.Database | undefined
  try {
    database = new Database(file, { timeout: 0 })
    // Kept open for the life of the process; nothing is ever written in it.
    database.exec('BEGIN EXCLUSIVE')
    return { kind: 'taken-by-us', database }
  } catch (error) {
    database?.close()
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) return { kind: 'taken' }
    return { kind: 'failed', reason: `the lock ${file} cannot be taken: ${String(error)}` }
  }
}

function describeHolder({ pid, host, startedAt }: LockHolder): string {
  return `process ${pid} on ${host.replace(/\p{Cc}/gu, '?')}, started ${startedAt.replace(/\p{Cc}/gu, '?')}`
}

function notUsable(path: string, reason: string): DataDirectoryOutcome {
  return { kind: 'refused', code: 'not-usable', reason: `data directory ${path} cannot be used: ${reason}` }
}
