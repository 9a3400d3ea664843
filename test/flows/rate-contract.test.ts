/**
 * The contract as the operator counts it: a minute at full load, over a network that bunches packets, with a sender
 * that stands still now and then, messages that come in bursts, and several binds on one short code.
 */
import test, { type ExecutionContext } from 'ava'
import { systemClock } from '../../connectors/clock.ts'
import type { LinkHandlers, OperatorLink } from '../../connectors/operator.ts'
import { type OperatorProtocol, operatorKinds } from '../../connectors/operators/kinds.ts'
import type { RateLimit } from '../../connectors/operators/rate-limit.ts'
import { type SimulatorProcess, spawnSimulator } from '../../connectors/operators/simulator/child.ts'
import { createThroughput } from '../../server/gateway/throughput.ts'
import { part } from '../connectors/operators/smpp/link-under-test.ts'
import { bunchingNetwork } from '../support/bunching-network.ts'

const seconds = 60
/** Messages come for this long at once, then nothing until they are due to be gone. */
const burstMs = 4_000
/** Of the sender's loop, as a long garbage collection would. */
const standstillMs = 40

test.serial(
  'a minute at 10, 40, 50 and 150 parts/s: no second above the contract, and 98 % of it used',
  async t => {
    t.timeout(3 * seconds * 1000)
    const standstills = systemClock.every(3_100, () => {
      const untilMs = systemClock.monotonicMs() + standstillMs
      while (systemClock.monotonicMs() < untilMs);
    })
    t.teardown(standstills)
    const runs = await Promise.all([
      fullLoad(t, { protocol: 'smpp', partsPerSecond: 10, links: 1, connections: 2 }),
      fullLoad(t, { protocol: 'ucp', partsPerSecond: 40, links: 2, connections: 1 }),
      fullLoad(t, { protocol: 'smpp', partsPerSecond: 50, links: 2, connections: 1 }),
      fullLoad(t, { protocol: 'smpp', partsPerSecond: 150, links: 1, connections: 2 }),
    ])
    const told = runs.map(run => ({ ...run, used: run.parts / (run.partsPerSecond * run.elapsedSeconds) }))
    for (const { protocol, partsPerSecond, peak, used } of told) {
      t.log(
        `${protocol}, ${partsPerSecond} parts/s: at most ${peak} in a second, ${(used * 100).toFixed(1)} % used`,
      )
    }
    for (const { protocol, partsPerSecond, peak, used } of told) {
      t.true(peak <= partsPerSecond, `${protocol} at ${partsPerSecond} parts/s: ${peak} in a second`)
      t.true(used >= 0.98, `${protocol} at ${partsPerSecond} parts/s: ${used} used`)
    }
  },
)

interface Load {
  protocol: OperatorProtocol
  partsPerSecond: number
  /** Operators that share the short code, and binds of each; a UCP link has one. */
  links: number
  connections: number
}

const logins = {
  smpp: { systemId: 'rappel', password: 'secret', window: 200 },
  ucp: { shortCode: '38001', password: 'secret', window: 100, allowOriginatorChange: true },
} as const

async function fullLoad(t: ExecutionContext, { protocol, partsPerSecond, links, connections }: Load) {
  const contract = { maxPartsPerSecond: partsPerSecond }
  const simulator = await spawnSimulator({ protocol, keep: 'counts', contract })
  t.teardown(() => simulator.stop())
  const network = await bunchingNetwork(t, simulator, { everyMs: 7_300, forMs: 60 })
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
    const { limit: rate } = throughput.join(index + 1, { partsPerSecond, throughputGroup: '38001' })
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
