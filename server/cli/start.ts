/** `rappel start`: runs the product until it is told to stop. */
import type { Command } from 'commander'
import { systemClock } from '../../connectors/clock.ts'
import { keepCompiledCode } from '../../connectors/compile-cache.ts'
import { openLog } from '../log.ts'
import type { RunningServer } from '../main.ts'
import { readConfig, type SettingsOptions, withSettings } from './settings-options.ts'

export function addStart(program: Command): void {
  withSettings(program.command('start').description('run the server until SIGTERM or Ctrl-C'))
    .option('--host <address>', 'address to listen on')
    .option('--port <port>', 'port to listen on')
    .option('--log-level <level>', 'trace, debug, info, warn or error')
    .action(start)
}

async function start(options: SettingsOptions): Promise<void> {
  const config = readConfig(options)
  // Loaded only here: the other verbs need no HTTP.
  const { startServer } = await import('../main.ts')
  const processLog = openLog({ level: config.logLevel, file: config.logFile, clock: systemClock })
  const log = processLog.logger
  let running: RunningServer | null = null

  /** A bug or a lost store: one line, then the end; the service manager starts us again. */
  const die = (event: string, error: unknown): void => {
    const { message, stack } = error instanceof Error ? error : new Error(String(error))
    log.fatal({ event, error: message, stack })
    process.exit(1)
  }
  process.on('uncaughtException', error => die('process.exception', error))
  process.on('unhandledRejection', error => die('process.rejection', error))
  process.on('SIGHUP', () => processLog.reopen())

  let signals = 0
  const onSignal = (signal: NodeJS.Signals): void => {
    signals += 1
    if (signals > 1) {
      log.fatal({ event: 'server.killed', reason: signal })
      process.exit(1)
    }
    // Before the start is over: it stops as soon as it has started.
    running
      ?.stop(signal)
      .then(() => process.exit(0))
      .catch(error => die('server.stop-failed', error))
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)

  running = await startServer({
    config,
    clock: systemClock,
    processLog,
    onFailure: error => die('store.lost', error),
  })
  keepCompiledCode(config.dataDirectory)
  if (config.logFile !== null) process.stdout.write(`rappel listens on ${running.url}\n`)
  if (signals > 0) {
    await running.stop('signal during the start')
    process.exit(0)
  }
}
