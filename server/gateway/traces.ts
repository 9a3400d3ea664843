/** Which operators are traced, until when; each into a file of its own. Off after every start of the product. */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Cancel, Clock } from '../../connectors/clock.ts'
import type { TraceSink } from '../../connectors/operator.ts'
import type { Logger } from '../log.ts'
import type { Alarms } from './alarms.ts'
import { createTraceFile, readTraceTail, type TraceFile } from './trace-file.ts'

export interface TraceStatus {
  isOn: boolean
  /** Epoch ms; null while it is off. */
  untilMs: number | null
}

export interface Traces {
  /** Starts a trace, or gives the one under way another end. */
  start(operator: { operatorId: number; name: string }, minutes: number): void
  /** By a person: what was wrong with it is settled by that. */
  stop(operator: { operatorId: number; name: string }): Promise<void>
  status(operatorId: number): TraceStatus
  /** Where the operator's link must write now; null when it is not traced. */
  sinkOf(operatorId: number): TraceSink | null
  /** The newest lines, from the start of one; empty when there never was a trace. */
  tail(operatorId: number): Promise<string>
  /** The operator is deleted: its files with it. */
  remove(operatorId: number): Promise<void>
  stopAll(): Promise<void>
}

export interface TracesDependencies {
  /** Private to the product. */
  directory: string
  clock: Clock
  log: Logger
  alarms: Pick<Alarms, 'raise' | 'clear'>
  /** The sink of the operator is another one: started, over, failed. */
  onChange(operatorId: number, change: 'on' | 'off', detail: string): void
}

interface Trace {
  file: TraceFile
  untilMs: number
  cancelEnd: Cancel
}

/** What is handed out at once: some 8,000 lines, more than anybody reads. */
const tailOctets = 1024 * 1024

export function createTraces({ directory, clock, log, alarms, onChange }: TracesDependencies): Traces {
  const traces = new Map<number, Trace>()
  const fileOf = (operatorId: number): string => join(directory, `operator-${operatorId}.log`)

  async function end(operatorId: number, why: string): Promise<void> {
    const trace = traces.get(operatorId)
    if (trace === undefined) return
    traces.delete(operatorId)
    trace.cancelEnd()
    onChange(operatorId, 'off', why)
    await trace.file.close()
  }

  function endAt(operatorId: number, untilMs: number): Cancel {
    return clock.after(untilMs - clock.nowMs(), () => void end(operatorId, 'its time is over'))
  }

  return {
    start({ operatorId, name }, minutes) {
      const untilMs = clock.nowMs() + minutes * 60_000
      const known = traces.get(operatorId)
      if (known !== undefined) {
        known.cancelEnd()
        known.untilMs = untilMs
        known.cancelEnd = endAt(operatorId, untilMs)
        return
      }
      alarms.clear('trace-failed', name)
      const file = createTraceFile({
        file: fileOf(operatorId),
        clock,
        onFailed(error) {
          log.error({ event: 'trace.failed', operatorId, error: error.message })
          alarms.raise('trace-failed', name, error.message)
          void end(operatorId, `it cannot be written: ${error.message}`)
        },
      })
      traces.set(operatorId, { file, untilMs, cancelEnd: endAt(operatorId, untilMs) })
      onChange(operatorId, 'on', `until ${new Date(untilMs).toISOString()}`)
    },
    stop({ operatorId, name }) {
      alarms.clear('trace-failed', name)
      return end(operatorId, 'switched off')
    },
    status(operatorId) {
      const trace = traces.get(operatorId)
      return { isOn: trace !== undefined, untilMs: trace?.untilMs ?? null }
    },
    sinkOf(operatorId) {
      const file = traces.get(operatorId)?.file
      return file === undefined ? null : line => file.add(line)
    },
    tail: operatorId => readTraceTail(fileOf(operatorId), tailOctets),
    async remove(operatorId) {
      await end(operatorId, 'the operator is deleted')
      const file = fileOf(operatorId)
      for (const name of [file, ...[1, 2, 3, 4].map(index => `${file}.${index}`)])
        await rm(name, { force: true })
    },
    async stopAll() {
      for (const operatorId of [...traces.keys()]) await end(operatorId, 'the product stops')
    },
  }
}
