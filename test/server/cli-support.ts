/** Runs the real `rappel` command in a process of its own. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Teardown } from '../support/temp-dir.ts'

const command = fileURLToPath(new URL('../../server/cli.ts', import.meta.url))

export interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

export interface Running {
  child: ChildProcessByStdio<null, Readable, Readable>
  ended: Promise<Ended>
  /** Resolves with the first line of stdout that the pattern matches; rejects when the process ends before. */
  line(pattern: RegExp): Promise<string>
}

/** Nothing of the developer's own RAPPEL_* variables reaches the command. */
function environment(extra: Record<string, string>): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('RAPPEL_'))
  return { ...Object.fromEntries(own), ...extra }
}

/** Starts a command; it is killed with the test when it still runs. */
export function spawnRappel(
  t: Teardown,
  args: readonly string[],
  extra: Record<string, string> = {},
): Running {
  const child = spawn(process.execPath, [command, ...args], {
    env: environment(extra),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, stdout, stderr }))
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  const line = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = stdout
          .split('\n')
          .slice(0, -1)
          .find(text => pattern.test(text))
        if (found !== undefined) resolve(found)
      }
      child.stdout.on('data', look)
      look()
      ended.then(({ code }) => reject(new Error(`ended with code ${code}: ${stdout}${stderr}`)))
    })
  return { child, ended, line }
}

export function runRappel(
  t: Teardown,
  args: readonly string[],
  extra?: Record<string, string>,
): Promise<Ended> {
  return spawnRappel(t, args, extra).ended
}

export interface RunningServer extends Running {
  url: string
}

/** `rappel start` on a free port; resolves once it listens. */
export async function startRappel(
  t: Teardown,
  dataDirectory: string,
  args: string[] = [],
): Promise<RunningServer> {
  const running = spawnRappel(t, ['start', '--data', dataDirectory, '--port', '0', ...args])
  const started: { url: string } = JSON.parse(await running.line(/"event":"server.started"/))
  if (!existsSync(join(dataDirectory, 'server.json'))) throw new Error('the server did not tell its address')
  return { ...running, url: started.url }
}
