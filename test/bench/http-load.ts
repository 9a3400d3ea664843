/** A client of the API in a process of its own, so that its work is not counted as the server's. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'

export interface LoadPlan {
  url: string
  key: string
  path: string
  requests: number
  /** Kept alive; each has one request under way. */
  connections: number
  /** Messages of one request. */
  messagesPerRequest: number
}

export interface LoadFigures {
  messagesPerSecond: number
  p99Ms: number
}

/** Runs the plan in a child process. @throws when any answer is not 202 */
export async function runLoad(plan: LoadPlan): Promise<LoadFigures> {
  const child = fork(fileURLToPath(import.meta.url), ['load', JSON.stringify(plan)], { execArgv: [] })
  const [answer] = (await once(child, 'message')) as [{ figures?: LoadFigures; error?: string }]
  if (answer.figures === undefined) throw new Error(answer.error)
  return answer.figures
}

async function load(plan: LoadPlan): Promise<LoadFigures> {
  const agent = new Agent({ keepAlive: true, maxSockets: plan.connections })
  const latenciesMs: number[] = []
  let next = 0
  const startedAt = performance.now()
  const connection = async (): Promise<void> => {
    while (next < plan.requests) {
      const number = next
      next += 1
      const sentAt = performance.now()
      await post(agent, plan, bodyOf(plan, number))
      latenciesMs.push(performance.now() - sentAt)
    }
  }
  await Promise.all(Array.from({ length: plan.connections }, connection))
  const seconds = (performance.now() - startedAt) / 1000
  agent.destroy()
  latenciesMs.sort((a, b) => a - b)
  return {
    messagesPerSecond: (plan.requests * plan.messagesPerRequest) / seconds,
    p99Ms: latenciesMs[Math.floor(latenciesMs.length * 0.99)] ?? 0,
  }
}

function bodyOf({ messagesPerRequest }: LoadPlan, number: number): string {
  const message = (index: number): object => ({
    to: `+22670${String((number * messagesPerRequest + index) % 1_000_000).padStart(6, '0')}`,
    text: `Votre contrat ${number}-${index} expire le 15/03/2027. NOM ASSUR`,
  })
  return JSON.stringify(
    messagesPerRequest === 1
      ? message(0)
      : { messages: Array.from({ length: messagesPerRequest }, (_, index) => message(index)) },
  )
}

function post(agent: Agent, { url, key, path }: LoadPlan, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    }
    const sent = request(`${url}${path}`, { method: 'POST', agent, headers }, answer => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', chunk => {
        text += chunk
      })
      answer.on('end', () =>
        answer.statusCode === 202
          ? resolve()
          : reject(new Error(`${answer.statusCode}: ${text.slice(0, 300)}`)),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

if (process.argv[2] === 'load') {
  const answer = await load(JSON.parse(process.argv[3]!) as LoadPlan).then(
    figures => ({ figures }),
    error => ({ error: String(error) }),
  )
  process.send?.(answer)
  process.disconnect()
}
