/** Rows of a PostgreSQL cursor as they arrive; the socket is paused while a full batch waits. */
import type { Socket } from 'node:net'
import type pg from 'pg'
import Cursor from 'pg-cursor'
import type { SourceValue } from '../source.ts'
import { type PostgresField, plainTypes } from './postgres-values.ts'
import { gatherRows, watchRowSize } from './pushed-rows.ts'
import { batchRows } from './row-reading.ts'

/** What pg-cursor 2 keeps to itself: it would hold all rows of one fetch, whatever they weigh. */
interface OpenCursor {
  state: string
  _result: { fields: PostgresField[]; parseRow(fields: unknown[]): SourceValue[] }
  handleDataRow(message: { fields: unknown[] }): void
  read(most: number, done: (error: Error | null | undefined) => void): void
}

export interface CursorRows {
  /** Known once the first rows, or the end, are there. */
  fields(): PostgresField[]
  next(): Promise<SourceValue[][]>
  /** The server is sending rows that nobody takes: no goodbye would pass. */
  isSending(): boolean
}

export function cursorRows(client: pg.Client, text: string, values: unknown[]): CursorRows {
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection
  const submitted = client.query(
    new Cursor<SourceValue[]>(text, values, { rowMode: 'array', types: plainTypes }),
  )
  const cursor = submitted as unknown as OpenCursor
  let isSending = false
  let isWanted = false
  const read = (): void => {
    isSending = true
    cursor.read(batchRows, error => {
      isSending = false
      if (error) rows.fail(error)
      else if (cursor.state === 'done') rows.end()
      else if (isWanted) read()
    })
  }
  const rows = gatherRows<SourceValue[]>({
    pause() {
      isWanted = false
      stream.pause()
    },
    resume() {
      isWanted = true
      stream.resume()
      if (!isSending) read()
    },
  })
  const size = watchRowSize(error => {
    rows.fail(error)
    stream.destroy()
  })
  stream.on('data', (chunk: Buffer) => size.arrived(chunk.length))
  cursor.handleDataRow = message => {
    size.row()
    rows.push(cursor._result.parseRow(message.fields))
  }
  return { fields: () => cursor._result.fields, next: rows.next, isSending: () => isSending }
}
