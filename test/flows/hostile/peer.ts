/** A hostile SMSC in another process, so that neither its memory nor its processor time counts as ours. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Teardown } from '../../support/temp-dir.ts'
import type { Attack } from './attacks.ts'

export interface HostilePeer {
  port: number
  /** Cuts every connection; from the next one on it attacks so. */
  attack(by: Attack): Promise<void>
  /** Writes of some 64 kB that our side has taken. */
  readonly strikes: number
  readonly receiptsWritten: number
}

type Said = { port: number } | { attack: Attack } | { written: number }

export async function startHostilePeer(t: Teardown, protocol: 'smpp' | 'ucp'): Promise<HostilePeer> {
  const child = fork(fileURLToPath(new URL('./peer-main.ts', import.meta.url)), [protocol], { execArgv: [] })
  const ended = once(child, 'exit')
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  let strikes = 0
  let receiptsWritten = 0
  const waiting = new Map<string, (said: Said) => void>()
  child.on('message', message => {
    const said = message as Said
    if ('written' in said) {
      strikes += 1
      receiptsWritten = said.written
    }
    for (const [key, resolve] of waiting) if (key in said) resolve(said)
  })
  const hears = (key: string): Promise<Said> => new Promise(resolve => waiting.set(key, resolve))
  const started = (await hears('port')) as { port: number }
  return {
    port: started.port,
    async attack(by) {
      const heard = hears('attack')
      child.send({ attack: by })
      await heard
      strikes = 0
      receiptsWritten = 0
    },
    get strikes() {
      return strikes
    },
    get receiptsWritten() {
      return receiptsWritten
    },
  }
}
