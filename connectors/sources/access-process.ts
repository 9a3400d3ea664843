/** One Access file open in a process of its own, tried again when Access was writing to it. */
import { fileURLToPath } from 'node:url'
import type { Clock } from '../clock.ts'
import type { SourceValue } from '../source.ts'
import type { LinkedTable } from './access-catalogue.ts'
import type { AccessAnswer, AccessOrder, AccessTable } from './access-reader.ts'
import { askAhead } from './batch-size.ts'
import { errorCode } from './error-words.ts'
import { type ReadingProcess, startProcess } from './reading-process.ts'
import { batchRows } from './row-reading.ts'
import type { ReadingSettings } from './settings.ts'

interface AccessSettings {
  path: string
  password: string
  maxFileMiB: number
  encoding: ReadingSettings['encoding']
}

export interface OpenAccessFile {
  version: string
  tables: AccessTable[]
  linked: LinkedTable[]
  /**
   * The rows of one table, once. Tables are read one after the other.
   *
   * @param wanted its columns of which the values are asked for, the others being NULL; absent: all
   */
  rows(table: string, wanted?: string[]): AsyncGenerator<SourceValue[][], void, undefined>
}

/** A copy taken while Access writes may be torn. It writes for moments; three looks in four seconds meet a pause. */
const attempts = 3
const pauseMs = 2_000
/** What another look may cure. Some Windows programs lock the file for the time of a save. */
const passing = new Set(['CHANGED', 'DAMAGED', 'EBUSY', 'EPERM', 'ENOENT'])
/** Batches asked for ahead: the child reads on while the rows before are worked on. */
const batchesAhead = 14
/** Beside the file itself, which lies outside the heap. */
const heapMiB = 1_024

/**
 * @param signal ends the process
 * @throws Error with a `code`: one of the file system, or NOT_ACCESS, TOO_BIG, CHANGED, WRONG_PASSWORD, DAMAGED, ENDED
 */
export async function openAccessFile(
  settings: AccessSettings,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<OpenAccessFile> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await openOnce(settings, signal)
    } catch (error) {
      if (attempt === attempts || !passing.has(errorCode(error))) throw error
      await clock.sleep(pauseMs, signal)
    }
  }
}

async function openOnce(
  { path, password, maxFileMiB, encoding }: AccessSettings,
  signal: AbortSignal,
): Promise<OpenAccessFile> {
  const module = fileURLToPath(new URL('./access-reader.ts', import.meta.url))
  // The process that parses a stranger's file needs nothing of our environment.
  const child = startProcess<AccessOrder, AccessAnswer>(module, signal, {}, heapMiB)
  try {
    child.send({ kind: 'open', path, password, maxBytes: maxFileMiB * 2 ** 20, encoding })
    const answer = await child.next()
    if (answer.kind !== 'opened') throw new Error(`the reading process answered ${answer.kind}`)
    const { version, tables, linked } = answer
    return { version, tables, linked, rows: (table, wanted) => rowsOf(child, table, wanted) }
  } catch (error) {
    child.kill()
    throw error
  }
}

async function* rowsOf(
  child: ReadingProcess<AccessOrder, AccessAnswer>,
  table: string,
  wanted: string[] | undefined,
): AsyncGenerator<SourceValue[][], void, undefined> {
  const ask = (): void => child.send({ kind: 'next', table, wanted, batchRows })
  let underWay = 0
  const next = askAhead(
    batchesAhead,
    () => {
      ask()
      underWay += 1
    },
    async () => {
      const answer = await child.next()
      underWay -= 1
      if (answer.kind !== 'rows') throw new Error(`the reading process answered ${answer.kind}`)
      return answer
    },
  )
  for (let answer = await next(); answer.rows.length > 0; answer = await next()) yield answer.rows
  // The answers of another table would follow: those of this one are taken first.
  for (; underWay > 0; underWay -= 1) await child.next()
}
