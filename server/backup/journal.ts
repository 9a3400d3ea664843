/**
 * The sent journal: files outside the database, so that a restored backup can learn what left after it was taken.
 * One file per UTC day, appended to in batches: what comes while one write is under way forms the next.
 */
import { randomUUID } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../connectors/clock.ts'
import type { Logger } from '../log.ts'
import { createBatcher } from '../store/batcher.ts'

export interface SentJournal {
  /** Names this journal: a backup notes it, so that a restore knows whether the journal beside it is its own. */
  readonly id: string
  /** Resolves when the text is in the file. A disk that is full is logged, and never stops the sending. */
  append(lines: string): Promise<void>
  /** Writes what waits and closes the file. */
  close(): Promise<void>
}

/** Where the journal of a data directory is. */
export function journalDirectoryOf(dataDirectory: string): string {
  return join(dataDirectory, 'journal')
}

/** A backup older than this is not restored without losing more than the journal could tell. */
const keptDays = 14
const dayMs = 86_400_000
/** Appends that may share a write. */
const appendsPerWrite = 500
export const journalFilePattern = /^\d{4}-\d{2}-\d{2}\.jsonl$/
const idFileName = 'id'

/** @throws the error of the system when the directory cannot be made */
export function openJournal(directory: string, clock: Clock, log: Logger): SentJournal {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  if (process.platform !== 'win32') chmodSync(directory, 0o700)
  const id = readJournalId(directory) ?? createId(directory)
  let file: { day: string; handle: FileHandle } | null = null
  let hasFailed = false

  async function fileOfToday(): Promise<FileHandle> {
    const day = dayOf(clock.nowMs())
    if (file?.day === day) return file.handle
    const previous = file
    file = { day, handle: await open(join(directory, `${day}.jsonl`), 'a', 0o600) }
    await previous?.handle.close()
    removeOldFiles(directory, clock.nowMs())
    return file.handle
  }

  const batcher = createBatcher<string, null>(
    async texts => {
      try {
        const handle = await fileOfToday()
        await handle.appendFile(texts.join(''))
        if (hasFailed) log.warn({ event: 'journal.written-again' })
        hasFailed = false
      } catch (error) {
        // Told once: the same full disk stops the store, which has an alarm of its own.
        if (!hasFailed) log.error({ event: 'journal.not-written', error: String(error) })
        hasFailed = true
      }
      return texts.map(() => null)
    },
    { maxItems: appendsPerWrite },
  )

  return {
    id,
    async append(lines) {
      if (lines !== '') await batcher.add(lines)
    },
    async close() {
      await batcher.idle()
      await file?.handle.sync().catch(() => {})
      await file?.handle.close()
      file = null
    },
  }
}

/** null where no journal was ever written. */
export function readJournalId(directory: string): string | null {
  try {
    return readFileSync(join(directory, idFileName), 'utf8').trim().slice(0, 64) || null
  } catch {
    return null
  }
}

/** The UTC day of a file's name. */
export function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10)
}

function createId(directory: string): string {
  const id = randomUUID()
  writeFileSync(join(directory, idFileName), `${id}\n`, { mode: 0o600 })
  return id
}

function removeOldFiles(directory: string, nowMs: number): void {
  const oldest = `${dayOf(nowMs - keptDays * dayMs)}.jsonl`
  for (const name of readdirSync(directory)) {
    if (journalFilePattern.test(name) && name < oldest) rmSync(join(directory, name), { force: true })
  }
}
