/**
 * The demo's own directory: made, recognised again, emptied. `demo.json` marks it; nothing is ever deleted in a
 * directory without that mark.
 */
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Clock } from '../../connectors/clock.ts'
import { type DataDirectory, holdDataDirectory, lockFileName } from '../data-directory.ts'
import type { Words } from './words.ts'

/** Raised when what is kept changes its meaning: an older demo's data are then refused. */
const format = 1
const markName = 'demo.json'

const markSchema = z.object({
  product: z.literal('rappel-demo'),
  format: z.literal(format),
  /** False while the insurer is being made: a demo killed then begins anew. */
  isComplete: z.boolean(),
  seed: z.int(),
  contracts: z.int(),
  /** Given to API clients; the store keeps its hash only. */
  apiKey: z.string().nullable(),
})

export type DemoMark = z.output<typeof markSchema>

export interface DemoDirectory {
  path: string
  isNew: boolean
  mark: DemoMark
  insurerFile: string
  storeFile: string
  keyFile: string
  logFile: string
  keep(changes: Partial<DemoMark>): void
  release(): void
}

export type DemoDirectoryOutcome =
  | { kind: 'ready'; directory: DemoDirectory }
  /** One sentence that says what to do. */
  | { kind: 'refused'; reason: string }

/** Everything that the demo and the product make in it. */
const ownNames = ['insurer.db', 'rappel.db', 'secret.key', 'rappel.log', 'server.json', 'journal']
const lockNames = [lockFileName, 'lock.json']
const sqliteSuffixes = ['', '-wal', '-shm', '-journal']

export interface DemoDirectoryOptions {
  path: string
  clock: Clock
  words: Words
  reset: boolean
  /** Of a new insurer. */
  seed: number
  contracts: number
}

/** Holds the directory for this process and finds, or begins, a demo in it. The insurer is made by the caller. */
export function openDemoDirectory(options: DemoDirectoryOptions): DemoDirectoryOutcome {
  const { clock, words, reset, seed, contracts } = options
  const held = holdDataDirectory(options.path, clock)
  if (held.kind === 'refused') return { kind: 'refused', reason: words.directoryRefused(held.reason) }
  const { path, release } = held.directory
  const refuse = (reason: string): DemoDirectoryOutcome => {
    release()
    return { kind: 'refused', reason }
  }
  const begin = (): DemoDirectoryOutcome => {
    const mark: DemoMark = {
      product: 'rappel-demo',
      format,
      isComplete: false,
      seed,
      contracts,
      apiKey: null,
    }
    writeMark(path, mark)
    for (const name of ownNames) {
      for (const suffix of sqliteSuffixes) rmSync(join(path, name + suffix), { force: true, recursive: true })
    }
    return { kind: 'ready', directory: directoryOf(held.directory, mark, true) }
  }
  const others = readdirSync(path).filter(name => !lockNames.some(lock => name.startsWith(lock)))
  if (others.length === 0) return begin()
  const found = readMark(path)
  if (found.kind === 'none') return refuse(words.foreignDirectory(path, others.slice(0, 3).join(', ')))
  if (reset) return begin()
  if (found.kind === 'other-version') return refuse(words.otherVersion(path, found.why))
  if (!found.mark.isComplete) return begin()
  if (!others.includes('insurer.db')) return refuse(words.otherVersion(path, 'insurer.db ?'))
  return { kind: 'ready', directory: directoryOf(held.directory, found.mark, false) }
}

function directoryOf({ path, release }: DataDirectory, mark: DemoMark, isNew: boolean): DemoDirectory {
  const directory: DemoDirectory = {
    path,
    isNew,
    mark,
    insurerFile: join(path, 'insurer.db'),
    storeFile: join(path, 'rappel.db'),
    keyFile: join(path, 'secret.key'),
    logFile: join(path, 'rappel.log'),
    keep(changes) {
      directory.mark = { ...directory.mark, ...changes }
      writeMark(path, directory.mark)
    },
    release,
  }
  return directory
}

type FoundMark = { kind: 'mark'; mark: DemoMark } | { kind: 'other-version'; why: string } | { kind: 'none' }

function readMark(path: string): FoundMark {
  let written: unknown
  try {
    written = JSON.parse(readFileSync(join(path, markName), 'utf8'))
  } catch {
    return { kind: 'none' }
  }
  const mark = markSchema.safeParse(written)
  if (mark.success) return { kind: 'mark', mark: mark.data }
  const other = z.looseObject({ product: z.literal('rappel-demo'), format: z.unknown() }).safeParse(written)
  if (!other.success) return { kind: 'none' }
  return { kind: 'other-version', why: `format ${JSON.stringify(other.data.format)} / ${format}` }
}

/** Written whole or not at all: half a mark would be taken for a foreign directory. */
function writeMark(path: string, mark: DemoMark): void {
  const temporary = join(path, `${lockFileName}.mark`)
  writeFileSync(temporary, `${JSON.stringify(mark, null, 2)}\n`, { mode: 0o600 })
  renameSync(temporary, join(path, markName))
}
