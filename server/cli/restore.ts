/** `rappel restore FILE`: puts a backup in the place of the store and marks what left after it was taken. */
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { z } from 'zod'
import { systemClock } from '../../connectors/clock.ts'
import { journalDirectoryOf } from '../backup/journal.ts'
import { leftAfterBackupCsv } from '../backup/left-after-backup.ts'
import { type RestoreReport, replayJournal, restoreBackup } from '../backup/restore.ts'
import { holdDataDirectory } from '../data-directory.ts'
import { CommandFailed } from './command-failed.ts'
import { pgRestoreCommand } from './postgres-commands.ts'
import { readConfig, type SettingsOptions, withSettings } from './settings-options.ts'

interface RestoreOptions extends SettingsOptions {
  resend?: boolean
  journal?: string
  since?: string
  json?: boolean
}

/** A screen of lines; the file has all. */
const mostShown = 20

export function addRestore(program: Command): void {
  withSettings(program.command('restore <file>').description('put a backup in the place of the store'))
    .option('--resend', 'only list what left after the backup; it will leave again')
    .option('--journal <directory>', 'journal of the lost server, when it is not in the data directory')
    .option('--since <time>', 'PostgreSQL: the dump of this time is back; mark what left after it')
    .option('--json', 'print the report as JSON')
    .action(restore)
}

/** PostgreSQL puts its own dump back: only the journal is ours to play. */
const noReport = { counts: null, keptAside: null, journal: 'complete', isKeyRestored: false } as const

/** @throws CommandFailed for what is no instant with its zone */
function readSince(text: string | undefined): Date | null {
  if (text === undefined) return null
  if (z.iso.datetime({ offset: true }).safeParse(text).success) return new Date(text)
  throw new CommandFailed(`--since: found ${text}, expected a time such as 2027-01-04T09:00:00Z`)
}

async function restore(file: string, options: RestoreOptions): Promise<void> {
  const config = readConfig(options)
  const backupFile = resolve(file)
  const { dataDirectory, database, keyFile } = config
  const since = readSince(options.since)
  if (database.kind === 'postgres' && since === null) {
    throw new CommandFailed([
      'the store is in PostgreSQL; stop the server and run',
      `  ${pgRestoreCommand(database.url, backupFile)}`,
      'then this command again, with --since and the time when the dump was begun',
    ])
  }
  if (database.kind === 'sqlite' && since !== null) {
    throw new CommandFailed('--since is for PostgreSQL: a backup of SQLite knows when it was taken')
  }
  const held = holdDataDirectory(dataDirectory, systemClock)
  if (held.kind === 'refused') throw new CommandFailed(held.reason)
  const journalDirectory = options.journal ?? journalDirectoryOf(dataDirectory)
  const isMarking = options.resend !== true
  try {
    if (database.kind === 'postgres') {
      const replay = await replayJournal({ database, journalDirectory, isMarking }, since, systemClock)
      print({ ...noReport, ...replay, takenAt: since }, options, dataDirectory)
      return
    }
    const outcome = await restoreBackup(
      { backupFile, databaseFile: database.file, keyFile, dataDirectory, journalDirectory, isMarking },
      systemClock,
    )
    if (outcome.kind === 'refused') throw new CommandFailed(outcome.reason)
    print(outcome.report, options, dataDirectory)
  } finally {
    held.directory.release()
  }
}

/** The whole list as CSV; null when nothing left. */
function listFile(
  { reconciliation: { left }, takenAt }: RestoreReport,
  dataDirectory: string,
): string | null {
  if (left.length === 0) return null
  const stamp = (takenAt?.toISOString() ?? 'unknown').replace(/[:.]/g, '-')
  const file = join(dataDirectory, `left-after-${stamp}.csv`)
  writeFileSync(file, leftAfterBackupCsv(left), { mode: 0o600 })
  return file
}

function print(report: RestoreReport, { resend, json }: RestoreOptions, dataDirectory: string): void {
  const list = listFile(report, dataDirectory)
  const { reconciliation, counts, takenAt, keptAside, journal, doubted, unreadableLines } = report
  const { left, lost } = reconciliation
  if (json === true) {
    process.stdout.write(`${JSON.stringify({ ...report, takenAt: takenAt?.toISOString() ?? null, list })}\n`)
    return
  }
  const asOf = takenAt?.toISOString() ?? 'an unknown time'
  const lines = [
    counts === null
      ? `the journal is played from ${asOf} on`
      : `restored: ${counts.messages} messages, ${counts.ledger} ledger entries, ${counts.alerts} alerts, as of ${asOf}`,
    ...(keptAside === null ? [] : [`former files: ${keptAside}`]),
    ...(report.isKeyRestored ? ['key file: the one beside the backup, as there was none'] : []),
  ]
  if (journal === 'other') {
    lines.push(
      'NOT KNOWN: what left after the backup. The journal that was written beside it is not here (--journal names it).',
      `${doubted} messages that waited in the backup have an unknown outcome now: release or cancel them by hand.`,
      'Alerts will write again to whoever they wrote to after the backup.',
    )
  } else if (left.length === 0) {
    lines.push('nothing left after the backup')
  } else {
    const fate = resend === true ? 'will leave AGAIN' : 'will not leave again'
    lines.push(`${left.length} messages left after the backup and ${fate}; all of them: ${list}`)
    for (const { recipient, entityKey, clientReference, certainty } of left.slice(0, mostShown)) {
      const doubt = certainty === 'certain' ? '' : ' (perhaps)'
      lines.push(`  +${recipient} ${entityKey ?? clientReference ?? ''}${doubt}`)
    }
    if (left.length > mostShown) lines.push(`  and ${left.length - mostShown} more`)
  }
  const fromCallers = lost.filter(({ isFromAlert }) => !isFromAlert).length
  if (fromCallers > 0) {
    lines.push(
      `${fromCallers} messages of API callers were accepted after the backup and never left: they are lost`,
    )
  }
  if (unreadableLines > 0)
    lines.push(`${unreadableLines} lines of the journal cannot be read and were left out`)
  process.stdout.write(`${lines.join('\n')}\n`)
}
