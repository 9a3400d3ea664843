/** Calls of the running server about one operator, named as people name it. */
import { z } from 'zod'
import { CommandFailed } from './command-failed.ts'
import { callServer, isServerRunning } from './running-server.ts'
import { readConfig, type SettingsOptions } from './settings-options.ts'

export interface CallOptions extends SettingsOptions {
  key?: string
  json?: boolean
}

export type AskServer = (path: string, body?: unknown) => Promise<unknown>

const listSchema = z.looseObject({
  operators: z.array(z.looseObject({ operatorId: z.number(), name: z.string() })),
})

/**
 * @param scope that the key must have, for the sentence that asks for one
 * @throws CommandFailed when no server runs, or no key was given
 */
export function serverFor(options: CallOptions, scope: string): AskServer {
  const config = readConfig(options)
  if (!isServerRunning(config)) {
    throw new CommandFailed(
      'no server runs on this data directory, and only it holds the links to the operators: run "rappel start"',
    )
  }
  const { key } = options
  if (key === undefined) {
    throw new CommandFailed(
      `the server needs a key: --key, made by "rappel user create NAME --scopes ${scope}"`,
    )
  }
  return (path, body) => callServer(config, key, path, body)
}

/** The number of an operator given by name or number. @throws CommandFailed naming those there are */
export async function operatorIdOf(ask: AskServer, name: string): Promise<number> {
  const { operators } = listSchema.parse(await ask('/operators'))
  const found =
    operators.find(operator => operator.name === name) ??
    operators.find(operator => operator.name.toLowerCase() === name.toLowerCase()) ??
    operators.find(operator => String(operator.operatorId) === name)
  if (found !== undefined) return found.operatorId
  const known = operators.map(operator => operator.name).join(', ')
  throw new CommandFailed(`there is no operator ${name}; there are: ${known === '' ? 'none' : known}`)
}
