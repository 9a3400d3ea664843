/**
 * The journal of accepted parts: one line of JSON each, in the file before the answer is on the wire. What a
 * submitter was told to be accepted can be counted afterwards by another process, whatever was killed meanwhile.
 */
import { closeSync, createReadStream, openSync, writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { ReceivedPart } from './received-part.ts'
import { Witness } from './witness.ts'

export class Journal {
  readonly #file: number
  #lines = ''

  /** @throws the error of the file system when the file cannot be appended to */
  constructor(path: string) {
    this.#file = openSync(path, 'a', 0o600)
  }

  add(part: ReceivedPart): void {
    this.#lines += `${JSON.stringify(part)}\n`
  }

  /**
   * Writes what was added, in one call. It survives the end of any process, not a power cut: no proof pulls the
   * plug, and an fsync per read of the socket would slow the operator down to the disk's pace. A disk that is full
   * ends the simulator: a witness that cannot write must not go on accepting.
   */
  commit(): void {
    if (this.#lines === '') return
    const bytes = Buffer.from(this.#lines)
    this.#lines = ''
    for (let written = 0; written < bytes.length; ) written += writeSync(this.#file, bytes, written)
  }

  close(): void {
    this.commit()
    closeSync(this.#file)
  }
}

/**
 * Counts a journal again. A last line without its end is left out: its part was never answered.
 *
 * @throws Error naming the line that is no part
 */
export async function readJournal(path: string): Promise<Witness> {
  const witness = new Witness('messages')
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })
  let number = 0
  let broken: { number: number; cause: unknown } | null = null
  for await (const line of lines) {
    number += 1
    if (broken !== null) break
    try {
      const part = JSON.parse(line) as ReceivedPart
      witness.count(part.atMs)
      witness.keep(part)
    } catch (cause) {
      broken = { number, cause }
    }
  }
  if (broken !== null && broken.number < number) {
    throw new Error(`line ${broken.number} of ${path} is not JSON`, { cause: broken.cause })
  }
  return witness
}
