/** Whoever waits for the figures to reach something: tests that must not sleep, and a parent process. */
import type { SimulatorStatus } from './counters.ts'

interface Waiter {
  condition: (status: SimulatorStatus) => boolean
  resolve: () => void
  reject: (reason: unknown) => void
}

export class Waiters {
  readonly #status: () => SimulatorStatus
  #waiting: Waiter[] = []

  constructor(status: () => SimulatorStatus) {
    this.#status = status
  }

  wait(condition: (status: SimulatorStatus) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ condition, resolve, reject })
      this.wake()
    })
  }

  /** Asks every condition again. A condition that throws is its own caller's failure, not the simulator's. */
  wake(): void {
    if (this.#waiting.length === 0) return
    const status = this.#status()
    this.#waiting = this.#waiting.filter(({ condition, resolve, reject }) => {
      try {
        if (!condition(status)) return true
        resolve()
      } catch (error) {
        reject(error)
      }
      return false
    })
  }

  giveUp(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const { reject } of waiting) reject(new Error('the simulator was stopped first'))
  }
}
