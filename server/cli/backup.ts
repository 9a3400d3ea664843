/** `rappel backup FILE`: a verified copy of the store, while the server runs. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { systemClock } from '../../connectors/clock.ts'
import { keyCopyOf, makeBackup } from '../backup/backup.ts'
import { journalDirectoryOf, readJournalId } from '../backup/journal.ts'
import { version } from '../version.ts'
import { CommandFailed } from './command-failed.ts'
import { pgDumpCommand } from './postgres-commands.ts'
import { readConfig, type SettingsOptions, withSettings } from './settings-options.ts'

interface BackupOptions extends SettingsOptions {
  withKey?: boolean
  json?: boolean
}

export function addBackup(program: Command): void {
  withSettings(
    program.command('backup <file>').description('copy the store into one file; the server may run'),
  )
    .option('--with-key', 'copy the key file beside it: whoever has both reads the passwords in it')
    .option('--json', 'print the counts as JSON')
    .action(backup)
}

function backup(file: string, options: BackupOptions): void {
  const config = readConfig(options)
  const targetFile = resolve(file)
  if (config.database.kind === 'postgres') {
    throw new CommandFailed([
      'the store is in PostgreSQL, which makes its own backups; run',
      `  ${pgDumpCommand(config.database.url, targetFile)}`,
      `and keep the key file ${config.keyFile} in another place`,
    ])
  }
  const outcome = makeBackup(
    {
      databaseFile: config.database.file,
      targetFile,
      keyFile: options.withKey === true ? config.keyFile : null,
      journalId: readJournalId(journalDirectoryOf(config.dataDirectory)),
      version,
    },
    systemClock,
  )
  if (outcome.kind === 'refused') throw new CommandFailed(outcome.reason)
  const { counts, bytes, takenAt } = outcome
  if (options.json === true) {
    const said = { file: targetFile, takenAt: takenAt.toISOString(), bytes, ...counts }
    process.stdout.write(`${JSON.stringify(said)}\n`)
    return
  }
  const keyLine =
    options.withKey === true
      ? `key file: ${keyCopyOf(targetFile)}`
      : `the key file ${config.keyFile} is not in it; without it the passwords of operators and sources are lost`
  process.stdout.write(
    `${targetFile}: ${bytes} bytes, checked; ${counts.messages} messages, ${counts.ledger} ledger entries, ${counts.alerts} alerts\n${keyLine}\n`,
  )
}
