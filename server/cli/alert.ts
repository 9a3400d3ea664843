/**
 * `rappel alert`: list, dry-run and forecast read the store, with or without a server; run goes through the server
 * that holds the data directory. Without one it looks at the rows and queues, and binds no operator: what it queued
 * leaves when the server starts.
 */
import type { Command } from 'commander'
import { z } from 'zod'
import { systemClock } from '../../connectors/clock.ts'
import type { DryRunReport } from '../../scheduler/alerts/report.ts'
import type { AlertRecord } from '../../scheduler/store.ts'
import type { Store } from '../store/operations.ts'
import { CommandFailed } from './command-failed.ts'
import { withApplication, withApplicationAlone } from './open-store.ts'
import { callServer, isServerRunning } from './running-server.ts'
import { readConfig, type SettingsOptions, withSettings } from './settings-options.ts'
import { tableOf } from './table.ts'

interface AlertOptions extends SettingsOptions {
  json?: boolean
  key?: string
  sample?: string
  days?: string
}

const runSchema = z.looseObject({ outcome: z.string(), detail: z.string() })
const largestSample = 500
const badOutcomes: readonly string[] = ['source-failed', 'failed', 'interrupted']

export function addAlert(program: Command): void {
  const alert = program.command('alert').description('list, try and run alerts')
  withSettings(alert.command('list').description('every alert'))
    .option('--json', 'print as JSON')
    .action(list)
  withSettings(
    alert
      .command('dry-run <alert>')
      .description('what it would send now, by name or number; nothing is written'),
  )
    .option('--sample <count>', 'messages to show', '5')
    .option('--json', 'print the report as JSON')
    .action(dryRun)
  withSettings(alert.command('forecast').description('what will leave on each of the next days'))
    .option('--days <count>', 'days ahead, 1 to 60', '7')
    .option('--json', 'print as JSON')
    .action(forecast)
  withSettings(alert.command('run <alert>').description('run it now, by name or number'))
    .option('--key <key>', 'an API key with the scope alerts:write, when the server runs')
    .option('--json', 'print the report as JSON')
    .action(run)
}

async function list(options: AlertOptions): Promise<void> {
  const alerts = await withApplication(readConfig(options), ({ store }) => store.alerts.list())
  if (options.json === true) return print(alerts)
  const rows = alerts.map(({ id, name, isActive, definition, nextRunAtMs }) => [
    String(id),
    name,
    isActive ? 'active' : 'inactive',
    `${definition.schedule.cron} ${definition.schedule.zone}`,
    nextRunAtMs === null ? '' : new Date(nextRunAtMs).toISOString(),
  ])
  process.stdout.write(rows.length === 0 ? 'there is no alert yet\n' : tableOf(rows))
}

async function dryRun(wanted: string, options: AlertOptions): Promise<void> {
  const sampleSize = wholeNumber('--sample', options.sample, { least: 0, most: largestSample })
  const report = await withApplication(readConfig(options), async ({ store, alerts }) =>
    alerts.dryRun(await findAlert(store, wanted), { sampleSize }),
  )
  if (options.json === true) print(report)
  else process.stdout.write(dryRunText(report, sampleSize))
  if (badOutcomes.includes(report.outcome)) process.exitCode = 1
}

async function forecast(options: AlertOptions): Promise<void> {
  const days = wholeNumber('--days', options.days, { least: 1, most: 60 })
  const found = await withApplication(readConfig(options), ({ alerts }) => alerts.forecast(days))
  if (options.json === true) return print(found)
  const rows = found.days.map(({ day, alertName, messages, parts }) => [
    day,
    alertName,
    `${messages} messages`,
    `${parts} SMS`,
  ])
  const unforeseen = found.unforeseen.map(
    ({ alertName, reason }) => `not foreseen: ${alertName}, ${reason}\n`,
  )
  process.stdout.write(`${rows.length === 0 ? 'nothing is foreseen\n' : tableOf(rows)}${unforeseen.join('')}`)
}

async function run(wanted: string, options: AlertOptions): Promise<void> {
  const config = readConfig(options)
  if (isServerRunning(config)) {
    const { key } = options
    if (key === undefined) {
      throw new CommandFailed(
        'a server runs here and needs a key: --key, made by "rappel user create NAME --scopes alerts:write"',
      )
    }
    const { id } = await withApplication(config, ({ store }) => findAlert(store, wanted))
    return tellRun(await callServer(config, key, `/alerts/${id}/run?waitSeconds=60`, {}), '', options)
  }
  const report = await withApplicationAlone(config, async ({ store, alerts }) => {
    const { id } = await findAlert(store, wanted)
    return alerts.run(id, { cause: 'manual', plannedAtMs: systemClock.nowMs() })
  })
  if (report.kind === 'already-running') {
    throw new CommandFailed('a run of this alert was cut off; "rappel start" closes it')
  }
  tellRun(report, 'no server runs here: what was queued leaves when "rappel start" runs\n', options)
}

function tellRun(answer: unknown, note: string, options: AlertOptions): void {
  if (options.json === true) print(answer)
  const report = runSchema.safeParse(answer)
  if (options.json !== true) {
    process.stdout.write(
      report.success ? `${runText(report.data)}${note}` : 'the run goes on; its history has the end\n',
    )
  }
  if (report.success && badOutcomes.includes(report.data.outcome)) process.exitCode = 1
}

function runText({ outcome, detail, counts }: z.output<typeof runSchema>): string {
  const counted = Object.entries((counts ?? {}) as Record<string, number>).map(
    ([what, many]) => `${what} ${many}`,
  )
  return `${[outcome, detail, counted.join(', ')].filter(text => text !== '').join('; ')}\n`
}

function dryRunText(
  { outcome, detail, counts, operators, sample, issues, isOverCap }: DryRunReport,
  sampleSize: number,
): string {
  const lines = [
    runText({ outcome, detail, counts }).trimEnd(),
    ...operators.map(
      ({ operatorId, messages, parts }) =>
        `operator ${operatorId ?? 'none'}: ${messages} messages, ${parts} SMS`,
    ),
    ...(isOverCap ? ['above the cap of the alert: the run would wait for an approver'] : []),
    ...sample.map(({ recipient, text, state, reason }) => `  +${recipient} ${state} ${reason} ${text}`),
    ...issues.map(({ rowNumber, entityKey, reason, detail: why }) =>
      `  row ${rowNumber + 1} ${entityKey}: ${reason} ${why}`.trimEnd(),
    ),
    ...(Math.max(sample.length, issues.length) >= sampleSize && sampleSize < largestSample
      ? [`  (at most ${sampleSize} messages and ${sampleSize} rows are shown; --sample shows more)`]
      : []),
  ]
  return lines.map(line => `${line.replace(/\p{Cc}/gu, ' ')}\n`).join('')
}

async function findAlert(store: Store, wanted: string): Promise<AlertRecord> {
  const alerts = await store.alerts.list()
  const found = alerts.find(({ id, name }) => name === wanted || String(id) === wanted)
  if (found !== undefined) return found
  const names = alerts.map(({ name }) => name).slice(0, 10)
  throw new CommandFailed(
    `there is no alert ${wanted}; there are: ${names.length === 0 ? 'none' : names.join(', ')}`,
  )
}

function wholeNumber(
  option: string,
  given: string | undefined,
  { least, most }: { least: number; most: number },
): number {
  const value = Number(given)
  if (/^\d{1,9}$/.test(given ?? '') && value >= least && value <= most) return value
  throw new CommandFailed(`${option}: found ${given}, expected a whole number from ${least} to ${most}`)
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}
