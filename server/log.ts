/**
 * The log: one JSON line per event, with a fixed `event` name, then ids and durations in ms.
 *
 * No password and no message text at any level, no whole phone number at info and above, whoever passes them.
 */
import { openSync, writeSync } from 'node:fs'
import { pino } from 'pino'
import type { Clock } from '../connectors/clock.ts'
import type { LogLevel } from './config/schema.ts'
import { redact } from './log-redaction.ts'

/** What a line says: its fixed name, such as `bind.bound`, and ids. */
export interface LogFields {
  event: string
  [name: string]: unknown
}

type Write = (fields: LogFields, sentence?: string) => void

export interface Logger {
  trace: Write
  debug: Write
  info: Write
  warn: Write
  error: Write
  /** The process is about to end: written before this returns. */
  fatal: Write
  /** Whether a line of this level would be written; for fields that cost something to gather. */
  isEnabled(level: LogLevel): boolean
  /** Adds the same ids to every line: `log.child({operatorId: 3})`. */
  child(ids: Record<string, unknown>): Logger
}

export interface ProcessLog {
  logger: Logger
  /**
   * Opens the file again after log rotation moved it; nothing on stdout.
   *
   * @throws as openLog; the log then goes on in the moved file
   */
  reopen(): void
  /** Writes what is waiting. */
  flush(): void
}

export interface LogOptions {
  level: LogLevel
  /** null writes to stdout. */
  file: string | null
  clock: Clock
}

/** What may wait for a slow disk or pipe; lines beyond are dropped and counted, the gateway goes on. */
const mostWaitingBytes = 16 * 1024 * 1024

/**
 * Opens the log of the process.
 *
 * @throws Error naming the file when it cannot be opened for adding
 */
export function openLog({ level, file, clock }: LogOptions): ProcessLog {
  let dropped = 0
  let hasFailed = false
  let descriptor = 1
  const open = () => {
    if (file !== null) descriptor = openForAdding(file)
    const opened = pino.destination({
      dest: descriptor,
      sync: false,
      maxLength: mostWaitingBytes,
    })
    opened.on('drop', () => {
      dropped += 1
    })
    opened.on('drain', () => {
      if (dropped === 0) return
      const lines = dropped
      dropped = 0
      logger.warn({ event: 'log.lines.dropped', lines })
    })
    // The disk of the log is full or its pipe is closed: sending messages matters more. Told on stderr, once.
    opened.on('error', (error: Error) => {
      if (!hasFailed) process.stderr.write(`log cannot be written: ${error.message}\n`)
      hasFailed = true
    })
    return opened
  }
  let destination = open()
  const flush = (): void => {
    try {
      destination.flushSync()
    } catch {
      // The file failed, which the error event told; there is nothing left to write to.
    }
  }
  // A line given to `destination` is at once on its way in another thread, where no flush reaches it any more; the last
  // word of a process must be in the file when this returns. A pipe may take a part of it only: `destination` knows how.
  const writeNow = (line: string): void => {
    flush()
    try {
      if (file !== null) return void writeSync(descriptor, line)
    } catch {
      // The disk is full; the error event tells it.
    }
    destination.write(line)
    flush()
  }
  const logger = createLogger({ level, clock, write: line => destination.write(line), writeNow })
  const reopen = (): void => {
    if (file === null) return
    const previous = destination
    flush()
    destination = open()
    previous.end()
  }
  return { logger, flush, reopen }
}

/** A logger over any place for lines, each with its line end: what tests use. */
export function createLogger(options: {
  level: LogLevel
  clock: Clock
  write: (line: string) => void
  /** For the last word of a process: written before it returns; `write` when absent. */
  writeNow?: (line: string) => void
}): Logger {
  const { level, clock, write, writeNow = write } = options
  let isLastWord = false
  const output = pino(
    {
      level,
      base: null,
      timestamp: () => `,"at":"${clock.now().toISOString()}"`,
      formatters: { level: label => ({ level: label }) },
      messageKey: 'sentence',
    },
    { write: line => (isLastWord ? writeNow : write)(line) },
  )
  const withIds = (ids: Record<string, unknown>): Logger => {
    const at = (label: LogLevel | 'fatal', hidesPhones: boolean): Write => {
      return ({ event, ...fields }, sentence) => {
        if (!output.isLevelEnabled(label)) return
        isLastWord = label === 'fatal'
        // Ids of the child after the event, so that every line starts alike.
        output[label]({ event, ...redact({ ...ids, ...fields }, hidesPhones) }, sentence)
      }
    }
    return {
      trace: at('trace', false),
      debug: at('debug', false),
      info: at('info', true),
      warn: at('warn', true),
      error: at('error', true),
      fatal: at('fatal', true),
      isEnabled: label => output.isLevelEnabled(label),
      child: more => withIds({ ...ids, ...more }),
    }
  }
  return withIds({})
}

/** Writes nothing. */
export const silentLogger: Logger = {
  trace() {},
  debug() {},
  info() {},
  warn() {},
  error() {},
  fatal() {},
  isEnabled: () => false,
  child: () => silentLogger,
}

function openForAdding(file: string): number {
  try {
    return openSync(file, 'a', 0o600)
  } catch (error) {
    throw new Error(`log file ${file} cannot be opened for writing`, { cause: error })
  }
}
