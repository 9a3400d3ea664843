/** The child's half of driver-process.ts: takes orders one after the other, and a stop at any time. */
import { systemClock } from '../clock.ts'
import type { SourceValue } from '../source.ts'
import { batchBytes, type SizedBatch, takeBatch } from './batch-size.ts'
import type { DriverAnswer, DriverMessage, DriverOrder } from './driver-process.ts'
import { answer, failedAnswer, takeOrders } from './reading-child.ts'

/** A connection that the driver opened. */
export interface DriverSession {
  read(order: DriverOrder<unknown>): Promise<DriverRows>
  /** Runs one statement that changes rows; commits it when they are at most `commitsUpTo`. @returns rows changed */
  update(order: DriverOrder<unknown>): Promise<number>
  /** Ends the statement that runs, on the server too where the driver can; then the connection. */
  stop(): Promise<void>
}

export interface DriverRows {
  columns: string[]
  /** The next rows, `most` where the driver can be told; an empty list is the end. */
  next(most: number): Promise<SourceValue[][]>
}

/** A little less than the parent's patience: a goodbye that hangs is left. */
const goodbyeMs = 1_500

/** Serves one parent. @param connect opens the connection of an order */
export function serveDriver<Connection>(
  connect: (order: DriverOrder<Connection>) => Promise<DriverSession>,
): void {
  let session: DriverSession | undefined
  let batches: (() => Promise<SizedBatch>) | undefined
  let work = Promise.resolve()
  const handle = async (message: Exclude<DriverMessage<Connection>, { kind: 'stop' }>): Promise<void> => {
    if (message.kind === 'next') {
      if (batches !== undefined) answer<DriverAnswer>({ kind: 'rows', ...(await batches()) })
      return
    }
    session = await connect(message)
    answer<DriverAnswer>({ kind: 'connected' })
    if (message.kind === 'update')
      answer<DriverAnswer>({ kind: 'changed', count: await session.update(message) })
    else {
      const rows = await session.read(message)
      batches = batchesOf(rows, message.batchRows)
      answer<DriverAnswer>({ kind: 'columns', columns: rows.columns })
    }
  }
  takeOrders<DriverMessage<Connection>>(message => {
    if (message.kind === 'stop') {
      systemClock.after(goodbyeMs, () => process.exit())
      const goodbye = session?.stop() ?? Promise.resolve()
      goodbye.catch(() => undefined).finally(() => process.exit())
      return
    }
    work = work
      .then(() => handle(message))
      .catch(error => {
        batches = undefined
        answer(failedAnswer(error))
      })
  })
  answer<DriverAnswer>({ kind: 'started' })
}

/** What one fetch asks for before it is known how large rows are. */
const firstRows = 32

/** Cuts what a driver fetched into batches, and has it fetch fewer rows when they are large. */
function batchesOf(rows: DriverRows, most: number): () => Promise<SizedBatch> {
  let waiting: SourceValue[][] = []
  let at = 0
  let wanted = Math.min(firstRows, most)
  return async () => {
    if (at === waiting.length) {
      waiting = await rows.next(wanted)
      at = 0
    }
    const batch = takeBatch(most, () => waiting[at++], rows.columns)
    at = Math.min(at, waiting.length)
    const perRow = batch.bytes / Math.max(batch.rows.length, 1)
    wanted = Math.max(1, Math.min(most, wanted * 4, Math.floor(batchBytes / Math.max(perRow, 1))))
    return batch
  }
}
