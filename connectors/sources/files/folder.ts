/** Which files of a watched folder are there and ready: a half-written one is waited for. */
import { readdir, realpath, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Clock } from '../../clock.ts'
import { errorCode } from '../error-words.ts'
import { NotAFile, openRegularFile } from '../regular-file.ts'
import { FileNotReadable } from './open-file.ts'

export interface FolderSettings {
  folder: string
  /** `*` and `?`; several are separated by blanks. */
  pattern: string
  /** A file is whole when its size and time stayed the same for so long. */
  stableSeconds: number
  /** How long one read waits for that. */
  waitSeconds: number
  maxFileMiB: number
  /** Refuses a folder or file that no source may read. @throws SourceError */
  checkPath?: ((path: string) => Promise<void>) | undefined
}

export interface FoundFile {
  name: string
  path: string
  size: number
  modifiedMs: number
}

/** A folder that nobody empties; each file is opened at each read. */
const mostFiles = 1_000
/** Names under which programs write before they rename, and Excel's and LibreOffice's marks of an open file. */
const unfinished = /^(?:~\$|\.)|\.(?:tmp|temp|part|partial|filepart|crdownload|swp|lock|bak)$|^~.*\.tmp$/i
const lookEveryMs = 500

/**
 * @returns names that match, in order
 * @throws FileNotReadable above `mostFiles`; errors of the file system
 */
export async function fileNames({ folder, pattern, checkPath }: FolderSettings): Promise<string[]> {
  await checkPath?.(folder)
  const entries = await readdir(folder, { withFileTypes: true })
  const matches = patternTest(pattern)
  const names = entries
    .filter(
      entry =>
        (entry.isFile() || entry.isSymbolicLink()) && !unfinished.test(entry.name) && matches(entry.name),
    )
    .map(entry => entry.name)
    .toSorted(byName)
  if (names.length <= mostFiles) return names
  throw new FileNotReadable(
    `${names.length} files match; ${mostFiles} are the limit. Have files that were read moved away.`,
  )
}

/**
 * Waits until a file is whole.
 *
 * @returns undefined when it went away meanwhile
 * @throws FileNotReadable when it still grows after the wait; errors of the file system
 */
export async function wholeFile(
  name: string,
  settings: FolderSettings,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<FoundFile | undefined> {
  const path = join(settings.folder, name)
  await checkFile(path, settings)
  const stableMs = settings.stableSeconds * 1_000
  const startedMs = clock.monotonicMs()
  let seen = await look(path)
  let unchangedSinceMs = startedMs
  while (seen.kind !== 'gone' && !isWhole(seen, { stableMs, clock, unchangedSinceMs })) {
    if (clock.monotonicMs() - startedMs >= settings.waitSeconds * 1_000) throw notReady(seen, settings)
    await clock.sleep(lookEveryMs, signal)
    const now = await look(path)
    if (!isSame(seen, now)) unchangedSinceMs = clock.monotonicMs()
    seen = now
  }
  if (seen.kind !== 'there') return undefined
  if (seen.size > settings.maxFileMiB * 2 ** 20) {
    throw new FileNotReadable(`it has ${seen.size} bytes; the limit is ${settings.maxFileMiB} MiB`)
  }
  return { name, path, size: seen.size, modifiedMs: seen.modifiedMs }
}

/** A link may only lead to another file of the folder: who may write there could else have any file read for him. */
async function checkFile(path: string, { folder, checkPath }: FolderSettings): Promise<void> {
  await checkPath?.(path)
  const real = await realpath(path).catch(() => undefined)
  // Gone meanwhile, or a link to nothing: looking will tell.
  if (real === undefined || dirname(real) === (await realpath(folder))) return
  throw new FileNotReadable('it is a link that leads out of the folder. Copy the file itself there')
}

/** @throws FileNotReadable when the file is no more what it was when it was opened */
export async function checkUnchanged(file: FoundFile): Promise<void> {
  if (await isUnchanged(file)) return
  throw new FileNotReadable('it was changed while it was read; it is read again next time', 'moment')
}

export async function isUnchanged({ path, size, modifiedMs }: FoundFile): Promise<boolean> {
  const now = await stat(path).catch(() => undefined)
  return now?.size === size && now.mtimeMs === modifiedMs
}

type Look = { kind: 'there'; size: number; modifiedMs: number } | { kind: 'locked' } | { kind: 'gone' }

/** Opens the file too: on Windows a program may keep others out while it writes. */
async function look(path: string): Promise<Look> {
  try {
    const file = await openRegularFile(path)
    try {
      const { size, mtimeMs } = await file.stat()
      return { kind: 'there', size, modifiedMs: mtimeMs }
    } finally {
      await file.close()
    }
  } catch (error) {
    const code = errorCode(error)
    if (code === 'ENOENT') return { kind: 'gone' }
    if (code === 'EBUSY') return { kind: 'locked' }
    if (error instanceof NotAFile) throw new FileNotReadable(error.message)
    throw error
  }
}

/** Its own time says how long ago it was written, unless the machine that wrote it has a clock ahead of ours. */
function isWhole(
  seen: Look,
  { stableMs, clock, unchangedSinceMs }: { stableMs: number; clock: Clock; unchangedSinceMs: number },
): boolean {
  if (seen.kind !== 'there') return false
  const isOld = clock.nowMs() - seen.modifiedMs >= stableMs
  return isOld || clock.monotonicMs() - unchangedSinceMs >= stableMs
}

function isSame(a: Look, b: Look): boolean {
  return a.kind === 'there' && b.kind === 'there' && a.size === b.size && a.modifiedMs === b.modifiedMs
}

function notReady(seen: Look, { waitSeconds }: FolderSettings): FileNotReadable {
  const state =
    seen.kind === 'there' ? `is still being written (${seen.size} bytes now)` : 'is locked by another program'
  return new FileNotReadable(`it ${state} after ${waitSeconds} s; it is read next time`, 'moment')
}

/** The same order on every machine: `a2` after `a10` would surprise less, but a date in a name sorts as it should. */
function byName(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function patternTest(pattern: string): (name: string) => boolean {
  const patterns = pattern
    .split(/\s+/)
    .filter(part => part !== '')
    .map(part => part.toLowerCase())
  return name => patterns.some(part => matchesGlob(part, name.toLowerCase()))
}

/** `*` any letters, `?` one. Linear in the name for each star: no expression to be made slow. */
function matchesGlob(pattern: string, name: string): boolean {
  let at = 0
  let within = 0
  let star = -1
  let starAt = 0
  while (at < name.length) {
    if (pattern[within] === '*') {
      star = within
      starAt = at
      within += 1
    } else if (pattern[within] === '?' || pattern[within] === name[at]) {
      within += 1
      at += 1
    } else if (star !== -1) {
      starAt += 1
      at = starAt
      within = star + 1
    } else return false
  }
  while (pattern[within] === '*') within += 1
  return within === pattern.length
}
