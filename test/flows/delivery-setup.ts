/** A whole gateway for a test: the store in its threads, the links on real sockets, simulated operators in process. */
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { ExecutionContext } from 'ava'
import { type Clock, systemClock } from '../../connectors/clock.ts'
import type { OperatorProtocol } from '../../connectors/operators/kinds.ts'
import type { SimulatorOptions } from '../../connectors/operators/simulator/options.ts'
import { type Simulator, startSimulator } from '../../connectors/operators/simulator/simulator.ts'
import type { SmppConfigInput } from '../../connectors/operators/smpp/config.ts'
import type { UcpConfigInput } from '../../connectors/operators/ucp/config.ts'
import type { EnqueueItem, NewMessage } from '../../scheduler/store.ts'
import { createAlarms } from '../../server/gateway/alarms.ts'
import { createGateway, type Gateway } from '../../server/gateway/gateway.ts'
import type { MessageState } from '../../server/gateway/message-state.ts'
import { silentLogger } from '../../server/log.ts'
import { openStore } from '../../server/store/client.ts'
import { stateCodes } from '../../server/store/codes.ts'
import { openDatabase } from '../../server/store/database.ts'
import type { Store } from '../../server/store/operations.ts'
import { rulesTo } from '../support/rules.ts'
import { tempDir } from '../support/temp-dir.ts'
import { type LeapingClock, leapingClock } from './leaping-clock.ts'

const hourMs = 3_600_000
/** Twenty tests of a file start at once, and other files beside them: a wait may last, and ends when it is over. */
const deadlineMs = 100_000

export interface Flow {
  clock: LeapingClock
  store: Store
  gateway: Gateway
  /** Adds an operator of this simulator to the store; not started. Returns its id. */
  addOperator(operator: Simulator, config?: Partial<SmppConfigInput>): Promise<number>
  /** The same for one that speaks UCP. */
  addUcpOperator(operator: Simulator, config?: Partial<UcpConfigInput>): Promise<number>
  start(operatorId: number): Promise<void>
  /** Every number goes to these, best first. */
  route(...operatorIds: number[]): void
  /** Accepts messages; returns their ids. */
  send(messages: readonly Partial<NewMessage>[]): Promise<number[]>
  states(): Promise<Partial<Record<MessageState, number>>>
  idsIn(state: MessageState): Promise<number[]>
  /** Texts of messages that the books say have surely left, and of those that may have. */
  textsLeft(): Promise<{ surely: string[]; perhaps: string[] }>
  until(condition: () => Promise<boolean> | boolean, what: string): Promise<void>
  /** Waits until there are exactly so many messages in these states, and none in another. */
  untilStates(wanted: Partial<Record<MessageState, number>>): Promise<void>
  /** Waits until every message is in one of these states. */
  untilAll(...states: MessageState[]): Promise<void>
  /** Stops the gateway and starts another on the same store, as after a restart of the product. */
  restart(): Promise<void>
  stop(): Promise<void>
}

export async function flow(
  t: ExecutionContext,
  { wrap = store => store }: { wrap?: (store: Store) => Store } = {},
): Promise<Flow> {
  const clock = leapingClock(t)
  const file = join(tempDir(t), 'rappel.db')
  const opened = await openStore({ kind: 'sqlite', file }, { onFailure: error => t.fail(error.message) })
  const store = wrap(opened.store)
  const reader = openDatabase({ kind: 'sqlite', file, isReadOnly: true })
  const settings = new Map<number, Parameters<Gateway['startOperator']>[0]>()
  const started = new Set<number>()
  let routes = rulesTo([])
  let gateway = createGateway({
    store,
    clock,
    log: silentLogger,
    alarms: createAlarms(store, clock, silentLogger),
    inbound: { country: 'BF' },
  })
  let isStopped = false
  const stop = async (): Promise<void> => {
    if (isStopped) return
    isStopped = true
    await gateway.stop(2_000)
  }
  t.teardown(async () => {
    await stop()
    await reader.destroy()
    await opened.close()
  })

  async function start(operatorId: number): Promise<void> {
    started.add(operatorId)
    await gateway.startOperator(settings.get(operatorId)!)
  }

  async function states(): Promise<Partial<Record<MessageState, number>>> {
    const rows: { state: number; messages: number }[] = await reader('messages')
      .groupBy('state')
      .select('state')
      .select(reader.raw('count(*) as messages'))
    return Object.fromEntries(rows.map(row => [stateCodes.wordOf(row.state), row.messages]))
  }

  async function until(condition: () => Promise<boolean> | boolean, what: string): Promise<void> {
    const giveUpAtMs = systemClock.nowMs() + deadlineMs
    while (!(await condition())) {
      if (systemClock.nowMs() > giveUpAtMs)
        throw new Error(`not in time: ${what}; ${JSON.stringify(await states())}`)
      await systemClock.sleep(15)
    }
  }

  async function add(protocol: OperatorProtocol, config: object): Promise<number> {
    const name = `operator ${settings.size + 1}`
    const record = await store.operators.create(
      {
        name,
        protocol,
        config: {},
        sealedPassword: null,
        sender: 'ASSURANCE',
        pricePerPartMilli: 10_000,
        currency: 'XOF',
        isStarted: true,
      },
      { nowMs: clock.nowMs(), actor: 'test' },
    )
    const { operatorId } = record
    settings.set(operatorId, { operatorId, name, protocol, sender: 'ASSURANCE', config })
    return operatorId
  }

  return {
    clock,
    store,
    get gateway() {
      return gateway
    },
    addOperator({ host, port }, config = {}) {
      const login = { systemId: 'rappel', password: 'secret' }
      return add('smpp', { host, port, ...login, window: 100, partsPerSecond: 0, ...config })
    },
    addUcpOperator({ host, port }, config = {}) {
      const login = { shortCode: '38001', password: 'secret', allowOriginatorChange: true }
      return add('ucp', { host, port, ...login, window: 50, partsPerSecond: 0, ...config })
    },
    start,
    route(...operatorIds) {
      routes = rulesTo(operatorIds)
      gateway.setRoutes(routes, [])
    },
    async send(messages) {
      const items = messages.map((message, index): EnqueueItem => itemOf(clock, message, index))
      const answer = await gateway.accept({ items })
      if (answer.kind !== 'accepted') throw new Error(answer.kind)
      return answer.results.map(result => (result.kind === 'enqueued' ? result.messageId : -1))
    },
    states,
    async idsIn(state) {
      return reader('messages')
        .where({ state: stateCodes.codeOf(state) })
        .orderBy('id')
        .pluck('id')
    },
    async textsLeft() {
      const rows: { text: string; state: number; sent_at: number | null }[] = await reader('messages')
        .select('text', 'state', 'sent_at')
        .whereNotNull('sending_at')
      const stateOf = (row: { state: number }): MessageState => stateCodes.wordOf(row.state)
      const isSure = (row: { state: number; sent_at: number | null }): boolean =>
        row.sent_at !== null || ['delivered', 'undelivered'].includes(stateOf(row))
      return {
        surely: rows.filter(isSure).map(row => row.text),
        perhaps: rows.filter(row => stateOf(row) === 'unknown').map(row => row.text),
      }
    },
    until,
    untilStates: wanted =>
      until(async () => isDeepStrictEqual(await states(), wanted), `messages ${JSON.stringify(wanted)}`),
    untilAll: (...wanted) =>
      until(
        async () => Object.keys(await states()).every(state => wanted.some(known => known === state)),
        `all messages ${wanted.join(' or ')}`,
      ),
    async restart() {
      await gateway.stop(2_000)
      gateway = createGateway({
        store,
        clock,
        log: silentLogger,
        alarms: createAlarms(store, clock, silentLogger),
        inbound: { country: 'BF' },
      })
      gateway.setRoutes(routes, [])
      await store.recovery.recoverSending(clock.nowMs(), clock.nowMs() + 120_000)
      for (const operatorId of started) await start(operatorId)
    },
    stop,
  }
}

let sent = 0

function itemOf(clock: LeapingClock, message: Partial<NewMessage>, index: number): EnqueueItem {
  const nowMs = clock.nowMs()
  sent += 1
  return {
    ledger: null,
    message: {
      recipient: recipientOf(index),
      sender: null,
      text: `Rappel ${sent} : votre prime arrive à échéance`,
      encoding: 'gsm7',
      parts: 1,
      category: 'reminder',
      priority: 'normal',
      state: 'queued',
      reason: '',
      dueAtMs: nowMs,
      expiresAtMs: nowMs + 48 * hourMs,
      unknownPolicy: 'hold',
      isFlash: false,
      alertId: null,
      runId: null,
      clientId: null,
      clientReference: null,
      capKey: null,
      ...message,
    },
  }
}

/** Numbers that nobody has. */
export function recipientOf(index: number): string {
  return `2267000${String(index).padStart(4, '0')}`
}

/** @param clock of late answers and receipts; with a fake one they come when the test says so */
export async function operatorOn(
  t: ExecutionContext,
  options: SimulatorOptions = {},
  clock?: Clock,
): Promise<Simulator> {
  const receipts = { delayMs: [0, 20] as [number, number], ...options.receipts }
  const operator = await startSimulator({ ...options, receipts }, clock)
  t.teardown(() => operator.stop())
  return operator
}

/**
 * The books agree: the counters with the states, and with what the operators received. Every message that has left
 * is there once, but for those named; nothing else is.
 */
export async function booksAgree(
  t: ExecutionContext,
  { store, states, clock, textsLeft }: Flow,
  { operators, copies = 0 }: { operators: readonly Simulator[]; copies?: number },
): Promise<void> {
  const now = await states()
  const totals = await store.statistics.totals({ fromMs: 0, toMs: clock.nowMs() + hourMs })
  const counted = Object.fromEntries(totals.map(total => [total.state, total.messages]))
  for (const state of ['delivered', 'undelivered', 'expired', 'refused', 'blocked', 'cancelled'] as const) {
    t.is(counted[state] ?? 0, now[state] ?? 0, `counter of ${state}`)
  }
  t.is(now.sending ?? 0, 0, 'nothing is left in sending')
  const { surely, perhaps } = await textsLeft()
  const received = new Set(
    operators.flatMap(operator =>
      operator.received.messages().flatMap(message => (message.isComplete ? [message.text] : [])),
    ),
  )
  t.deepEqual(
    surely.filter(text => !received.has(text)),
    [],
    'sent, but not received',
  )
  const known = new Set([...surely, ...perhaps])
  t.deepEqual(
    [...received].filter(text => !known.has(text)),
    [],
    'received, but not sent',
  )
  const repeated = operators.flatMap(operator => operator.received.duplicates())
  t.is(
    repeated.reduce((sum, part) => sum + part.times - 1, 0),
    copies,
    'parts received more than once',
  )
}
