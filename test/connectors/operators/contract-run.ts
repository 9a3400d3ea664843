/** A sender under contract and a receiver at the end of a network, played in computed time. */
import { createRateLimit } from '../../../connectors/operators/rate-limit.ts'

/** Milliseconds, asked once per part (or look). */
export interface Weather {
  /** On the way there; parts of one connection never overtake each other. */
  delayMs(nowMs: number): number
  /** From the arrival to the answer's arrival here. */
  answerMs(): number
  /** How late a timer fires. */
  lateMs(nowMs: number): number
}

export interface ContractRun {
  partsPerSecond: number
  seconds: number
  weather: Weather
  connections?: number
}

/** Sends as much as the limit allows, always. Times are milliseconds, ascending. */
export function contractRun({ partsPerSecond, seconds, weather, connections = 1 }: ContractRun): {
  leftAtMs: number[]
  arrivedAtMs: number[]
} {
  let nowMs = 5_000
  const endMs = nowMs + seconds * 1000
  const limit = createRateLimit(partsPerSecond, { monotonicMs: () => nowMs })
  const lanes = Array.from({ length: connections }, () => ({ lane: limit.lane(), lastArrivalMs: 0 }))
  const answers: { atMs: number; tell: () => void }[] = []
  const leftAtMs: number[] = []
  const arrivedAtMs: number[] = []
  let turn = 0
  while (nowMs < endMs) {
    const count = limit.available()
    for (let part = 0; part < count; part++) {
      const to = lanes[turn++ % connections]!
      const ticket = to.lane.take(1)
      to.lastArrivalMs = Math.max(nowMs + weather.delayMs(nowMs), to.lastArrivalMs)
      leftAtMs.push(nowMs)
      arrivedAtMs.push(to.lastArrivalMs)
      const atMs = to.lastArrivalMs + weather.answerMs()
      if (Number.isFinite(atMs)) answers.push({ atMs, tell: () => to.lane.answered(ticket) })
    }
    const wakeMs = nowMs + Math.max(limit.nextInMs(), 0.01) + weather.lateMs(nowMs)
    answers.sort((one, other) => one.atMs - other.atMs)
    while (answers.length > 0 && answers[0]!.atMs <= wakeMs) {
      const answer = answers.shift()!
      nowMs = Math.max(nowMs, answer.atMs)
      answer.tell()
    }
    nowMs = wakeMs
  }
  return { leftAtMs, arrivedAtMs: arrivedAtMs.toSorted((one, other) => one - other) }
}

/** The most parts in any window of one second, wherever it begins; counted in whole milliseconds as receivers do. */
export function busiestSecond(atMs: readonly number[]): number {
  const whole = atMs.map(Math.floor)
  let most = 0
  let first = 0
  whole.forEach((arrivedMs, index) => {
    while (arrivedMs - whole[first]! >= 1000) first += 1
    most = Math.max(most, index - first + 1)
  })
  return most
}
