/**
 * Speed of the submit paths alone, without a store: encode, one write per tick, window, decode of the answers,
 * against peers in other processes that do nothing but answer. And what an operator 20 ms away leaves of it: window
 * divided by latency, if nothing of ours stands in the way.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { systemClock } from '../../connectors/clock.ts'
import type { OperatorLink, OutgoingPart } from '../../connectors/operator.ts'
import { type OperatorProtocol, operatorKinds } from '../../connectors/operators/kinds.ts'
import { createRateLimit } from '../../connectors/operators/rate-limit.ts'
import { startStretch } from './measure.ts'

const farLatencyMs = 20
const farWindow = 100

export interface SubmitPathFigures {
  smppPartsPerSecond: number
  smppCpuMicrosPerPart: number
  ucpPartsPerSecond: number
  ucpCpuMicrosPerPart: number
  fourBindsPartsPerSecond: number
  fourBindsCpuMicrosPerPart: number
  /** Parts/s over one bind to an operator 20 ms away, window 100, and its share of window ÷ latency. */
  farPartsPerSecond: number
  farShareOfWindow: number
  peakRssMiB: number
  p99LoopDelayMs: number
}

export async function benchSubmitPath(parts: number): Promise<SubmitPathFigures> {
  const stretch = startStretch()
  const smpp = await submitAll([{ protocol: 'smpp', parts, window: 500 }])
  const ucp = await submitAll([{ protocol: 'ucp', parts: parts / 4, window: 100 }])
  const four = await submitAll([
    ...Array.from({ length: 2 }, () => ({ protocol: 'smpp' as const, parts: parts / 4, window: 500 })),
    ...Array.from({ length: 2 }, () => ({ protocol: 'ucp' as const, parts: parts / 16, window: 100 })),
  ])
  const far = await submitAll([
    { protocol: 'smpp', parts: Math.min(parts / 20, 50_000), window: farWindow, latencyMs: farLatencyMs },
  ])
  const { peakRssMiB, p99LoopDelayMs } = stretch.end()
  return {
    smppPartsPerSecond: smpp.partsPerSecond,
    smppCpuMicrosPerPart: smpp.cpuMicrosPerPart,
    ucpPartsPerSecond: ucp.partsPerSecond,
    ucpCpuMicrosPerPart: ucp.cpuMicrosPerPart,
    fourBindsPartsPerSecond: four.partsPerSecond,
    fourBindsCpuMicrosPerPart: four.cpuMicrosPerPart,
    farPartsPerSecond: far.partsPerSecond,
    farShareOfWindow: far.partsPerSecond / (farWindow / (farLatencyMs / 1000)),
    peakRssMiB,
    p99LoopDelayMs,
  }
}

interface Path {
  protocol: OperatorProtocol
  parts: number
  window: number
  latencyMs?: number
}

/** All paths at once, from the moment that every one is bound. */
async function submitAll(
  paths: readonly Path[],
): Promise<{ partsPerSecond: number; cpuMicrosPerPart: number }> {
  const peers: ChildProcess[] = []
  try {
    const runs = await Promise.all(
      paths.map(async path => {
        const args = [path.protocol, String(path.latencyMs ?? 0)]
        const peer = fork(new URL('./answering-peer.ts', import.meta.url), args)
        peers.push(peer)
        const [address] = (await once(peer, 'message')) as [{ port: number }]
        return runPath(path, address.port)
      }),
    )
    await Promise.all(runs.map(run => run.bound))
    const cpu = process.cpuUsage()
    const startedMs = systemClock.monotonicMs()
    await Promise.all(runs.map(run => run.go()))
    const seconds = (systemClock.monotonicMs() - startedMs) / 1000
    const { user, system } = process.cpuUsage(cpu)
    const parts = paths.reduce((sum, path) => sum + path.parts, 0)
    await Promise.all(runs.map(({ link }) => link.stop()))
    return { partsPerSecond: parts / seconds, cpuMicrosPerPart: (user + system) / parts }
  } finally {
    for (const peer of peers) peer.kill()
  }
}

function runPath({ protocol, parts, window }: Path, port: number) {
  const { promise: bound, resolve: onBound } = Promise.withResolvers<void>()
  const { promise: finished, resolve: onFinished } = Promise.withResolvers<void>()
  let next = 0
  let answered = 0
  let isGoing = false
  const fill = (): void => {
    if (!isGoing) return
    const count = Math.min(link.capacity(), parts - next)
    if (count > 0) link.submit(Array.from({ length: count }, () => partOf(next++)))
  }
  const kind = operatorKinds[protocol]
  const config = kind.configSchema.parse({
    host: '127.0.0.1',
    port,
    window,
    partsPerSecond: 0,
    ...(protocol === 'smpp' ? { systemId: 'bench' } : { shortCode: '38001', password: 'bench' }),
  })
  const link: OperatorLink = kind.createLink(config, {
    rate: createRateLimit(0, systemClock),
    clock: systemClock,
    random: Math.random,
    log: () => undefined,
    handlers: {
      onOutcomes(outcomes) {
        for (const outcome of outcomes) {
          if (outcome.kind !== 'accepted')
            throw new Error(`a part was not accepted: ${JSON.stringify(outcome)}`)
        }
        answered += outcomes.length
        if (answered === parts) onFinished()
      },
      onReceipts: () => undefined,
      onIncoming: () => undefined,
      onState: ({ state }) => state === 'bound' && onBound(),
      onCapacity: fill,
    },
  })
  link.start()
  return {
    link,
    bound,
    go(): Promise<void> {
      isGoing = true
      fill()
      return finished
    },
  }
}

/** A million phones in turn: no two parts to one of them within a second. */
function partOf(partId: number): OutgoingPart {
  return {
    partId,
    recipient: `22670${String(partId % 1_000_000).padStart(6, '0')}`,
    sender: '38001',
    encoding: 'gsm7',
    text: `Votre contrat ${partId} expire le 15/03/2027. Passez en agence pour le renouveler.`,
    partNumber: 1,
    partCount: 1,
    reference: 0,
    validitySeconds: 86_400,
    requestReceipt: true,
    isFlash: false,
  }
}
