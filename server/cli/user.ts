/** `rappel user`: the API keys of programs and people. A key is shown once, when it is made. */
import type { Command } from 'commander'
import { systemClock } from '../../connectors/clock.ts'
import { scopes as allScopes, scopeSchema } from '../api/contract/scopes.ts'
import { RappelError } from '../errors.ts'
import { createApiKey } from '../secrets.ts'
import { CommandFailed } from './command-failed.ts'
import { withStore } from './open-store.ts'
import { readConfig, type SettingsOptions, withSettings } from './settings-options.ts'
import { tableOf } from './table.ts'

interface CreateOptions extends SettingsOptions {
  scopes: string[]
  json?: boolean
}

interface ListOptions extends SettingsOptions {
  json?: boolean
}

/** As in the store's column. */
const longestName = 80
const actor = 'cli'

export function addUser(program: Command): void {
  const user = program.command('user').description('API keys: create, list, revoke')
  withSettings(user.command('create <name>').description('make a key; it is printed once'))
    .requiredOption('--scopes <scope...>', `what it may do: ${allScopes.join(', ')}`)
    .option('--json', 'print as JSON')
    .action(create)
  withSettings(user.command('list').description('every key, revoked ones too'))
    .option('--json', 'print as JSON')
    .action(list)
  withSettings(user.command('revoke <name>').description('take a key back')).action(revoke)
}

async function create(name: string, options: CreateOptions): Promise<void> {
  const config = readConfig(options)
  if (name.length === 0 || name.length > longestName || /\p{Cc}/u.test(name)) {
    throw new CommandFailed(`a name has 1 to ${longestName} characters, without control characters`)
  }
  const wanted = options.scopes.flatMap(scope => scope.split(',')).filter(scope => scope !== '')
  const unknown = wanted.find(scope => !scopeSchema.safeParse(scope).success)
  if (unknown !== undefined || wanted.length === 0) {
    throw new CommandFailed(
      `--scopes: found ${unknown ?? 'nothing'}, expected some of ${allScopes.join(', ')}`,
    )
  }
  const { key, prefix, hash } = createApiKey()
  await withStore(config, async store => {
    try {
      await store.apiKeys.create({ name, prefix, hash, scopes: [...new Set(wanted)] }, change())
    } catch (error) {
      if (error instanceof RappelError && error.code === 'name-taken') {
        throw new CommandFailed(
          `there is a key named ${name} already, in force or revoked; choose another name`,
        )
      }
      throw error
    }
  })
  if (options.json === true) process.stdout.write(`${JSON.stringify({ name, key })}\n`)
  else process.stdout.write(`${key}\n`)
}

async function list(options: ListOptions): Promise<void> {
  const keys = await withStore(readConfig(options), store => store.apiKeys.list())
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(keys)}\n`)
    return
  }
  const rows = keys.map(({ name, prefix, scopes, createdAtMs, revokedAtMs }) => [
    name,
    `${prefix}…`,
    scopes.join(','),
    new Date(createdAtMs).toISOString(),
    revokedAtMs === null ? '' : `revoked ${new Date(revokedAtMs).toISOString()}`,
  ])
  process.stdout.write(tableOf(rows))
}

async function revoke(name: string, options: SettingsOptions): Promise<void> {
  await withStore(readConfig(options), async store => {
    const key = (await store.apiKeys.list()).find(one => one.name === name || one.prefix === name)
    if (key === undefined) throw new CommandFailed(`there is no key named ${name}`)
    await store.apiKeys.revoke(key.apiKeyId, change())
  })
  process.stdout.write(`${name} is revoked\n`)
}

function change(): { actor: string; nowMs: number } {
  return { actor, nowMs: systemClock.nowMs() }
}
