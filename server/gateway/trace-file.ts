/**
 * The protocol of one operator as a file: one line per PDU or frame, in UTC. The links cut texts, passwords and
 * phones out of the lines before they come here.
 *
 * Lines are gathered and written behind the loop's back; a disk that is slower than the traffic costs lines, which are
 * counted, and a disk that takes nothing ends the trace. Neither holds up a message.
 */
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Cancel, Clock } from '../../connectors/clock.ts'
import type { TraceLine } from '../../connectors/operator.ts'

export interface TraceFile {
  add(line: TraceLine): void
  /** Writes what waits and closes; nothing is taken any more. */
  close(): Promise<void>
}

export interface TraceFileOptions {
  /** Rotated to `<file>.1` … `<file>.4`. */
  file: string
  clock: Clock
  /** It cannot be written any more; called once, and never after `close`. */
  onFailed(error: Error): void
  /** Octets of one file; for tests. */
  mostOctets?: number
}

/** A day of a busy link is some gigabytes: what is looked for is what happened just now. */
const fileOctets = 10 * 1024 * 1024
/** The present one and those before it. */
const fileCount = 5
const flushMs = 250
/** Lines that wait for a slow disk: some 20,000. */
const mostWaitingOctets = 4 * 1024 * 1024

export function createTraceFile(options: TraceFileOptions): TraceFile {
  const { file, clock, onFailed, mostOctets = fileOctets } = options
  let lines: string[] = []
  let waitingOctets = 0
  let dropped = 0
  let handle: FileHandle | null = null
  let size = 0
  let isOver = false
  let writing: Promise<void> | null = null
  let cancelFlush: Cancel | null = null

  async function write(): Promise<void> {
    while (lines.length > 0 || dropped > 0) {
      const text = takeText()
      handle ??= await openForAdding()
      await handle.write(text)
      size += Buffer.byteLength(text)
      if (size >= mostOctets) {
        await handle.close()
        handle = null
        await rotate(file)
      }
    }
  }

  function takeText(): string {
    const lost =
      dropped === 0 ? '' : `${clock.now().toISOString()} -- ${dropped} lines dropped, disk too slow\n`
    const text = lost + lines.join('')
    lines = []
    waitingOctets = 0
    dropped = 0
    return text
  }

  async function openForAdding(): Promise<FileHandle> {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 })
    const opened = await open(file, 'a', 0o600)
    size = (await opened.stat()).size
    return opened
  }

  function flush(): void {
    cancelFlush?.()
    cancelFlush = null
    if (writing !== null) return
    writing = write()
      .catch(error => fail(error))
      .finally(() => {
        writing = null
        if (lines.length > 0 && !isOver) flush()
      })
  }

  async function fail(error: unknown): Promise<void> {
    lines = []
    dropped = 0
    await handle?.close().catch(() => undefined)
    handle = null
    if (isOver) return
    isOver = true
    onFailed(error instanceof Error ? error : new Error(String(error)))
  }

  return {
    add({ bind, direction, line }) {
      if (isOver) return
      if (waitingOctets > mostWaitingOctets) {
        dropped += 1
        return
      }
      const text = `${clock.now().toISOString()} ${bind} ${direction === 'in' ? '<' : '>'} ${line}\n`
      lines.push(text)
      waitingOctets += text.length
      if (writing === null) cancelFlush ??= clock.after(flushMs, flush)
    },
    async close() {
      if (isOver) return
      isOver = true
      flush()
      await writing
      await handle?.close().catch(() => undefined)
      handle = null
    },
  }
}

/**
 * The end of a trace, from the start of a line.
 *
 * @returns empty when there is none
 */
export async function readTraceTail(file: string, mostOctets: number): Promise<string> {
  let text = ''
  // Newest first, until there is enough: right after a rotation the present file holds next to nothing.
  for (const name of fileNames(file)) {
    const tail = await tailOf(name, mostOctets - Buffer.byteLength(text))
    if (tail === null) continue
    text = tail.text + text
    if (tail.isCut || Buffer.byteLength(text) >= mostOctets) break
  }
  return text
}

async function tailOf(name: string, octets: number): Promise<{ text: string; isCut: boolean } | null> {
  let handle: FileHandle
  try {
    handle = await open(name, 'r')
  } catch {
    return null
  }
  try {
    const { size } = await handle.stat()
    const length = Math.min(size, octets)
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, size - length)
    const text = buffer.toString('utf8', 0, bytesRead)
    const isCut = length < size
    return { text: isCut ? text.slice(text.indexOf('\n') + 1) : text, isCut }
  } finally {
    await handle.close()
  }
}

async function rotate(file: string): Promise<void> {
  const names = fileNames(file)
  await rm(names.at(-1)!, { force: true })
  for (let index = names.length - 2; index >= 0; index -= 1) {
    if (await exists(names[index]!)) await rename(names[index]!, names[index + 1]!)
  }
}

function fileNames(file: string): string[] {
  return Array.from({ length: fileCount }, (_, index) => (index === 0 ? file : `${file}.${index}`))
}

async function exists(name: string): Promise<boolean> {
  return stat(name).then(
    () => true,
    () => false,
  )
}
