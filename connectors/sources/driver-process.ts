/**
 * A database driver in a child process of its own, for drivers that may take the process down or change all of it:
 * native code of others (ODBC), Oracle's thick mode. One process per read; driver-child.ts is its other half.
 */
import type { Clock } from '../clock.ts'
import { askAhead, type SizedBatch } from './batch-size.ts'
import { errorCode } from './error-words.ts'
import type { FailedAnswer } from './reading-process.ts'
import { startProcess } from './reading-process.ts'
import { orAborted, type RowBatches } from './row-reading.ts'

/** What the child is asked first. `Connection` is the kind's own: where, as whom, how. */
export interface DriverOrder<Connection> {
  kind: 'read' | 'update'
  connection: Connection
  statement: string
  /** In the order of the statement's placeholders. */
  values: (string | number | null)[]
  batchRows: number
  /** Of an update: the most rows that are committed; more are rolled back. -1 commits nothing. */
  commitsUpTo?: number
}

export type DriverAnswer =
  | { kind: 'started' }
  | { kind: 'connected' }
  | { kind: 'columns'; columns: string[] }
  | ({ kind: 'rows' } & SizedBatch)
  | { kind: 'changed'; count: number }
  | FailedAnswer

export type DriverMessage<Connection> = DriverOrder<Connection> | { kind: 'next' } | { kind: 'stop' }

export interface DriverProcess {
  /** The file of the child. */
  module: string
  /** All variables that the driver sees: nothing of the machine's own settings reaches it by accident. */
  environment: Record<string, string>
  clock: Clock
  /** From the order to the accepted login; the start of the process comes before. */
  connectTimeoutMs: number
  /** The error when that time is over. */
  connectTimedOut(): Error
}

/** A driver that does not end its statement within this time is killed. */
const stopGraceMs = 2_000

/** Batches asked for ahead: the driver works while the rows before are worked on. */
const batchesAhead = 2

/** Opens a result; on `signal` the statement is cancelled on the server, then the process ends. */
export async function openDriverRows<Connection>(
  process: DriverProcess,
  order: DriverOrder<Connection>,
  signal: AbortSignal,
): Promise<RowBatches> {
  const driver = startDriver<Connection>(process, signal)
  try {
    const opened = await driver.connect(order)
    const ask = (): void => driver.send({ kind: 'next' })
    const nextRows = askAhead(batchesAhead, ask, async () => {
      const answer = await driver.next()
      return answer.kind === 'rows' ? answer : { rows: [], bytes: 0 }
    })
    return {
      columns: opened.kind === 'columns' ? opened.columns : [],
      next: async () => (await nextRows()).rows,
      close: async () => driver.stop(),
    }
  } catch (error) {
    driver.stop()
    throw error
  }
}

/**
 * Runs one statement that changes rows, and commits up to as many as the order says. A process of its own, as for a
 * read: updates are rare, and must not hold a session open.
 *
 * @returns rows changed
 */
export async function changeByDriver<Connection>(
  process: DriverProcess,
  order: DriverOrder<Connection>,
  signal: AbortSignal,
): Promise<number> {
  const driver = startDriver<Connection>(process, signal)
  try {
    const answer = await driver.connect(order)
    return answer.kind === 'changed' ? answer.count : 0
  } finally {
    driver.stop()
  }
}

interface Driver<Connection> {
  /** Hands over the order; resolves with the first answer after the login. */
  connect(order: DriverOrder<Connection>): Promise<Exclude<DriverAnswer, FailedAnswer>>
  send(message: DriverMessage<Connection>): void
  next(): Promise<Exclude<DriverAnswer, FailedAnswer>>
  /** Lets the child cancel and say goodbye, and kills it when that takes too long. */
  stop(): void
}

/** Every answer that is still on its way comes first, failures among them; the last one is the child's end. */
async function untilEnded(child: { next(): Promise<unknown> }): Promise<void> {
  for (let code = ''; code !== 'ENDED'; ) {
    code = await child.next().then(
      () => '',
      error => errorCode(error),
    )
  }
}

function startDriver<Connection>(
  { module, environment, clock, connectTimeoutMs, connectTimedOut }: DriverProcess,
  signal: AbortSignal,
): Driver<Connection> {
  const dead = new AbortController()
  const child = startProcess<DriverMessage<Connection>, DriverAnswer>(module, dead.signal, environment)
  let isStopped = false
  const stop = (): void => {
    signal.removeEventListener('abort', stop)
    if (isStopped) return
    isStopped = true
    child.send({ kind: 'stop' })
    const cancel = clock.after(stopGraceMs, () => dead.abort())
    void untilEnded(child).then(cancel)
  }
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  return {
    async connect(order) {
      await orAborted(child.next(), signal)
      const late = new AbortController()
      const cancel = clock.after(connectTimeoutMs, () => late.abort(connectTimedOut()))
      try {
        child.send(order)
        await orAborted(child.next(), AbortSignal.any([late.signal, signal]))
      } finally {
        cancel()
      }
      return await orAborted(child.next(), signal)
    },
    send: child.send,
    next: child.next,
    stop,
  }
}
