/** What the doctor looks at, one function per organ; each gives findings and throws for nothing expected. */
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { systemClock } from '../../connectors/clock.ts'
import { SourceError } from '../../connectors/source.ts'
import { hasHijriCalendar } from '../../scheduler/calendar/hijri.ts'
import type { Application } from '../application.ts'
import type { Config } from '../config.ts'
import { holdDataDirectory, measureDisk, readLockHolder } from '../data-directory.ts'
import type { OperatorRecord } from '../store/operators.ts'
import type { SourceRecord } from '../store/sources.ts'
import type { DoctorWord } from './doctor-words.ts'

export interface Finding {
  outcome: 'ok' | 'warning' | 'failed'
  organ: DoctorWord
  /** Which source or operator. */
  name?: string
  word?: DoctorWord
  /** Not translated. */
  detail?: string
}

/** No machine that runs this version is older than the version itself. */
const releasedAt = new Date('2026-11-01T00:00:00Z')
const connectMs = 5_000
const sourceTestMs = 15_000

export function checkRuntime(): Finding[] {
  const version = process.versions.node
  const isOld = Number(version.split('.')[0]) < 24
  const now = systemClock.now()
  return [
    isOld
      ? { outcome: 'failed', organ: 'node', word: 'oldNode', detail: version }
      : { outcome: 'ok', organ: 'node', detail: version },
    hasHijriCalendar()
      ? { outcome: 'ok', organ: 'calendar', detail: `ICU ${process.versions.icu}, tz ${process.versions.tz}` }
      : { outcome: 'failed', organ: 'calendar', word: 'smallIcu' },
    now < releasedAt
      ? { outcome: 'failed', organ: 'clock', word: 'clockBehind', detail: now.toISOString() }
      : { outcome: 'ok', organ: 'clock', detail: now.toISOString() },
  ]
}

/** The directory, its disk and the key file; makes nothing that is absent. */
export function checkDirectory({ dataDirectory, keyFile }: Config): Finding[] {
  if (!existsSync(dataDirectory)) {
    return [{ outcome: 'warning', organ: 'dataDirectory', word: 'absent', detail: dataDirectory }]
  }
  const held = holdDataDirectory(dataDirectory, systemClock)
  const isBusy = held.kind === 'refused' && held.code === 'in-use'
  const findings: Finding[] = []
  if (held.kind === 'refused' && !isBusy) {
    findings.push({ outcome: 'failed', organ: 'dataDirectory', detail: held.reason })
  } else {
    const holder = isBusy ? readLockHolder(dataDirectory) : null
    const detail = holder === null ? dataDirectory : `${dataDirectory}, pid ${holder.pid}`
    findings.push({ outcome: 'ok', organ: 'dataDirectory', word: isBusy ? 'inUse' : 'free', detail })
  }
  if (held.kind === 'held') held.directory.release()
  const { freeBytes, isLow } = measureDisk(dataDirectory)
  const detail = String(Math.floor(freeBytes / 1_048_576))
  findings.push({ outcome: isLow ? 'warning' : 'ok', organ: 'disk', word: 'freeBytes', detail })
  findings.push(
    existsSync(keyFile)
      ? { outcome: 'ok', organ: 'keyFile', detail: keyFile }
      : { outcome: 'warning', organ: 'keyFile', word: 'absent', detail: keyFile },
  )
  return findings
}

/**
 * The open store, then each source and operator, all at once.
 *
 * @param isServed a server runs on the store: what its alarms say is true now
 */
export async function checkApplication(application: Application, isServed: boolean): Promise<Finding[]> {
  const { store } = application
  const { messages } = await store.messages.search({ limit: 1 }).then(found => ({ messages: found }))
  const newestAtMs = messages[0]?.createdAtMs ?? 0
  const findings: Finding[] = [{ outcome: 'ok', organ: 'database' }]
  if (newestAtMs > systemClock.nowMs() + 60_000) {
    findings.push({
      outcome: 'warning',
      organ: 'clock',
      word: 'clockAhead',
      detail: new Date(newestAtMs).toISOString(),
    })
  }
  const sources = await store.sources.list()
  const operators = await store.operators.list()
  if (sources.length === 0) findings.push({ outcome: 'warning', organ: 'source', word: 'noSource' })
  if (operators.length === 0) findings.push({ outcome: 'warning', organ: 'operator', word: 'noOperator' })
  findings.push(...(await Promise.all(sources.map(source => checkSource(source, application)))))
  findings.push(...(await Promise.all(operators.map(checkOperator))))
  // An operator that answers may still refuse the account: the server knows, and has raised an alarm.
  for (const { kind, subject, detail } of await store.alarms.open()) {
    findings.push({
      outcome: isServed && kind !== 'approval-wanted' ? 'failed' : 'warning',
      organ: 'alarm',
      name: `${kind} ${subject}`,
      detail,
    })
  }
  return findings
}

async function checkSource({ sourceId, name }: SourceRecord, { openSource }: Application): Promise<Finding> {
  const late = new AbortController()
  const cancel = systemClock.after(sourceTestMs, () =>
    late.abort(new Error(`no answer within ${sourceTestMs / 1_000} s`)),
  )
  try {
    const source = await openSource(sourceId)
    try {
      const steps = await source.test(late.signal)
      const worst =
        steps.find(step => step.outcome === 'failed') ?? steps.find(step => step.outcome === 'warning')
      if (worst === undefined) return { outcome: 'ok', organ: 'source', name, word: 'reached' }
      return { outcome: worst.outcome, organ: 'source', name, detail: `${worst.step}: ${worst.detail}` }
    } finally {
      await source.close()
    }
  } catch (error) {
    const detail = error instanceof SourceError ? `${error.code}: ${error.message}` : String(error)
    return { outcome: 'failed', organ: 'source', name, detail }
  } finally {
    cancel()
  }
}

/** TCP only: a second bind would break the contract of one session that many operators give. */
async function checkOperator({ name, config, isStarted }: OperatorRecord): Promise<Finding> {
  const { host, port } = config as { host?: unknown; port?: unknown }
  const address = { host: String(host), port: Number(port ?? 2775) }
  const failure = await tryConnect(address)
  const detail = `${address.host}:${address.port}`
  if (failure !== null) return { outcome: 'failed', organ: 'operator', name, detail: `${detail}: ${failure}` }
  if (!isStarted) return { outcome: 'warning', organ: 'operator', name, word: 'notStarted', detail }
  return { outcome: 'ok', organ: 'operator', name, word: 'reached', detail }
}

/** null when the connection came up. */
function tryConnect(address: { host: string; port: number }): Promise<string | null> {
  return new Promise(resolve => {
    const socket = connect(address)
    const end = (failure: string | null): void => {
      cancel()
      socket.destroy()
      resolve(failure)
    }
    const cancel = systemClock.after(connectMs, () => end(`no answer within ${connectMs / 1_000} s`))
    socket.once('connect', () => end(null))
    socket.once('error', error => end(error.message || String((error as NodeJS.ErrnoException).code)))
  })
}
