/** `rappel send TO TEXT`: one message through the running server, to try an operator by hand. */
import type { Command } from 'commander'
import { z } from 'zod'
import { CommandFailed } from './command-failed.ts'
import { callServer, isServerRunning } from './running-server.ts'
import { readConfig, type SettingsOptions, withSettings } from './settings-options.ts'

interface SendOptions extends SettingsOptions {
  key?: string
  sender?: string
  json?: boolean
}

const acceptedSchema = z.looseObject({
  messageId: z.number(),
  state: z.string(),
  reason: z.string(),
  recipient: z.string(),
  parts: z.number(),
  encoding: z.string(),
})

export function addSend(program: Command): void {
  withSettings(program.command('send <to> <text>').description('send one message through the running server'))
    .option('--key <key>', 'an API key with the scope messages:write')
    .option('--sender <sender>', "short code or name; absent takes the operator's own")
    .option('--json', 'print the answer as JSON')
    .action(send)
}

async function send(to: string, text: string, options: SendOptions): Promise<void> {
  const config = readConfig(options)
  if (!isServerRunning(config)) {
    throw new CommandFailed('no server runs on this data directory, and only it may send: run "rappel start"')
  }
  if (options.key === undefined) {
    throw new CommandFailed(
      'the server needs a key: --key, made by "rappel user create NAME --scopes messages:write"',
    )
  }
  const body = { to, text, ...(options.sender !== undefined && { sender: options.sender }) }
  const answer = await callServer(config, options.key, '/messages', body)
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(answer)}\n`)
    return
  }
  const { messageId, recipient, state, reason, parts, encoding } = acceptedSchema.parse(answer)
  const why = reason === '' ? '' : ` (${reason})`
  process.stdout.write(`message ${messageId} to +${recipient}: ${state}${why}, ${parts} SMS, ${encoding}\n`)
}
