/** `rappel operator list|start|stop|drain|events|trace`: what the links do, and what is done to them. */
import { type Command, InvalidArgumentError } from 'commander'
import type { z } from 'zod'
import {
  operator,
  operatorEventPage,
  operatorList,
  traceContent,
  traceStatus,
} from '../api/contract/operators.ts'
import { CommandFailed } from './command-failed.ts'
import { type CallOptions, operatorIdOf, serverFor } from './operator-call.ts'
import { withSettings } from './settings-options.ts'
import { tableOf } from './table.ts'

interface TraceOptions extends CallOptions {
  on?: boolean
  off?: boolean
  minutes?: number
}

export function addOperatorActions(parent: Command): void {
  withKey(
    parent.command('list').description('the operators and what their links do'),
    'operators:read',
  ).action(list)
  for (const [verb, about] of [
    ['start', 'bind an operator, now and after each start of the product'],
    ['stop', 'unbind an operator; its messages wait'],
    ['drain', 'submit nothing more and stay bound for receipts, until stopped or started'],
  ] as const) {
    withKey(parent.command(`${verb} <name>`).description(about), 'operators:write').action(
      async (name: string, options: CallOptions) => act(name, verb, options),
    )
  }
  withKey(
    parent.command('events <name>').description('what happened to the link of an operator, newest first'),
    'operators:read',
  ).action(events)
  withKey(
    parent
      .command('trace <name>')
      .description('the protocol of an operator: switched on or off, or without either, its newest lines'),
    'operators:read, with --on or --off operators:write',
  )
    .option('--on', 'write every PDU or frame into a file; no texts, no passwords')
    .option('--off', 'end it')
    .option('--minutes <minutes>', 'off by itself after, at most 1440; 60 when absent', wholeNumber)
    .action(trace)
}

export function withKey(command: Command, scope: string): Command {
  return withSettings(command)
    .option('--key <key>', `an API key with the scope ${scope}`)
    .option('--json', 'print the answer as JSON')
}

export function wholeNumber(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('a whole number is expected')
}

async function list(options: CallOptions): Promise<void> {
  const answer = await serverFor(options, 'operators:read')('/operators')
  if (options.json === true) return print(`${JSON.stringify(answer)}\n`)
  const { operators } = operatorList.parse(answer)
  print(operators.length === 0 ? 'no operator is configured\n' : tableOf(operators.map(lineOf)))
}

async function act(name: string, verb: 'start' | 'stop' | 'drain', options: CallOptions): Promise<void> {
  const ask = serverFor(options, 'operators:write')
  const operatorId = await operatorIdOf(ask, name)
  const answer = await ask(`/operators/${operatorId}/${verb}`, {})
  if (options.json === true) return print(`${JSON.stringify(answer)}\n`)
  print(tableOf([lineOf(operator.parse(answer))]))
}

async function events(name: string, options: CallOptions): Promise<void> {
  const ask = serverFor(options, 'operators:read')
  const answer = await ask(`/operators/${await operatorIdOf(ask, name)}/events`)
  if (options.json === true) return print(`${JSON.stringify(answer)}\n`)
  const page = operatorEventPage.parse(answer)
  print(tableOf(page.events.map(({ at, event, bind, detail }) => [at, event, bind, detail])))
}

async function trace(name: string, options: TraceOptions): Promise<void> {
  const { on = false, off = false, minutes } = options
  if (on && off) throw new CommandFailed('--on and --off exclude each other')
  const ask = serverFor(options, on || off ? 'operators:read,operators:write' : 'operators:read')
  const path = `/operators/${await operatorIdOf(ask, name)}/trace`
  if (!on && !off) {
    const answer = await ask(path)
    print(options.json === true ? `${JSON.stringify(answer)}\n` : traceContent.parse(answer).text)
    return
  }
  const answer = await ask(path, { isOn: on, ...(minutes !== undefined && { minutes }) })
  if (options.json === true) return print(`${JSON.stringify(answer)}\n`)
  const { isOn, until } = traceStatus.parse(answer)
  print(isOn ? `${name} is traced until ${until}\n` : `${name} is not traced\n`)
}

/** `3  Orange  bound since …  sending  4/10 in flight  12/20 per second  queue 230`. */
function lineOf({ operatorId, name, isStarted, link, queue, receipts }: z.output<typeof operator>): string[] {
  const waiting = [`queue ${queue.queued}`, `receipts awaited ${receipts.pending}`]
  if (link === null)
    return [String(operatorId), name, isStarted ? 'not started yet' : 'stopped', '', '', '', ...waiting, '']
  const { state, since, mode, inFlight, window, rate, reason, lastError } = link
  const error = lastError === null ? '' : `last error ${lastError.at}: ${lastError.text}`
  return [
    String(operatorId),
    name,
    `${state} since ${since}`,
    mode,
    `${inFlight}/${window} in flight`,
    `${rate.lastSecond}/${rate.contract === 0 ? 'unlimited' : rate.contract} per second`,
    ...waiting,
    reason === '' ? error : reason,
  ]
}

function print(text: string): void {
  process.stdout.write(text)
}
