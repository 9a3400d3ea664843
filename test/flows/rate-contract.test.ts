/**
 * The contract as the operator counts it: a minute at full load, over a network that bunches packets, with a sender
 * that stands still now and then, messages that come in bursts, and several binds on one short code.
 */
import test, { type ExecutionContext } from 'ava'
import { type Cancel, systemClock } from '../../connectors/clock.ts'
import type { LinkHandlers, OperatorLink } from '../../connectors/operator.ts'
import { type OperatorProtocol, operatorKinds } from '../../connectors/operators/kinds.ts'
import type { RateLane, RateLimit } from '../../connectors/operators/rate-limit.ts'
import { type SimulatorProcess, spawnSimulator } from '../../connectors/operators/simulator/child.ts'
import { createThroughput } from '../../server/gateway/throughput.ts'
import { part } from '../connectors/operators/link-under-test.ts'
import { bunchingNetwork } from '../support/bunching-network.ts'

const seconds = 60
/** Messages come for this long at once, then nothing until they are due to be gone. */
const burstMs = 4_000
/** Of the sender's loop, as a long garbage collection would. */
const standstillMs = 40
const standstillEveryMs = 3_100
/** Of the network. */
const stall = { everyMs: 7_300, forMs: 60 }
/** What those two make late in a second, on average; 98 % are asked for beside them. */
const ownLateness = standstillMs / standstillEveryMs + stall.forMs / stall.everyMs

test.serial(
  'a minute at 10, 40, 50 and 150 parts/s: no second above the contract, and 98 % of it used',
  async t => {
    t.timeout(3 * seconds * 1000)
    const lateness = createLateness()
    t.teardown(lateness.watchLoop())
    const standstills = systemClock.every(standstillEveryMs, () => {
      const untilMs = systemClock.monotonicMs() + standstillMs
      while (systemClock.monotonicMs() < untilMs);
    })
    t.teardown(standstills)
    const runs = await Promise.all([
      fullLoad(t, { protocol: 'smpp', partsPerSecond: 10, links: 1, connections: 2, lateness }),
      fullLoad(t, { protocol: 'ucp', partsPerSecond: 40, links: 2, connections: 1, lateness }),
      fullLoad(t, { protocol: 'smpp', partsPerSecond: 50, links: 2, connections: 1, lateness }),
      fullLoad(t, { protocol: 'smpp', partsPerSecond: 150, links: 1, connections: 2, lateness }),
    ])
    const told = runs.map(run => ({ ...run, used: run.parts / (run.partsPerSecond * run.elapsedSeconds) }))
    for (const { protocol, partsPerSecond, peak, used } of told) {
      t.log(
        `${protocol}, ${partsPerSecond} parts/s: at most ${peak} in a second, ${(used * 100).toFixed(1)} % used`,
      )
    }
    // What this machine made late besides is no one's to use: a part that arrived late lets its successor leave late.
    const taken = Math.max(lateness.seconds() / seconds - ownLateness, 0)
    t.log(`${(taken * 100).toFixed(1)} % of the time was taken by the machine`)
    for (const { protocol, partsPerSecond, peak, used } of told) {
      t.true(peak <= partsPerSecond, `${protocol} at ${partsPerSecond} parts/s: ${peak} in a second`)
      t.true(used >= 0.98 - taken, `${protocol} at ${partsPerSecond} parts/s: ${used} used, ${taken} taken`)
    }
  },
)

interface Load {
  protocol: OperatorProtocol
  partsPerSecond: number
  /** Operators that share the short code, and binds of each; a UCP link has one. */
  links: number
  connections: number
  lateness: Lateness
}

/** How late this machine makes things: the most of each second, since that is what a second of the contract loses. */
interface Lateness {
  /** Of timers. */
  watchLoop(): Cancel
  /** Of answers. */
  watch(limit: RateLimit): RateLimit
  /** The sum over all seconds. */
  seconds(): number
}

function createLateness(): Lateness {
  const lookEveryMs = 5
  const mostMs = new Map<number, number>()
  const add = (lateMs: number): void => {
    const second = Math.floor(systemClock.monotonicMs() / 1000)
    mostMs.set(second, Math.max(mostMs.get(second) ?? 0, lateMs))
  }
  const watchLane = (lane: RateLane): RateLane => {
    const leftAtMs = new Map<number, number>()
    let quickestMs = Number.POSITIVE_INFINITY
    return {
      take(count) {
        const first = lane.take(count)
        for (let ticket = first; ticket < first + count; ticket++) {
          leftAtMs.set(ticket, systemClock.monotonicMs())
        }
        return first
      },
      answered(ticket) {
        const leftMs = leftAtMs.get(ticket)
        if (leftAtMs.delete(ticket) && leftMs !== undefined) {
          const tookMs = systemClock.monotonicMs() - leftMs
          quickestMs = Math.min(quickestMs, tookMs)
          add(tookMs - quickestMs)
        }
        lane.answered(ticket)
      },
    }
  }
  return {
    watchLoop() {
      let lookedMs = systemClock.monotonicMs()
      return systemClock.every(lookEveryMs, () => {
        const nowMs = systemClock.monotonicMs()
        add(nowMs - lookedMs - lookEveryMs)
        lookedMs = nowMs
      })
    },
    watch: limit => ({ ...limit, lane: () => watchLane(limit.lane()) }),
    seconds: () => [...mostMs.values()].reduce((sum, lateMs) => sum + lateMs, 0) / 1000,
  }
}

const logins = {
  smpp: { systemId: 'rappel', password: 'secret', window: 200 },
  ucp: { shortCode: '38001', password: 'secret', window: 100, allowOriginatorChange: true },
} as const

async function fullLoad(t: ExecutionContext, load: Load) {
  const { protocol, partsPerSecond, links, connections, lateness } = load
  const contract = { maxPartsPerSecond: partsPerSecond }
  const simulator = await spawnSimulator({ protocol, keep: 'counts', contract })
  t.teardown(() => simulator.stop())
  const network = await bunchingNetwork(t, simulator, stall)
  const throughput = createThroughput(systemClock)
  let waiting = 0
  let next = 1
  const running = Array.from({ length: links }, (_, index) => {
    const config = {
      ...network,
      ...logins[protocol],
      ...(protocol === 'smpp' && { connections }),
      partsPerSecond,
    }
    const { limit } = throughput.join(index + 1, { partsPerSecond, throughputGroup: '38001' })
    const rate = lateness.watch(limit)
    return runLink({ protocol, config, rate }, link => {
      const count = Math.min(link.capacity(), waiting)
      waiting -= count
      if (count > 0) link.submit(Array.from({ length: count }, () => partOf(next++)))
    })
  })
  for (const { link } of running) t.teardown(() => link.stop(0))
  await Promise.all(running.map(({ bound }) => bound))
  const startedMs = systemClock.monotonicMs()
  for (let elapsedMs = 0; elapsedMs < seconds * 1000; elapsedMs = systemClock.monotonicMs() - startedMs) {
    waiting += Math.ceil((partsPerSecond * burstMs) / 1000)
    for (const { fill } of running) fill()
    await systemClock.sleep(Math.min(burstMs, seconds * 1000 - elapsedMs))
  }
  const elapsedSeconds = (systemClock.monotonicMs() - startedMs) / 1000
  await Promise.all(running.map(({ link }) => link.stop(5_000)))
  return { protocol, partsPerSecond, elapsedSeconds, ...(await counted(simulator)) }
}

async function counted(simulator: SimulatorProcess): Promise<{ peak: number; parts: number }> {
  const { peakInAnySecond, partsAccepted, partsThrottled } = await simulator.ask('status')
  return { peak: peakInAnySecond + partsThrottled, parts: partsAccepted }
}

function runLink(
  { protocol, config, rate }: { protocol: OperatorProtocol; config: object; rate: RateLimit },
  fillFrom: (link: OperatorLink) => void,
): { link: OperatorLink; bound: Promise<void>; fill(): void } {
  const { promise: bound, resolve } = Promise.withResolvers<void>()
  const fill = (): void => fillFrom(link)
  const handlers: LinkHandlers = {
    onOutcomes: () => undefined,
    onReceipts: receipts =>
      link.acknowledge(
        receipts.map(({ receiptToken }) => receiptToken),
        true,
      ),
    onIncoming: () => undefined,
    onState: ({ state }) => state === 'bound' && resolve(),
    onCapacity: fill,
  }
  const kind = operatorKinds[protocol]
  const link = kind.createLink(kind.configSchema.parse(config), {
    rate,
    handlers,
    clock: systemClock,
    random: Math.random,
    log: () => undefined,
  })
  link.start()
  return { link, bound, fill }
}

function partOf(partId: number) {
  return part(partId, { recipient: String(22670000000 + (partId % 10_000)), requestReceipt: false })
}
