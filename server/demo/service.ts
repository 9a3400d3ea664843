/** The product as the demo starts it: the same server as `rappel start`, on the demo's own directory. */
import { createServer } from 'node:net'
import type { Clock } from '../../connectors/clock.ts'
import { keepCompiledCode } from '../../connectors/compile-cache.ts'
import type { Config } from '../config.ts'
import { openLog } from '../log.ts'
import { type RunningServer, startServer } from '../main.ts'
import { type KeyFileOutcome, openKeyFile } from '../secrets.ts'
import { openStore } from '../store/client.ts'
import type { DemoDirectory } from './directory.ts'
import { demoCountry, demoZone, type Furnished, type FurnishOptions, furnish, nextRunOf } from './furnish.ts'

export const usualPort = 8480

/**
 * Sets the store up while nothing runs on it, so that the server finds everything in its place.
 *
 * @throws RappelError `store-unavailable` for a store of another version; Error for a key file that cannot be used
 */
export async function furnishStore(
  directory: DemoDirectory,
  options: Pick<FurnishOptions, 'clock' | 'operators' | 'sender'>,
): Promise<Furnished> {
  const key: KeyFileOutcome = openKeyFile(directory.keyFile)
  if (key.kind === 'refused') throw new Error(key.reason)
  let failure: Error | null = null
  const { store, close } = await openStore(databaseOf(directory), {
    onFailure(error) {
      failure = error
    },
  })
  try {
    const furnished = await furnish({
      ...options,
      store,
      secrets: key.box,
      insurerFile: directory.insurerFile,
      apiKey: directory.mark.apiKey,
    })
    // The demo itself runs what is due now; the scheduler goes on from here.
    for (const alert of furnished.alerts) {
      if (alert.isActive) await store.alerts.setNextRun(alert.id, nextRunOf(alert, options.clock))
    }
    return furnished
  } finally {
    if (failure === null) await close()
  }
}

/** @throws StartRefused, RappelError; the directory must not be held */
export async function startService(
  directory: DemoDirectory,
  { clock, port, onFailure }: { clock: Clock; port: number; onFailure(error: Error): void },
): Promise<RunningServer> {
  const config: Config = {
    dataDirectory: directory.path,
    http: { host: '127.0.0.1', port, tls: null, trustProxy: [] },
    database: databaseOf(directory),
    keyFile: directory.keyFile,
    logLevel: 'info',
    logFile: directory.logFile,
    timeZone: demoZone,
    country: demoCountry,
  }
  const processLog = openLog({ level: 'info', file: directory.logFile, clock })
  const running = await startServer({ config, clock, processLog, onFailure })
  keepCompiledCode(directory.path)
  return running
}

/** The wanted port when nobody listens on it, 0 (any free one) otherwise. */
export function portOrAny(wanted: number): Promise<number> {
  return new Promise(resolve => {
    const probe = createServer()
    probe.once('error', () => resolve(0))
    probe.listen(wanted, '127.0.0.1', () => probe.close(() => resolve(wanted)))
  })
}

function databaseOf({ storeFile }: DemoDirectory): { kind: 'sqlite'; file: string } {
  return { kind: 'sqlite', file: storeFile }
}
