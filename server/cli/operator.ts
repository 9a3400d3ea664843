/** `rappel operator`: its verbs, and `way NUMBER`: which way a message would go, and why. Nothing is sent. */
import type { Command } from 'commander'
import type { z } from 'zod'
import { way } from '../api/contract/routes.ts'
import { CommandFailed } from './command-failed.ts'
import { addOperatorActions } from './operator-actions.ts'
import { addOperatorDiagnose } from './operator-diagnose.ts'
import { addOperatorPresets } from './operator-presets.ts'
import { addOperatorTraffic } from './operator-traffic.ts'
import { callServer, isServerRunning } from './running-server.ts'
import { readConfig, type SettingsOptions, withSettings } from './settings-options.ts'
import { tableOf } from './table.ts'

interface WayOptions extends SettingsOptions {
  key?: string
  sender?: string
  category?: string
  at?: string
  json?: boolean
}

export type WayAnswer = z.output<typeof way>

export function addOperator(program: Command): void {
  const operator = program.command('operator').description('look into the links to the operators')
  withSettings(
    operator.command('way <number>').description('which way a message to a number would go, and why'),
  )
    .option('--key <key>', 'an API key with the scope operators:read')
    .option('--sender <sender>', 'sender that the message names')
    .option('--category <category>', 'transactional, reminder or marketing', 'transactional')
    .option('--at <time>', 'when it would leave, as 2027-03-15T09:00:00Z; now when absent')
    .option('--json', 'print the answer as JSON')
    .action(showWay)
  addOperatorActions(operator)
  addOperatorPresets(operator)
  addOperatorDiagnose(operator)
  addOperatorTraffic(operator)
}

async function showWay(number: string, options: WayOptions): Promise<void> {
  const config = readConfig(options)
  if (!isServerRunning(config)) {
    throw new CommandFailed(
      'no server runs on this data directory, and only it knows the state of its operators: run "rappel start"',
    )
  }
  if (options.key === undefined) {
    throw new CommandFailed(
      'the server needs a key: --key, made by "rappel user create NAME --scopes operators:read"',
    )
  }
  const { sender, category, at } = options
  const query = new URLSearchParams({
    number,
    ...(sender !== undefined && { sender }),
    ...(category !== undefined && { category }),
    ...(at !== undefined && { at }),
  })
  const answer = await callServer(config, options.key, `/routes/way?${query}`)
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(answer)}\n`)
    return
  }
  process.stdout.write(wayText(way.parse(answer)))
}

/** The answer as a person reads it, one line per rule and per operator. */
export function wayText(answer: WayAnswer): string {
  const { number, at, country, network, networkBy, networkPrefix, override } = answer
  const place = [
    country ?? 'country without a preset',
    network === null ? 'network not known' : `network ${network}`,
    ...(networkBy === 'prefix' ? [`by its prefix ${networkPrefix}`] : []),
    ...(networkBy === 'override' ? ['by its own entry'] : []),
  ]
  const entry =
    override === null
      ? []
      : [
          `its own entry (${override.origin}, ${override.updatedAt}): ${
            override.network === null
              ? `operator ${override.operatorId} first`
              : `network ${override.network}`
          }`,
        ]
  return [
    `+${number} at ${at}: ${place.join(', ')}`,
    ...entry,
    rulesText(answer),
    operatorsText(answer),
    endText(answer),
  ]
    .map(part => part.trimEnd())
    .join('\n')
    .concat('\n')
}

function rulesText({ rules }: WayAnswer): string {
  if (rules.length === 0) return 'there are no rules'
  return tableOf(
    rules.map(({ position, name, isActive, applies, missed }) => [
      `rule ${position}`,
      name,
      applies ? 'applies' : isActive ? `does not apply: ${missed.join(', ')}` : 'is not active',
    ]),
  )
}

function operatorsText({ operators, operatorId: chosen }: WayAnswer): string {
  return tableOf(
    operators.map(({ operatorId, name, position, rank, isShared, state, since, isUsable }) => [
      operatorId === chosen ? '->' : '',
      `operator ${operatorId}`,
      name,
      `rule ${position} rank ${rank}${isShared ? ', shared' : ''}`,
      since === null ? state : `${state} since ${since}`,
      isUsable ? '' : 'not usable',
    ]),
  )
}

function endText({ operatorId, operators, why }: WayAnswer): string {
  const name = operators.find(operator => operator.operatorId === operatorId)?.name ?? ''
  switch (why) {
    case 'first-choice':
      return `it would go to ${name}, the first choice`
    case 'fallback':
      return `it would go to ${name}: those before it cannot be used`
    case 'none-usable':
      return `none can be used: it would wait for ${name}`
    case 'no-rule':
      return 'no rule applies: it would be blocked (no-route)'
  }
}
