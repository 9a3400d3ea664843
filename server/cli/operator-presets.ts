/** `rappel operator presets` and `rappel operator add`: a known operator, filled in with what its contract says. */
import type { Command } from 'commander'
import type { z } from 'zod'
import { operator, presetList } from '../api/contract/operators.ts'
import { CommandFailed } from './command-failed.ts'
import { withKey } from './operator-actions.ts'
import { type CallOptions, serverFor } from './operator-call.ts'
import { tableOf } from './table.ts'

interface AddOptions extends CallOptions {
  preset: string
  sender?: string
  set: string[]
  start: boolean
}

type Preset = z.output<typeof presetList>['presets'][number]

export function addOperatorPresets(parent: Command): void {
  withKey(
    parent
      .command('presets [id]')
      .description('the known operators; of one: what to fill in and what to ask the operator'),
    'operators:read',
  ).action(show)
  withKey(parent.command('add <name>').description('add an operator from a preset'), 'operators:write')
    .requiredOption('--preset <id>', 'as "rappel operator presets" lists them')
    .option('--sender <sender>', 'short code or name shown to the phone')
    .option(
      '--set <setting=value>',
      'a setting of the contract, such as host=smsc.example; repeatable',
      collect,
      [],
    )
    .option('--no-start', 'do not bind it yet')
    .action(add)
}

function collect(value: string, before: string[]): string[] {
  return [...before, value]
}

async function show(id: string | undefined, options: CallOptions): Promise<void> {
  const answer = await serverFor(options, 'operators:read')('/operator-presets')
  const { presets } = presetList.parse(answer)
  const found = presets.filter(preset => id === undefined || preset.id === id)
  if (found.length === 0)
    throw new CommandFailed(`there is no preset ${id}; "rappel operator presets" lists them`)
  if (options.json === true) process.stdout.write(`${JSON.stringify(found)}\n`)
  else process.stdout.write(id === undefined ? tableOf(found.map(lineOf)) : textOf(found[0]!))
}

function lineOf({ id, label, protocol, fill }: Preset): string[] {
  const required = fill.filter(({ isRequired }) => isRequired).map(({ setting }) => setting)
  return [id, label.fr, protocol, `fill in ${required.join(', ')}`]
}

function textOf({ id, label, protocol, fill, assumptions, serves }: Preset): string {
  const value = (given: unknown): string => (typeof given === 'string' ? given : JSON.stringify(given))
  return [
    `${id}: ${label.fr}, ${protocol}; serves ${(serves.networks ?? serves.countries ?? []).join(', ')}\n`,
    'fill in:\n',
    tableOf(
      fill.map(({ setting, isRequired }) => [
        '',
        setting,
        isRequired ? 'required' : 'if the contract has it',
      ]),
    ),
    'assumed, to be confirmed by the operator:\n',
    tableOf(assumptions.map(({ setting, value: given, question }) => ['', setting, value(given), question])),
  ].join('')
}

async function add(name: string, options: AddOptions): Promise<void> {
  const ask = serverFor(options, 'operators:write')
  const body = {
    name,
    preset: options.preset,
    config: configOf(options.set),
    isStarted: options.start,
    ...(options.sender !== undefined && { sender: options.sender }),
  }
  const answer = await ask('/operators', body)
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(answer)}\n`)
    return
  }
  const { operatorId, isStarted } = operator.parse(answer)
  process.stdout.write(`operator ${operatorId} ${name} added${isStarted ? ' and started' : ''}\n`)
}

/**
 * Numbers, truth values and objects are written as JSON; everything else is text. Digits that a setting wants as text
 * are written in quotes: `shortCode="36180"`.
 *
 * @throws CommandFailed for one without `=`
 */
export function configOf(settings: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    settings.map(given => {
      const split = given.indexOf('=')
      if (split < 1) throw new CommandFailed(`--set ${given}: expected setting=value`)
      const setting = given.slice(0, split)
      const text = given.slice(split + 1)
      return [setting, textSettings.has(setting) ? text : readValue(text)]
    }),
  )
}

/** Settings of digits that are no numbers. */
const textSettings: ReadonlySet<string> = new Set([
  'shortCode',
  'account',
  'password',
  'systemId',
  'throughputGroup',
])

function readValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
