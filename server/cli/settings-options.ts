/** The options that every verb shares, and the configuration they lead to. */
import type { Command } from 'commander'
import { type Config, loadProcessConfig } from '../config.ts'
import { CommandFailed } from './command-failed.ts'

export interface SettingsOptions {
  config?: string
  dataDirectory?: string
  host?: string
  port?: string
  logLevel?: string
}

/** Adds `--config` and `--data` to a verb. */
export function withSettings(command: Command): Command {
  return command
    .option('--config <file>', 'start-up file; RAPPEL_CONFIG names it too')
    .option('--data, --data-directory <directory>', 'where everything is kept (./data)')
}

/** @throws CommandFailed with one line per problem of the configuration */
export function readConfig({ config, dataDirectory, host, port, logLevel }: SettingsOptions): Config {
  const outcome = loadProcessConfig({
    config,
    'data-directory': dataDirectory,
    host,
    port,
    'log-level': logLevel,
  })
  if (outcome.kind === 'refused') throw new CommandFailed(outcome.problems.map(({ line }) => line))
  return outcome.config
}
