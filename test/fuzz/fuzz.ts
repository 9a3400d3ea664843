/**
 * What every fuzz target must hold: no exception, an end within its time for each input, and a heap that does not
 * grow with the number of inputs. RAPPEL_TEST_FUZZ_RUNS says how many inputs; `npm run fuzz` sets many.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { ExecutionContext } from 'ava'
import fc from 'fast-check'

/** A second or two for each target. */
const defaultRuns = 800
/** Of processor time where the wait was longer: what a busy machine gives to others is not the input's. */
const longestMs = 2_000
/** Compiled code and caches of fixed size come with new inputs; what leaks by input is far above in 4 N of them. */
const growthMib = 8
/** Long enough for the longest count of runs on a slow machine. */
const testTimeoutMs = 3_600_000

/** Inputs of a target that takes microseconds; those over sockets take a share of it. */
export const fuzzRuns = runsOf(process.env.RAPPEL_TEST_FUZZ_RUNS)

export interface FuzzOptions {
  /** Of `fuzzRuns`, for targets that cost more than a call; 1 when absent. */
  share?: number
}

/**
 * Feeds N inputs, then 4 N, and compares the heap after each.
 *
 * @param feed throws, or returns false, for what must not be
 */
export async function fuzz<Input>(
  t: ExecutionContext,
  inputs: fc.Arbitrary<Input>,
  feed: (input: Input) => boolean | Promise<boolean>,
  { share = 1 }: FuzzOptions = {},
): Promise<void> {
  t.timeout(testTimeoutMs)
  const numRuns = Math.max(Math.ceil((fuzzRuns * share) / 5), 5)
  let slowestMs = 0
  const timed = async (input: Input): Promise<boolean> => {
    let tookMs = Number.POSITIVE_INFINITY
    for (let attempt = 0; attempt < 2 && tookMs > longestMs; attempt += 1) {
      const startMs = performance.now()
      const startCpu = process.cpuUsage()
      if ((await feed(input)) === false) return false
      const { user, system } = process.cpuUsage(startCpu)
      tookMs = Math.min(tookMs, performance.now() - startMs, (user + system) / 1000)
    }
    slowestMs = Math.max(slowestMs, tookMs)
    if (tookMs > longestMs) throw new Error(`one input took ${Math.round(tookMs)} ms`)
    return true
  }
  const property = fc.asyncProperty(inputs, timed)
  await fc.assert(property, { numRuns })
  const beforeMib = await heapMib()
  await fc.assert(property, { numRuns: numRuns * 4 })
  const grownMib = (await heapMib()) - beforeMib
  t.true(grownMib < growthMib, `the heap grew by ${grownMib.toFixed(1)} MiB in ${numRuns * 4} inputs`)
  t.log(`${numRuns * 5} inputs, slowest ${slowestMs.toFixed(1)} ms, heap ${grownMib.toFixed(1)} MiB`)
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** JavaScript heap and buffers in use once all that can be freed is. */
async function heapMib(): Promise<number> {
  // Buffers of closed sockets are given back a turn or two after the objects that held them.
  for (let round = 0; round < 4; round += 1) {
    collect()
    await new Promise(resolve => setImmediate(resolve))
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return (heapUsed + arrayBuffers) / 2 ** 20
}

function runsOf(setting: string | undefined): number {
  if (setting === undefined || setting === '') return defaultRuns
  if (/^[1-9]\d{0,7}$/.test(setting)) return Number(setting)
  throw new Error(`RAPPEL_TEST_FUZZ_RUNS: received ${setting}, expected a number from 1 to 99999999`)
}
