/** The demo as a newcomer starts it: the command in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Teardown } from '../support/temp-dir.ts'

const cli = fileURLToPath(new URL('../../server/cli.ts', import.meta.url))
/** The fewest that hold every kind of dirt: a run lasts seconds. */
const contracts = '200'

export interface DemoEnd {
  code: number | null
  signal: NodeJS.Signals | null
  output: string
  errors: string
}

export interface DemoProcess {
  readonly child: ChildProcess
  /** Resolves with the output so far once it matches; rejects when the process ends without. */
  until(pattern: RegExp): Promise<string>
  ended: Promise<DemoEnd>
}

export function startDemo(t: Teardown, data: string, ...options: string[]): DemoProcess {
  const words = ['demo', '--data', data, '--lang', 'en', '--contracts', contracts, ...options]
  const child = spawn(process.execPath, [cli, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => {
    child.kill('SIGKILL')
  })
  let output = ''
  let errors = ''
  const waiting = new Set<() => void>()
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    for (const look of waiting) look()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const ended = new Promise<DemoEnd>(resolve => {
    child.on('close', (code, signal) => resolve({ code, signal, output, errors }))
  })
  return {
    child,
    ended,
    until: pattern =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!pattern.test(output)) return
          waiting.delete(look)
          resolve(output)
        }
        waiting.add(look)
        ended.then(end => reject(new Error(`the demo ended without ${pattern}: ${end.output}${end.errors}`)))
        look()
      }),
  }
}

export function runDemoOnce(t: Teardown, data: string, ...options: string[]): Promise<DemoEnd> {
  return startDemo(t, data, '--once', ...options).ended
}

/** The row of a printed table that begins with these words: its figures, blanks between thousands taken away. */
export function figuresOf(output: string, begins: string): number[] {
  const row = output.split('\n').find(line => line.trim().startsWith(begins))
  if (row === undefined) throw new Error(`no row ${begins} in\n${output}`)
  const cells = row.trim().slice(begins.length).trim().split(/ {2,}/)
  return cells.filter(cell => /^[\d,]+$/.test(cell)).map(cell => Number(cell.replaceAll(',', '')))
}
