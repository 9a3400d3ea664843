/** The main file of a simulator's process; started by child.ts, controlled over the IPC channel. */
import type { ControlCalls, ControlName, FromChild, ToChild } from './control.ts'
import type { SimulatorOptions } from './options.ts'
import { type Simulator, startSimulator } from './simulator.ts'

let running: Simulator | null = null

process.on('message', message => {
  const said = message as ToChild
  if (said.kind === 'start') start(said.options)
  else answer(said.callId, said.name, said.argument)
})
// The parent is gone, however it ended: nobody is left to be witness for.
process.on('disconnect', () => process.exit())
// A Ctrl-C in the terminal reaches every process of its group: the parent drains first, then it stops us.
process.on('SIGINT', () => {})

async function start(options: SimulatorOptions): Promise<void> {
  try {
    running = await startSimulator(options)
  } catch (error) {
    say({ kind: 'failed', message: messageOf(error) })
    process.disconnect()
    return
  }
  running.onSecond(status => say({ kind: 'second', status }))
  say({ kind: 'ready', host: running.host, port: running.port })
}

async function answer(callId: number, name: ControlName, argument: unknown): Promise<void> {
  try {
    if (running === null) throw new Error('the simulator has not started')
    const call = calls[name] as (simulator: Simulator, argument: unknown) => unknown
    const value = await call(running, argument)
    say({ kind: 'answer', callId, value })
  } catch (error) {
    say({ kind: 'error', callId, message: messageOf(error) })
  }
  if (name === 'stop') process.disconnect()
}

type Calls = {
  [Name in ControlName]: (
    simulator: Simulator,
    argument: ControlCalls[Name]['takes'],
  ) => ControlCalls[Name]['gives'] | Promise<ControlCalls[Name]['gives']>
}

const calls: Calls = {
  status: simulator => simulator.status(),
  usage: () => {
    const { user, system } = process.cpuUsage()
    return { cpuMicros: user + system, rssBytes: process.memoryUsage.rss() }
  },
  parts: simulator => [...simulator.received.parts()],
  messages: simulator => simulator.received.messages(),
  countByText: simulator => simulator.received.countByText(),
  duplicates: simulator => simulator.received.duplicates(),
  perSecond: simulator => simulator.received.perSecond(),
  whenAtLeast: async (simulator, thresholds) => {
    const wanted = Object.entries(thresholds) as [keyof typeof thresholds, number][]
    await simulator.when(status => wanted.every(([key, least]) => status[key] >= least))
    return null
  },
  setFaults: (simulator, rules) => {
    simulator.setFaults(rules)
    return null
  },
  deliverIncoming: (simulator, incoming) => simulator.deliverIncoming(incoming),
  cutAll: simulator => {
    simulator.cutAll()
    return null
  },
  stop: async simulator => {
    await simulator.stop()
    return null
  },
}

function say(message: FromChild): void {
  if (process.connected) process.send?.(message)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
