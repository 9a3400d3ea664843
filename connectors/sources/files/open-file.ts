/** What the folder's files have in common once open. */
import type { SourceValue } from '../../source.ts'

export interface OpenFile {
  /** Unique; empty when the file holds nothing. */
  columns: string[]
  /** Every cell is text. */
  isText: boolean
  /** Of columns, in the words of `describe`. */
  typeName: string
  /** What was found out, for example `Windows-1252, separator ;, 4 columns`. */
  detail: string
  /** Each row: its cells, then its number as a spreadsheet shows it. Read once. */
  batches: AsyncGenerator<SourceValue[][], void, undefined>
  /** Ends what reading holds, also before its first row. Calling it twice is harmless. */
  close(): void
}

/**
 * A file that cannot be read now (`moment`: it may be next time) or as it is (`content`); `message` is for the
 * administrator and names rows, not the file.
 */
export class FileNotReadable extends Error {
  override readonly name = 'FileNotReadable'
  readonly because: 'moment' | 'content'

  constructor(message: string, because: 'moment' | 'content' = 'content') {
    super(message)
    this.because = because
  }
}

/** SQLite's limit; a wider file is a broken one. */
export const mostFileColumns = 2_000
