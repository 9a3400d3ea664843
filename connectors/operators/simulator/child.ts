/**
 * A simulator in a process of its own: the bench must not share its processor time, and the crash proof needs a
 * witness that outlives the product.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Cancel } from '../../clock.ts'
import type { ControlCalls, ControlName, FromChild, ToChild } from './control.ts'
import type { SimulatorStatus } from './counters.ts'
import type { SimulatorOptions } from './options.ts'

export interface SimulatorProcess {
  readonly pid: number
  readonly host: string
  readonly port: number
  /**
   * Asks the simulator; see control.ts for what may be asked.
   *
   * @throws Error with the words of the child, or saying that it has ended
   */
  ask<Name extends ControlName>(
    name: Name,
    ...argument: ControlCalls[Name]['takes'] extends null ? [] : [ControlCalls[Name]['takes']]
  ): Promise<ControlCalls[Name]['gives']>
  onSecond(listener: (status: SimulatorStatus) => void): Cancel
  /** Stops listening, closes every connection and waits for the end of the process. Harmless when it has ended. */
  stop(): Promise<void>
}

/**
 * Starts a simulator in a child process.
 *
 * @param options as for `startSimulator`
 * @returns once it listens; the child ends by itself when this process does
 * @throws Error with the reason when it cannot listen
 */
export async function spawnSimulator(options: SimulatorOptions = {}): Promise<SimulatorProcess> {
  const child = fork(fileURLToPath(new URL('./child-main.ts', import.meta.url)), [], {
    execArgv: [],
    // Maps travel as Maps.
    serialization: 'advanced',
  })
  const ready = whenReady(child)
  child.send({ kind: 'start', options } satisfies ToChild)
  const { host, port } = await ready
  return new ChildSimulator(child, host, port)
}

function whenReady(child: ChildProcess): Promise<{ host: string; port: number }> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      child.off('message', onMessage)
      child.off('exit', onExit)
      child.off('error', reject)
      finish()
    }
    const onMessage = (message: unknown): void => {
      const said = message as FromChild
      if (said.kind === 'ready') settle(() => resolve(said))
      if (said.kind === 'failed') settle(() => reject(new Error(said.message)))
    }
    const onExit = (code: number | null): void =>
      settle(() => reject(new Error(`the simulator's process ended with code ${code}`)))
    child.on('message', onMessage)
    child.on('exit', onExit)
    child.on('error', reject)
  })
}

interface Call {
  resolve: (value: unknown) => void
  reject: (reason: Error) => void
}

class ChildSimulator implements SimulatorProcess {
  readonly #child: ChildProcess
  readonly #calls = new Map<number, Call>()
  readonly #listeners = new Set<(status: SimulatorStatus) => void>()
  readonly #ended: Promise<void>
  #lastCall = 0
  readonly host: string
  readonly port: number

  constructor(child: ChildProcess, host: string, port: number) {
    this.#child = child
    this.host = host
    this.port = port
    child.on('message', message => this.#hear(message as FromChild))
    this.#ended = new Promise(resolve => {
      child.on('exit', () => {
        for (const { reject } of this.#calls.values()) reject(new Error("the simulator's process has ended"))
        this.#calls.clear()
        resolve()
      })
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  ask<Name extends ControlName>(
    name: Name,
    ...argument: ControlCalls[Name]['takes'] extends null ? [] : [ControlCalls[Name]['takes']]
  ): Promise<ControlCalls[Name]['gives']> {
    return new Promise((resolve, reject) => {
      this.#lastCall += 1
      const callId = this.#lastCall
      const call: ToChild = { kind: 'call', callId, name, argument: argument[0] ?? null }
      this.#calls.set(callId, { resolve: value => resolve(value as ControlCalls[Name]['gives']), reject })
      this.#child.send(call, error => {
        if (error === null) return
        this.#calls.delete(callId)
        reject(error)
      })
    })
  }

  onSecond(listener: (status: SimulatorStatus) => void): Cancel {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      // It may end on its own meanwhile, which is what is wanted.
      await this.ask('stop').catch(() => {})
    }
    await this.#ended
  }

  #hear(said: FromChild): void {
    if (said.kind === 'second') {
      for (const listener of this.#listeners) listener(said.status)
      return
    }
    if (said.kind !== 'answer' && said.kind !== 'error') return
    const call = this.#calls.get(said.callId)
    this.#calls.delete(said.callId)
    if (said.kind === 'answer') call?.resolve(said.value)
    else call?.reject(new Error(said.message))
  }
}
