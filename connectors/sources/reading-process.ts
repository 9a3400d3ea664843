/**
 * A child process that reads for us and answers in order. A process, because what runs in one native call or one long
 * loop can only be stopped by ending it, and because its memory goes back to the machine with it.
 */
import { fork } from 'node:child_process'
import { parse } from 'node:path'
import { sharedCompileCache } from '../compile-cache.ts'

/** What a child answers when it cannot; `startProcess` throws it. */
export interface FailedAnswer {
  kind: 'failed'
  code: string
  message: string
}

const parentWatch = new URL('./parent-watch.ts', import.meta.url).href

/**
 * For a process that parses a file for a second or two and ends: what it runs is compiled as hot from the first call, and
 * rows are gone before the nursery is full. A fifth of such a read, measured.
 */
const parsingFlags = ['--max-semi-space-size=32', '--no-lazy-feedback-allocation']

export interface ReadingProcess<Order, Answer> {
  send(order: Order): void
  /** The next answer, in the order they were given. @throws Error with `code` when the child failed or ended */
  next(): Promise<Exclude<Answer, FailedAnswer>>
  /** Ends it, whatever it does. Calling it twice is harmless. */
  kill(): void
}

/**
 * @param module a file that talks by process.on('message') and process.send, and exits on 'disconnect'
 * @param signal ends the child
 * @param environment all variables of the child, for drivers that obey some; absent, it inherits ours
 * @param heapMiB above it the child ends itself: for files whose size tells nothing about what they unpack to
 */
export function startProcess<Order extends object | string, Answer extends { kind: string }>(
  module: string,
  signal: AbortSignal,
  environment?: Record<string, string>,
  heapMiB?: number,
): ReadingProcess<Order, Answer> {
  const child = fork(module, [String(process.pid)], {
    serialization: 'advanced',
    execArgv: [
      ...sharedCompileCache(),
      `--import=${parentWatch}`,
      ...(heapMiB === undefined ? [] : [`--max-old-space-size=${heapMiB}`, ...parsingFlags]),
    ],
    // A relative name in a driver's settings must not mean a file of ours.
    cwd: parse(process.execPath).root,
    // Node prints pages about a full heap; the answer of the child says it in a line. Our output is a log of JSON lines
    // into which drivers must not write.
    stdio: [
      'ignore',
      environment === undefined ? 'inherit' : 'ignore',
      heapMiB === undefined ? 'inherit' : 'ignore',
      'ipc',
    ],
    ...(environment !== undefined && { env: environment }),
  })
  const kill = (): void => {
    signal.removeEventListener('abort', kill)
    child.kill('SIGKILL')
  }
  signal.addEventListener('abort', kill, { once: true })
  if (signal.aborted) kill()

  const arrived: (Answer | FailedAnswer)[] = []
  let waiting: (() => void) | undefined
  const put = (answer: Answer | FailedAnswer): void => {
    arrived.push(answer)
    waiting?.()
  }
  child.on('message', message => put(message as Answer))
  child.on('error', error => put({ kind: 'failed', code: 'ERROR', message: error.message }))
  child.once('exit', (code, by) => {
    put({ kind: 'failed', code: 'ENDED', message: `the reading process ended (${by ?? code})` })
  })
  return {
    // An order that cannot be handed over is answered by the child's end.
    send: order => void child.send(order, () => undefined),
    async next() {
      if (arrived.length === 0) {
        await new Promise<void>(resolve => {
          waiting = resolve
        })
      }
      const answer = arrived.shift()!
      if (!isFailed(answer)) return answer as Exclude<Answer, FailedAnswer>
      throw Object.assign(new Error(answer.message), { code: answer.code })
    },
    kill,
  }
}

function isFailed(answer: { kind: string }): answer is FailedAnswer {
  return answer.kind === 'failed'
}
