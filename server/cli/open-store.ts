/** The store and the application for one command, with or without a server beside it. */
import { existsSync } from 'node:fs'
import { systemClock } from '../../connectors/clock.ts'
import { type Application, openApplication } from '../application.ts'
import { journalDirectoryOf, openJournal } from '../backup/journal.ts'
import type { Config } from '../config.ts'
import { holdDataDirectory } from '../data-directory.ts'
import { silentLogger } from '../log.ts'
import { ownFilesOf } from '../own-files.ts'
import { openKeyFile } from '../secrets.ts'
import { openStore } from '../store/client.ts'
import type { Store } from '../store/operations.ts'
import { CommandFailed } from './command-failed.ts'

/** A command has nothing to drain: it binds no operator. */
const drainMs = 0

/** The store alone; a new one is made where there is none. The server may run. */
export async function withStore<Result>(
  config: Config,
  work: (store: Store) => Promise<Result>,
): Promise<Result> {
  const release = isStoreThere(config) ? () => {} : makeDirectory(config)
  try {
    const { store, close } = await openStore(config.database, { onFailure })
    try {
      return await work(store)
    } finally {
      await close()
    }
  } finally {
    release()
  }
}

/**
 * The application without operators. The server may run, so `work` must not send.
 *
 * @throws CommandFailed where there is no store yet
 */
export async function withApplication<Result>(
  config: Config,
  work: (application: Application) => Promise<Result>,
): Promise<Result> {
  refuseWithoutStore(config)
  return inApplication(config, undefined, work)
}

/** The application without operators, for this command alone. @throws CommandFailed while a server runs */
export async function withApplicationAlone<Result>(
  config: Config,
  work: (application: Application) => Promise<Result>,
): Promise<Result> {
  refuseWithoutStore(config)
  const release = makeDirectory(config)
  const journal = openJournal(journalDirectoryOf(config.dataDirectory), systemClock, silentLogger)
  try {
    return await inApplication(config, journal, work)
  } finally {
    await journal.close()
    release()
  }
}

async function inApplication<Result>(
  config: Config,
  journal: ReturnType<typeof openJournal> | undefined,
  work: (application: Application) => Promise<Result>,
): Promise<Result> {
  const { database, keyFile } = config
  // A command makes no key: beside a store that was in use, a missing one is a loss that the person must hear of.
  if (!existsSync(keyFile)) {
    throw new CommandFailed(
      `key file ${keyFile} is missing; put it back, or, if this store has never been started, run "rappel start"`,
    )
  }
  const key = openKeyFile(keyFile)
  if (key.kind === 'refused') throw new CommandFailed(key.reason)
  const application = await openApplication({
    database,
    secrets: key.box,
    clock: systemClock,
    log: silentLogger,
    ownFiles: ownFilesOf(database, config),
    ...(journal && { journal }),
    onFailure,
  })
  try {
    return await work(application)
  } finally {
    await application.close(drainMs)
  }
}

function refuseWithoutStore(config: Config): void {
  if (isStoreThere(config)) return
  throw new CommandFailed(`there is no store in ${config.dataDirectory} yet; name another with --data`)
}

function isStoreThere({ database }: Config): boolean {
  return database.kind === 'postgres' || existsSync(database.file)
}

function makeDirectory({ dataDirectory }: Config): () => void {
  const held = holdDataDirectory(dataDirectory, systemClock)
  if (held.kind === 'refused') throw new CommandFailed(held.reason)
  return held.directory.release
}

/** The thread that ended has rejected the call under way, which ends the command. */
function onFailure(): void {}
