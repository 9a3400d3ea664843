/**
 * One operator of four is hostile: it sends lengths of 64 kB, half frames, a hundred thousand receipts for ids that
 * nobody was given, a stream without an end, questions whose answers it never reads; or it answers nothing. The other
 * three are not to notice, and memory is not to grow.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import test, { type ExecutionContext } from 'ava'
import { systemClock } from '../../connectors/clock.ts'
import { type SimulatorProcess, spawnSimulator } from '../../connectors/operators/simulator/child.ts'
import { usualRoutePolicy } from '../../server/store/routes.ts'
import { type Flow, flow } from './delivery-setup.ts'
import { attacks, floodReceipts } from './hostile/attacks.ts'
import { startHostilePeer } from './hostile/peer.ts'

const prefixes = ['22670', '22671', '22672'] as const
const hostilePrefix = '22673'
/** The contract of each of the three: what takes the time, so that a machine under load still keeps it. */
const partsPerSecond = 100
const perOperator = 200
const usualSeconds = perOperator / partsPerSecond
/**
 * Receipts, commits, the first second of the contract, and other tests that hold the processors while a hundred
 * thousand receipts are read. A neighbour that held the others up would do so for ever: it is mute, or floods, until
 * it is stopped.
 */
const slackSeconds = 60
/**
 * What an attack may leave in the memory of the main thread: 5,000 deliveries not yet stored at some 1 kB, a frame of
 * 64 kB, a megabyte of answers that nobody reads, the messages in hand. Attacks bring 50 to 300 MB.
 */
const mostKeptMb = 24
/**
 * What an attack may add to the process while it lasts: the above, what V8 lets buffers grow before it looks at them
 * (64 MB), young garbage of three threads, and the pages of SQLite.
 */
const mostGrowthMb = 200

for (const protocol of ['smpp', 'ucp'] as const) {
  test.serial(`a hostile ${protocol.toUpperCase()} peer costs the other operators nothing`, async t => {
    t.timeout(180_000)
    const run = await flow(t)
    const peaceful = await Promise.all(
      ['smpp', 'smpp', 'ucp'].map(kind =>
        spawnSimulator({ protocol: kind as 'smpp' | 'ucp', keep: 'counts', receipts: { delayMs: [0, 50] } }),
      ),
    )
    for (const simulator of peaceful) t.teardown(() => simulator.stop())
    const [first, second, third] = peaceful as [SimulatorProcess, SimulatorProcess, SimulatorProcess]
    const smpp = { systemId: 'rappel', password: 'secret', halfPduSeconds: 1, unbindSeconds: 0.1 }
    const ucp = { shortCode: '38001', password: 'secret', halfFrameSeconds: 1 }
    const ids = [
      await start(run, { name: 'SMPP 1', protocol: 'smpp', port: first.port, config: smpp }),
      await start(run, { name: 'SMPP 2', protocol: 'smpp', port: second.port, config: smpp }),
      await start(run, { name: 'UCP', protocol: 'ucp', port: third.port, config: ucp }),
    ]
    route(run, ids)
    await deliverAll(t, run, 'nobody hostile')

    const peer = await startHostilePeer(t, protocol)
    const config = { ...(protocol === 'smpp' ? smpp : ucp), answerSeconds: 1 }
    for (const attack of attacks) {
      await peer.attack(attack)
      const memory = watchMemory()
      const name = `Hostile: ${attack}`
      const hostileId = await start(run, { name, protocol, port: peer.port, config })
      route(run, [...ids, hostileId])
      await run.send(Array.from({ length: 20 }, () => messageTo(hostilePrefix)))
      await deliverAll(t, run, attack)
      if (attack === 'receipts')
        await run.until(() => peer.receiptsWritten === floodReceipts, 'the flood is taken')
      const { growthMb, keptMb } = memory.stop()
      const told = `${protocol} ${attack}: ${keptMb.toFixed(1)} MB kept, ${growthMb.toFixed(0)} MB at most`
      t.true(keptMb <= mostKeptMb && growthMb <= mostGrowthMb, told)
      const kinds = await alarmsOf(run, name)
      t.log(`${told}, ${peer.strikes} writes taken, ${kinds.join(', ')}`)
      await run.gateway.stopOperator(hostileId)
    }
    const states = run.gateway.operators().map(({ name, state }) => `${name} ${state}`)
    t.deepEqual(states, ['SMPP 1 bound', 'SMPP 2 bound', 'UCP bound'])
  })
}

interface Peer {
  name: string
  protocol: 'smpp' | 'ucp'
  port: number
  config: Record<string, unknown>
}

async function start(run: Flow, { name, protocol, port, config }: Peer): Promise<number> {
  const { operatorId } = await run.store.operators.create(
    {
      name,
      protocol,
      config: {},
      sealedPassword: null,
      sender: '38001',
      pricePerPartMilli: 10_000,
      currency: 'XOF',
      isStarted: true,
    },
    { nowMs: run.clock.nowMs(), actor: 'test' },
  )
  await run.gateway.startOperator({
    operatorId,
    name,
    protocol,
    sender: '38001',
    config: { host: '127.0.0.1', port, partsPerSecond, window: 50, ...config },
  })
  return operatorId
}

/** Each prefix to its operator, in their order. */
function route(run: Flow, operatorIds: readonly number[]): void {
  const rules = operatorIds.map((operatorId, index) => {
    const prefix = prefixes[index] ?? hostilePrefix
    return {
      name: prefix,
      isActive: true,
      when: { prefixes: [prefix] },
      operators: [{ operatorId, rank: 1, weight: 1 }],
    }
  })
  run.gateway.setRoutes({ ...usualRoutePolicy, rules }, [])
}

let sent = 0

function messageTo(prefix: string): { recipient: string; unknownPolicy: 'hold' } {
  sent += 1
  return { recipient: `${prefix}${String(sent).padStart(6, '0')}`, unknownPolicy: 'hold' }
}

/** Sends to every operator at once and awaits the receipts; says what the slowest took. */
async function deliverAll(t: ExecutionContext, run: Flow, while_: string): Promise<void> {
  const startedMs = systemClock.monotonicMs()
  const ids = await run.send(
    Array.from({ length: perOperator * prefixes.length }, (_, index) =>
      messageTo(prefixes[index % prefixes.length]!),
    ),
  )
  const wanted = new Set(ids)
  await run.until(async () => {
    const delivered = await run.idsIn('delivered')
    return delivered.filter(id => wanted.has(id)).length === wanted.size
  }, `the messages of the others, ${while_}`)
  const seconds = (systemClock.monotonicMs() - startedMs) / 1000
  t.log(`${while_}: ${ids.length} messages of the others delivered in ${seconds.toFixed(1)} s`)
  t.true(seconds <= usualSeconds + slackSeconds, `${while_}: ${seconds.toFixed(1)} s`)
}

/** A link that is down, and messages that left without an answer or do not leave, are each an alarm of its own. */
async function alarmsOf(run: Flow, name: string): Promise<string[]> {
  let kinds: string[] = []
  await run.until(async () => {
    run.clock.leap(31_000)
    const open = await run.store.alarms.open()
    kinds = open.filter(({ subject }) => subject === name).map(({ kind }) => kind)
    return kinds.length > 0
  }, `an alarm about ${name}`)
  return kinds
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function keptNow(): number {
  // The buffers of what was collected are freed beside it, and surely at the next collection.
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function watchMemory(): { stop(): { growthMb: number; keptMb: number } } {
  const keptBefore = keptNow()
  const before = process.memoryUsage.rss()
  let most = before
  const cancel = systemClock.every(20, () => {
    most = Math.max(most, process.memoryUsage.rss())
  })
  return {
    stop() {
      cancel()
      const megabyte = 1_048_576
      return { growthMb: (most - before) / megabyte, keptMb: (keptNow() - keptBefore) / megabyte }
    },
  }
}
