/** How much memory this process still refers to. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const collectGarbage = ((): (() => void) => {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc')
})()

/** What is still referenced, in and beside the heap, after a collection. */
export function heldMemoryMiB(): number {
  collectGarbage()
  // Buffers are swept by another thread, late on a busy machine: a second collection waits for the first one's.
  collectGarbage()
  const { heapUsed, external } = process.memoryUsage()
  return (heapUsed + external) / 2 ** 20
}
