/** Reads the journal back: what became of every message it names, up to its last line. */
import { createReadStream, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { dayOf, journalFilePattern } from './journal.ts'
import { type JournalAcceptance, type JournalLine, type JournalMessage, parseLine } from './journal-lines.ts'

export interface JournalEntry {
  messageId: number
  /** null when it was accepted before the files that were read. */
  message: (JournalMessage & { atMs: number }) | null
  accepted: JournalAcceptance[]
  /** Claimed and not returned since: bytes may have left. */
  mayHaveLeft: boolean
  /** What the operator said; null unless it refused the message for good. */
  refusedReason: string | null
  /** Of its last line. */
  lastAtMs: number
}

export interface JournalReading {
  entries: Map<number, JournalEntry>
  /** Torn or foreign lines, left out. */
  unreadableLines: number
}

const dayMs = 86_400_000

/**
 * Reads the files from a day before `sinceMs` on: a message claimed before that moment may have been answered after.
 *
 * Holds about 300 bytes per message in memory.
 */
export async function readJournal(directory: string, sinceMs: number): Promise<JournalReading> {
  const reading: JournalReading = { entries: new Map(), unreadableLines: 0 }
  const firstFile = `${dayOf(sinceMs - dayMs)}.jsonl`
  for (const name of journalFiles(directory).filter(name => name >= firstFile)) {
    const lines = createInterface({ input: createReadStream(join(directory, name)), crlfDelay: Infinity })
    for await (const text of lines) {
      const line = parseLine(text)
      if (line === null) reading.unreadableLines += 1
      else apply(line, reading.entries)
    }
  }
  return reading
}

function journalFiles(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter(name => journalFilePattern.test(name))
      .sort()
  } catch {
    return []
  }
}

function apply(line: JournalLine, entries: Map<number, JournalEntry>): void {
  const entryOf = (messageId: number): JournalEntry => {
    let entry = entries.get(messageId)
    if (entry === undefined) {
      entry = {
        messageId,
        message: null,
        accepted: [],
        mayHaveLeft: false,
        refusedReason: null,
        lastAtMs: line.atMs,
      }
      entries.set(messageId, entry)
    }
    entry.lastAtMs = line.atMs
    return entry
  }
  if (line.kind === 'enqueued') {
    for (const message of line.messages) {
      entryOf(message.messageId).message = { ...message, atMs: line.atMs }
    }
    return
  }
  if (line.kind === 'claimed') {
    for (const messageId of line.messageIds) entryOf(messageId).mayHaveLeft = true
    return
  }
  for (const acceptance of line.accepted) entryOf(acceptance.messageId).accepted.push(acceptance)
  for (const messageId of line.returned) entryOf(messageId).mayHaveLeft = false
  for (const { messageId, reason } of line.refused) {
    const entry = entryOf(messageId)
    entry.mayHaveLeft = false
    entry.refusedReason = reason
  }
}
