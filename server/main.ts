/**
 * The running product, put together: configuration -> data directory -> key file -> store -> gateway -> jobs -> HTTP.
 * It stops in the reverse order, except that HTTP answers `stopping` until the last bind is drained.
 */
import { join } from 'node:path'
import type { Clock } from '../connectors/clock.ts'
import { hasHijriCalendar } from '../scheduler/calendar/hijri.ts'
import { type Chore, startJobs } from '../scheduler/jobs.ts'
import { type CountryCode, countryCodes } from '../templates/text/country-presets.ts'
import { removeAddress, writeAddress } from './address-file.ts'
import { createApi } from './api/app.ts'
import { type Application, openApplication } from './application.ts'
import { journalDirectoryOf, openJournal } from './backup/journal.ts'
import { type Config, loggableConfig } from './config.ts'
import { holdDataDirectory } from './data-directory.ts'
import { listen } from './listen.ts'
import type { ProcessLog } from './log.ts'
import { followOperators } from './operator-changes.ts'
import { ownFilesOf } from './own-files.ts'
import { openKeyFile } from './secrets.ts'
import { version } from './version.ts'

export interface RunningServer {
  application: Application
  /** `http://127.0.0.1:8480` */
  url: string
  /**
   * Drains and closes everything; the second call waits for the first.
   *
   * @param reason for the log: `SIGTERM`
   */
  stop(reason: string): Promise<void>
}

export interface StartOptions {
  config: Config
  clock: Clock
  processLog: ProcessLog
  /** The store is lost: the process must end, and the service manager starts it again. */
  onFailure(error: Error): void
}

/** The product cannot start as it is; `message` is one line that says what to change. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused'
}

/** Binds get this long to hear the answers that are owed. */
const drainMs = 30_000
/** Requests under way at the end of a stop. */
const requestGraceMs = 2_000

/** @throws StartRefused; RappelError `store-unavailable` */
export async function startServer({
  config,
  clock,
  processLog,
  onFailure,
}: StartOptions): Promise<RunningServer> {
  const log = processLog.logger
  if (!hasHijriCalendar()) {
    throw new StartRefused(
      'this Node has no Islamic calendar (small-icu); use the Node that npm installs here',
    )
  }
  const country = presetCountry(config.country)
  const held = holdDataDirectory(config.dataDirectory, clock)
  if (held.kind === 'refused') throw new StartRefused(held.reason)
  /** What is open, newest last. */
  const open: (() => Promise<void> | void)[] = [() => held.directory.release()]
  const closeAll = async (): Promise<void> => {
    for (const close of open.splice(0).reverse()) await close()
  }
  let isStopping = false
  try {
    const key = openKeyFile(config.keyFile)
    if (key.kind === 'refused') throw new StartRefused(key.reason)
    const journal = openJournal(journalDirectoryOf(config.dataDirectory), clock, log)
    open.push(() => journal.close())
    const application = await openApplication({
      database: config.database,
      secrets: key.box,
      clock,
      log,
      journal,
      inbound: { country },
      ownFiles: ownFilesOf(config.database, config),
      traceDirectory: join(config.dataDirectory, 'traces'),
      onFailure,
    })
    open.push(() => application.close(drainMs))
    if (key.wasCreated && (await hasSealedPasswords(application.store))) {
      const sentence = 'the key file was missing: passwords of sources and operators must be given again'
      log.warn({ event: 'secrets.key-lost', keyFile: config.keyFile }, sentence)
    }
    await application.startOperators()
    const jobs = startJobs({
      engine: application.alerts,
      store: application.store,
      clock,
      log,
      chores: chores(application.store),
    })
    open.push(() => jobs.stop())
    await jobs.recover()
    application.writeBacks.start()
    const reloadOperators = await followOperators(application)
    const handle = createApi({
      ...application,
      reloadOperators,
      clock,
      log,
      settings: { version, country, zone: config.timeZone, trustProxy: config.http.trustProxy },
      isStopping: () => isStopping,
    })
    const listening = await listen(config.http, handle, clock)
    if (listening.kind === 'refused') throw new StartRefused(listening.reason)
    const { listener } = listening
    // Below what it serves: clients hear `stopping` rather than a refused connection while binds drain.
    open.splice(
      1,
      0,
      () => removeAddress(config.dataDirectory),
      () => listener.close(requestGraceMs),
    )
    writeAddress(config.dataDirectory, listener.url)
    log.info({ event: 'server.started', url: listener.url, version, ...loggableConfig(config) })
    let stopped: Promise<void> | null = null
    return {
      application,
      url: listener.url,
      stop(reason) {
        if (stopped === null) {
          isStopping = true
          log.info({ event: 'server.stopping', reason })
          stopped = closeAll().then(() => {
            log.info({ event: 'server.stopped', reason })
            processLog.flush()
          })
        }
        return stopped
      },
    }
  } catch (error) {
    await closeAll()
    throw error
  }
}

/** @throws StartRefused for a country that the product has no numbering plan and holidays of */
function presetCountry(country: string): CountryCode {
  const known = countryCodes.find(code => code === country)
  if (known === undefined) {
    throw new StartRefused(`country: found ${country}, expected one of ${countryCodes.join(', ')}`)
  }
  return known
}

async function hasSealedPasswords({ sources, operators }: Application['store']): Promise<boolean> {
  const owners = [...(await sources.list()), ...(await operators.list())]
  return owners.some(({ sealedPassword }) => sealedPassword !== null)
}

/** What would grow for ever. Receipts without a message are given a week; a year of run history answers an audit. */
function chores(store: Application['store']): Chore[] {
  return [
    { name: 'unmatched-receipts', keepDays: 7, purge: beforeMs => store.receipts.purgeUnmatched(beforeMs) },
    { name: 'write-backs', keepDays: 90, purge: beforeMs => store.writeBacks.prune(beforeMs) },
    { name: 'runs', keepDays: 400, purge: beforeMs => store.runs.prune(beforeMs) },
  ]
}
