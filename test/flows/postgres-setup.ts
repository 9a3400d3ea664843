/** The product on PostgreSQL for flow tests: a database, a customer's file, an operator in a process of its own. */
import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import type { Knex } from 'knex'
import { systemClock } from '../../connectors/clock.ts'
import type { SimulatorProcess } from '../../connectors/operators/simulator/child.ts'
import { stateCodes } from '../../server/store/codes.ts'
import { openDatabase } from '../../server/store/database.ts'
import {
  type InsurerOptions,
  startInsurerOperator,
  writeCustomerDatabase,
} from '../support/insurer-application.ts'
import { createDatabase } from '../support/postgres.ts'
import { tempDir } from '../support/temp-dir.ts'
import type { NodeAnswer, NodeOrder } from './postgres-node.ts'

const pollMs = 20
const deadlineMs = 100_000

export interface PostgresFlow {
  directory: string
  options: InsurerOptions
  operator: SimulatorProcess
  /** What the operator wrote down of each part it accepted. */
  journal: string
  /** The store as an auditor sees it. */
  knex: Knex
}

export async function postgresFlow(
  t: ExecutionContext,
  { rows, ...options }: Pick<InsurerOptions, 'rows'> & Partial<InsurerOptions>,
): Promise<PostgresFlow> {
  const directory = tempDir(t)
  const { url } = await createDatabase(t)
  const customerFile = join(directory, 'insurer.db')
  writeCustomerDatabase(customerFile, rows)
  const journal = join(directory, 'operator.journal')
  const operator = await startInsurerOperator({ journal, receipts: { delayMs: [5, 40] } })
  t.teardown(() => operator.stop())
  const knex = openDatabase({ kind: 'postgres', url, poolSize: 2 })
  t.teardown(() => knex.destroy())
  const database = { kind: 'postgres', url } as const
  return {
    directory,
    operator,
    journal,
    knex,
    options: { window: 100, ...options, database, customerFile, port: operator.port, rows: rows + 1 },
  }
}

/** Messages by the word of their state. */
export async function statesOf(knex: Knex): Promise<Record<string, number>> {
  const rows: { state: number; messages: number }[] = await knex('messages')
    .groupBy('state')
    .select('state')
    .count({ messages: '*' })
  return Object.fromEntries(rows.map(row => [stateCodes.wordOf(row.state), Number(row.messages)]))
}

/** Waits until as many messages as wanted are in these states. */
export async function untilStates(knex: Knex, wanted: Record<string, number>): Promise<void> {
  const giveUpAtMs = systemClock.nowMs() + deadlineMs
  for (;;) {
    const states = await statesOf(knex)
    if (Object.entries(wanted).every(([state, count]) => states[state] === count)) return
    if (systemClock.nowMs() > giveUpAtMs) {
      throw new Error(`expected ${JSON.stringify(wanted)}, in time there were ${JSON.stringify(states)}`)
    }
    await systemClock.sleep(pollMs)
  }
}

export interface ProductNode {
  process: ChildProcess
  ask<Kind extends NodeOrder['kind']>(kind: Kind): Promise<Extract<NodeAnswer, { kind: Kind }>>
}

/** A process of the product, bound to the operator. */
export async function startNode(
  t: ExecutionContext,
  { directory, options }: PostgresFlow,
): Promise<ProductNode> {
  const file = fileURLToPath(new URL('./postgres-node.ts', import.meta.url))
  const child = fork(file, [directory, JSON.stringify(options)], { execArgv: [] })
  t.teardown(() => {
    child.kill('SIGKILL')
  })
  const answerOf = <Kind extends NodeAnswer['kind']>(kind: Kind) =>
    new Promise<Extract<NodeAnswer, { kind: Kind }>>((resolve, reject) => {
      const onExit = (code: number | null): void => reject(new Error(`the process ended with code ${code}`))
      const onMessage = (said: unknown): void => {
        const answer = said as NodeAnswer
        if (answer.kind !== kind) return
        child.off('message', onMessage)
        child.off('exit', onExit)
        resolve(answer as Extract<NodeAnswer, { kind: Kind }>)
      }
      child.on('message', onMessage)
      child.once('exit', onExit)
    })
  await answerOf('bound')
  return {
    process: child,
    ask(kind) {
      const answer = answerOf(kind)
      child.send({ kind } satisfies NodeOrder)
      return answer
    },
  }
}
