/**
 * Ends a child process whose parent is gone, whatever it does: `disconnect` is only heard between two turns of the
 * event loop, and one native call (a join without an end) may last for ever. Loaded before the child's own file by
 * reading-process.ts, which gives the parent's id as the first argument.
 */
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import { systemClock } from '../clock.ts'

const lookEveryMs = 500

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url), {
    workerData: Number(process.argv[2]),
    execArgv: [],
    env: {},
    // It holds a number.
    resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
  })
  // A machine without room for a thread reads on: a parent that ends in good order is heard without it.
  worker.on('error', () => undefined)
  worker.unref()
} else {
  systemClock.every(lookEveryMs, () => {
    if (!isThere(workerData)) process.kill(process.pid, 'SIGKILL')
  })
}

/** Where systems give orphans another parent that is told at once; elsewhere the id is gone or belongs to a stranger. */
function isThere(parent: number): boolean {
  if (process.platform !== 'win32') return process.ppid === parent
  try {
    return process.kill(parent, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
