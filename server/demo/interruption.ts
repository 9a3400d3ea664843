/** Ctrl-C, SIGTERM and a closed output as an abort signal. */
import type { Clock } from '../../connectors/clock.ts'

/** Somebody asked the demo to end. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

export interface Interruption {
  signal: AbortSignal
  /** Ends the demo for another reason: the store is lost. */
  fail(error: Error): void
  /** Leaves the signals to Node again. */
  close(): void
}

const signals = ['SIGINT', 'SIGTERM'] as const
/** npm hands a Ctrl-C on that the terminal has given us already: two at once are one. */
const repeatMs = 1_000
const interruptedExitCode = 130

/** The first signal aborts; another one, at least a second later, ends the process where it stands. */
export function onInterruption(clock: Clock): Interruption {
  const controller = new AbortController()
  let firstAtMs: number | null = null
  const onOutputLost = (): void => controller.abort(new Interrupted('the output is closed'))
  const onSignal = (): void => {
    const nowMs = clock.nowMs()
    if (firstAtMs !== null && nowMs - firstAtMs >= repeatMs) process.exit(interruptedExitCode)
    firstAtMs ??= nowMs
    controller.abort(new Interrupted('interrupted'))
  }
  for (const name of signals) process.on(name, onSignal)
  // `| head` has read enough: nobody is left to show anything to.
  process.stdout.on('error', onOutputLost)
  return {
    signal: controller.signal,
    fail: error => controller.abort(error),
    close() {
      for (const name of signals) process.off(name, onSignal)
    },
  }
}

/** Resolves once the signal is aborted. */
export function whenAborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
