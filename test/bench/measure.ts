/** Measuring a stretch of the run: wall time, processor time of this process and its ended children, memory, loop. */
import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'

export interface Stretch {
  wallSeconds: number
  /** Processor time of all threads of this process, and of children that ended meanwhile, microseconds. */
  cpuMicros: number
  peakRssMiB: number
  p99LoopDelayMs: number
  maxLoopDelayMs: number
}

const rssEveryMs = 20
/** The histogram samples with a timer of this period and counts it in: it is taken off again. */
const loopResolutionMs = 1

export function startStretch(): { end(): Stretch } {
  const loop = monitorEventLoopDelay({ resolution: loopResolutionMs })
  loop.enable()
  const cpuBefore = cpuMicros()
  const startedAt = performance.now()
  let peakRss = process.memoryUsage.rss()
  const sampler = setInterval(() => {
    peakRss = Math.max(peakRss, process.memoryUsage.rss())
  }, rssEveryMs)
  return {
    end() {
      clearInterval(sampler)
      loop.disable()
      return {
        wallSeconds: (performance.now() - startedAt) / 1000,
        cpuMicros: cpuMicros() - cpuBefore,
        peakRssMiB: Math.max(peakRss, process.memoryUsage.rss()) / 2 ** 20,
        p99LoopDelayMs: Math.max(loop.percentile(99) / 1e6 - loopResolutionMs, 0),
        maxLoopDelayMs: Math.max(loop.max / 1e6 - loopResolutionMs, 0),
      }
    },
  }
}

function cpuMicros(): number {
  const { user, system } = process.cpuUsage()
  return user + system + endedChildrenMicros()
}

/** Linux tells it in clock ticks of 10 ms; elsewhere it is left out. */
function endedChildrenMicros(): number {
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]!.split(' ')
    return (Number(fields[13]) + Number(fields[14])) * 10_000
  } catch {
    return 0
  }
}
