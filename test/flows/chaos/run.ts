/**
 * The chaos run: one gateway on a real store, two SMPP operators and a UCP operator in processes of their own that do
 * everything wrong, and phones that write meanwhile. Ends when everything is over; the books are compared elsewhere.
 */
import { join } from 'node:path'
import { systemClock } from '../../../connectors/clock.ts'
import { type SimulatorProcess, spawnSimulator } from '../../../connectors/operators/simulator/child.ts'
import type { ReceivedPart } from '../../../connectors/operators/simulator/received-part.ts'
import { createAlarms } from '../../../server/gateway/alarms.ts'
import { createGateway } from '../../../server/gateway/gateway.ts'
import type { MessageState } from '../../../server/gateway/message-state.ts'
import { silentLogger } from '../../../server/log.ts'
import { openStore } from '../../../server/store/client.ts'
import { stateCodes, unknownPolicyCodes } from '../../../server/store/codes.ts'
import { openDatabase } from '../../../server/store/database.ts'
import type { Store } from '../../../server/store/operations.ts'
import { usualRoutePolicy } from '../../../server/store/routes.ts'
import { type Teardown, tempDir } from '../../support/temp-dir.ts'
import { type LeapingClock, leapingClock } from '../leaping-clock.ts'
import { chaosMessage } from './messages.ts'
import { type ChaosOperator, chaosOperators } from './plan.ts'

export interface ChaosOutcome {
  operators: OperatorBooks[]
  /** Messages from phones: sent by the simulators, and stored. */
  incoming: { sent: number; stored: number; distinct: number }
  seconds: number
  alarmsRaised: string[]
}

/** What the store and the simulator of one operator say. */
export interface OperatorBooks {
  operator: ChaosOperator
  messages: StoredMessage[]
  /** Ids under which the store knows parts, with their state. */
  parts: { messageId: number; partNumber: number; remoteKey: string; state: MessageState }[]
  /** Each receipt that is kept unmatched once, with every spelling of its id. */
  unmatched: { keys: string[]; recipient: string }[]
  accepted: ReceivedPart[]
  simulator: Awaited<ReturnType<typeof statusOf>>
}

export interface StoredMessage {
  messageId: number
  recipient: string
  partCount: number
  state: MessageState
  unknownPolicy: string
  /** Its time line says that an attempt was not answered. */
  wasUnknown: boolean
  wasResolvedByReceipt: boolean
}

const statusOf = (simulator: SimulatorProcess) => simulator.ask('status')

/** Waits after a lost connection grow to a minute; the run would be all waiting. */
const longestWaitMs = 2_000
const pollMs = 100

export async function runChaos(t: Teardown, messages: number): Promise<ChaosOutcome> {
  const startedMs = systemClock.monotonicMs()
  const leaping = leapingClock(t)
  const clock: LeapingClock = {
    ...leaping,
    after: (delayMs, run) => leaping.after(Math.min(delayMs, longestWaitMs), run),
  }
  const file = join(tempDir(t), 'rappel.db')
  const opened = await openStore(
    { kind: 'sqlite', file },
    {
      onFailure: error => {
        throw error
      },
    },
  )
  const reader = openDatabase({ kind: 'sqlite', file, isReadOnly: true })
  const { store } = opened
  const gateway = createGateway({
    store,
    clock,
    log: silentLogger,
    alarms: createAlarms(store, clock, silentLogger),
    inbound: { country: 'BF' },
  })
  t.teardown(async () => {
    await gateway.stop(2_000)
    await reader.destroy()
    await opened.close()
  })

  const running: { operator: ChaosOperator; operatorId: number; simulator: SimulatorProcess }[] = []
  for (const operator of chaosOperators(messages)) {
    const simulator = await spawnSimulator(operator.simulator)
    t.teardown(() => simulator.stop())
    const operatorId = await addOperator(store, operator, clock.nowMs())
    running.push({ operator, operatorId, simulator })
  }
  gateway.setRoutes(
    {
      ...usualRoutePolicy,
      rules: running.map(({ operator, operatorId }) => ({
        name: operator.name,
        isActive: true,
        when: { prefixes: [operator.prefix] },
        operators: [{ operatorId, rank: 1, weight: 1 }],
      })),
    },
    [],
  )
  for (const { operator, operatorId, simulator } of running) {
    await gateway.startOperator({
      operatorId,
      name: operator.name,
      protocol: operator.protocol,
      sender: '38001',
      config: { host: simulator.host, port: simulator.port, ...operator.config },
    })
  }
  const prefixes = running.map(({ operator }) => operator.prefix)
  for (let first = 0; first < messages; first += 1_000) {
    const count = Math.min(1_000, messages - first)
    const items = Array.from({ length: count }, (_, index) =>
      chaosMessage(first + index, prefixes, clock.nowMs()),
    )
    const answer = await gateway.accept({ items })
    if (answer.kind !== 'accepted') throw new Error(answer.kind)
  }

  const simulators = running.map(({ simulator }) => simulator)
  const ask = async (sql: string, bindings: number[]): Promise<number> =>
    Number((await reader.raw(sql, bindings))[0].n)
  const deliveriesWaiting = async (): Promise<number> => {
    const all = await Promise.all(simulators.map(statusOf))
    return all.reduce((sum, { deliveriesWaiting: waiting }) => sum + waiting, 0)
  }
  const alarmsRaised = new Set<string>()
  let incomingSent = 0
  const acknowledged: Promise<boolean>[] = []

  /** Until nothing is due any more, with all faults at work and phones writing. */
  const standing = async (): Promise<string> =>
    JSON.stringify({
      states: await reader.raw('select state, count(*) as n from messages group by state'),
      operators: gateway.operators().map(({ name, state, reason, inFlight, ahead }) => ({
        name,
        state,
        reason,
        inFlight,
        ahead,
      })),
      waiting: (await Promise.all(simulators.map(statusOf))).map(status => status.deliveriesWaiting),
    })
  await until({ messages, standing }, async () => {
    if (incomingSent < messages / 100) {
      const simulator = simulators[incomingSent % simulators.length]!
      const answer = simulator.ask('deliverIncoming', incomingMessage(incomingSent))
      // Awaited at the end; a run that fails before must tell its own reason.
      answer.catch(() => undefined)
      acknowledged.push(answer)
      incomingSent += 1
    }
    for (const { kind, subject } of await store.alarms.open()) alarmsRaised.add(`${kind} ${subject}`)
    const due = await ask(
      'select count(*) as n from messages where state = ? or (state = ? and due_at <= ?)',
      [stateCodes.codeOf('sending'), stateCodes.codeOf('queued'), clock.nowMs()],
    )
    return due + (await deliveriesWaiting()) === 0
  })
  await Promise.all(acknowledged)

  /** The faults are over, and time passes: what waits is tried again, what was never answered is for policy to settle. */
  for (const simulator of simulators) await simulator.ask('setFaults', refusalsOnly(running, simulator))
  const resend = unknownPolicyCodes.codeOf('resend')
  await until({ messages, standing }, async () => {
    clock.leap(31_000)
    // One question: between two a message may pass from the state asked for last to the one asked for first.
    const moving = await ask(
      'select count(*) as n from messages where state in (?, ?) or (state = ? and unknown_policy = ?)',
      [...(['queued', 'sending', 'unknown'] as const).map(state => stateCodes.codeOf(state)), resend],
    )
    return moving + (await deliveriesWaiting()) === 0
  })
  for (const { kind, subject } of await store.alarms.open()) alarmsRaised.add(`${kind} ${subject}`)

  const books: OperatorBooks[] = []
  for (const { operator, operatorId, simulator } of running) {
    const rows: Row[] = await reader.raw(
      `select m.id, m.recipient, m.part_count, m.state, m.unknown_policy,
         exists (select 1 from message_events e where e.message_id = m.id and e.event = 'unknown') as was_unknown,
         exists (select 1 from message_events e where e.message_id = m.id and e.event = 'resolved-by-receipt') as was_resolved
       from messages m where m.operator_id = ? and m.text like 'Rappel %'`,
      [operatorId],
    )
    const parts: { id: number; remote_key: string; state: number }[] = await reader.raw(
      'select id, remote_key, state from message_parts where operator_id = ?',
      [operatorId],
    )
    const receipts: { receipt: string }[] = await reader.raw(
      'select receipt from unmatched_receipts where operator_id = ?',
      [operatorId],
    )
    books.push({
      operator,
      messages: rows.map(row => ({
        messageId: row.id,
        recipient: row.recipient,
        partCount: row.part_count,
        state: stateCodes.wordOf(row.state),
        unknownPolicy: unknownPolicyCodes.wordOf(row.unknown_policy),
        wasUnknown: row.was_unknown === 1,
        wasResolvedByReceipt: row.was_resolved === 1,
      })),
      parts: parts.map(part => ({
        messageId: Math.floor(part.id / 256),
        partNumber: part.id % 256,
        remoteKey: part.remote_key,
        state: stateCodes.wordOf(part.state),
      })),
      unmatched: distinctReceipts(receipts.map(({ receipt }) => receipt)),
      accepted: await simulator.ask('parts'),
      simulator: await statusOf(simulator),
    })
  }
  const stored: { n: number; texts: number }[] = await reader.raw(
    "select count(*) as n, count(distinct text) as texts from incoming where text like 'Bonjour %'",
  )
  return {
    operators: books,
    incoming: { sent: incomingSent, stored: stored[0]!.n, distinct: stored[0]!.texts },
    seconds: (systemClock.monotonicMs() - startedMs) / 1000,
    alarmsRaised: [...alarmsRaised].sort(),
  }
}

/** A receipt is kept once under each spelling of its id, and once more each time the operator tells it again. */
function distinctReceipts(kept: readonly string[]): OperatorBooks['unmatched'] {
  const distinct = new Map<string, { keys: string[]; recipient: string }>()
  for (const text of kept) {
    const { remoteIdKeys, recipient } = JSON.parse(text) as { remoteIdKeys: string[]; recipient: string }
    distinct.set(remoteIdKeys.join(' '), { keys: remoteIdKeys, recipient })
  }
  return [...distinct.values()]
}

interface Row {
  id: number
  recipient: string
  part_count: number
  state: number
  unknown_policy: number
  was_unknown: 0 | 1
  was_resolved: 0 | 1
}

async function until(
  { messages, standing }: { messages: number; standing(): Promise<string> },
  isOver: () => Promise<boolean>,
): Promise<void> {
  const giveUpAtMs = systemClock.monotonicMs() + 100_000 + messages * 10
  while (!(await isOver())) {
    if (systemClock.monotonicMs() > giveUpAtMs) {
      throw new Error(`the chaos run does not come to its end: ${await standing()}`)
    }
    await systemClock.sleep(pollMs)
  }
}

function incomingMessage(index: number): { from: string; to: string; text: string; reference: number } {
  const isLong = index % 4 === 3
  const text = `Bonjour ${index}${isLong ? ', je vous écris au sujet de mon contrat. '.repeat(6) : ''}`
  return { from: `22675${String(index).padStart(6, '0')}`, to: '38001', text, reference: index % 256 }
}

function refusalsOnly(
  running: readonly { operator: ChaosOperator; simulator: SimulatorProcess }[],
  of: SimulatorProcess,
) {
  const { operator } = running.find(({ simulator }) => simulator === of)!
  return (operator.simulator.faults ?? []).slice(0, 1)
}

async function addOperator(store: Store, operator: ChaosOperator, nowMs: number): Promise<number> {
  const record = await store.operators.create(
    {
      name: operator.name,
      protocol: operator.protocol,
      config: {},
      sealedPassword: null,
      sender: '38001',
      pricePerPartMilli: 10_000,
      currency: 'XOF',
      isStarted: true,
    },
    { nowMs, actor: 'test' },
  )
  return record.operatorId
}
