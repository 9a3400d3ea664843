/**
 * The crash proof: the product is killed with SIGKILL again and again while 20,000 messages flow, started again, and
 * what it did is counted by a witness that it cannot fool: the operator's own journal.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test, { type ExecutionContext } from 'ava'
import Database from 'better-sqlite3'
import { readJournal } from '../../connectors/operators/simulator/journal.ts'
import type { UnknownPolicy } from '../../scheduler/store.ts'
import { stateCodes } from '../../server/store/codes.ts'
import {
  type InsurerOptions,
  startInsurerOperator,
  writeCustomerDatabase,
} from '../support/insurer-application.ts'
import { tempDir } from '../support/temp-dir.ts'

const messages = 20_000
const kills = 20
/** Twenty-one starts, the flow and one sweep of the unknown last a minute and a half; on a busy machine some times that. */
const testTimeoutMs = 600_000

test.serial('killed twenty times with policy hold: none lost, nobody written to twice', async t => {
  t.timeout(testTimeoutMs)
  const { stored, received } = await flowUnderKills(t, 'hold', 11)
  t.is(stored.size, messages, 'every row has its message')
  let lost = 0
  for (const [text, state] of stored) {
    const copies = received.get(text) ?? 0
    if (copies > 1) t.fail(`${text} left ${copies} times`)
    if (state !== 'unknown' && copies !== 1) lost += 1
    if (state !== 'unknown' && state !== 'delivered') t.fail(`${text} ended ${state}`)
  }
  t.is(lost, 0, 'every message not reported unknown is at the operator')
  const unknown = [...stored.values()].filter(state => state === 'unknown').length
  t.log(`${messages} messages, ${kills} kills, ${unknown} held as unknown, 0 duplicates`)
  t.true(unknown < messages / 4, `${unknown} unknown`)
})

test.serial(
  'killed twenty times with policy resend: none lost, twice only what was reported unknown',
  async t => {
    t.timeout(testTimeoutMs)
    const { stored, received, reported } = await flowUnderKills(t, 'resend', 12)
    t.is(stored.size, messages, 'every row has its message')
    let lost = 0
    for (const [text, state] of stored) {
      const copies = received.get(text) ?? 0
      if (copies === 0) lost += 1
      if (copies > 1 && !reported.has(text))
        t.fail(`${text} left ${copies} times and was never reported unknown`)
      if (state !== 'delivered') t.fail(`${text} ended ${state}`)
    }
    t.is(lost, 0)
    const copied = [...received.values()].filter(copies => copies > 1).length
    t.log(
      `${messages} messages, ${kills} kills, ${reported.size} reported unknown, ${copied} of them left twice`,
    )
  },
)

interface Outcome {
  /** State by text; every text is unique. */
  stored: Map<string, string>
  /** Copies at the operator by text. */
  received: Map<string, number>
  /** Texts that the time line reports as unknown at some moment. */
  reported: Set<string>
}

async function flowUnderKills(
  t: ExecutionContext,
  unknownPolicy: UnknownPolicy,
  seed: number,
): Promise<Outcome> {
  const directory = tempDir(t)
  const journal = join(directory, 'operator.journal')
  const customerFile = join(directory, 'insurer.db')
  writeCustomerDatabase(customerFile, messages)
  const operator = await startInsurerOperator({ journal, keep: 'counts', receipts: { delayMs: [5, 40] } })
  t.teardown(() => operator.stop())
  const options: InsurerOptions = {
    customerFile,
    port: operator.port,
    rows: messages + 1,
    window: 100,
    unknownPolicy,
    recoveryGraceMs: 1_000,
  }
  const random = seeded(seed)
  for (let kill = 0; kill < kills; kill += 1) await startAndKill(t, directory, options, random)
  await startAndFinish(t, directory, options)
  await operator.stop()
  return { ...readStore(join(directory, 'rappel.db')), received: (await readJournal(journal)).countByText() }
}

/** Kills at a moment of the flow: after so many more messages were sent, plus a random instant. */
async function startAndKill(
  t: ExecutionContext,
  directory: string,
  options: InsurerOptions,
  random: () => number,
): Promise<void> {
  const target = startTarget(t, directory, options)
  const ended = once(target, 'exit')
  const wanted = Math.floor((random() * 2 * messages) / kills / 2)
  let firstSent = -1
  target.on('message', (said: { kind: string; sent?: number }) => {
    if (said.kind !== 'progress') return
    if (firstSent === -1) firstSent = said.sent ?? 0
    if ((said.sent ?? 0) - firstSent >= wanted) target.kill('SIGKILL')
  })
  await ended
}

async function startAndFinish(
  t: ExecutionContext,
  directory: string,
  options: InsurerOptions,
): Promise<void> {
  const target = startTarget(t, directory, options)
  let isSettled = false
  target.on('message', (said: { kind: string }) => {
    isSettled ||= said.kind === 'settled'
  })
  await once(target, 'exit')
  t.true(isSettled, 'the last run settles everything')
}

function startTarget(t: ExecutionContext, directory: string, options: InsurerOptions): ChildProcess {
  const file = fileURLToPath(new URL('../support/crash-target.ts', import.meta.url))
  const target = fork(file, [directory, JSON.stringify(options)], { execArgv: [] })
  t.teardown(() => {
    target.kill('SIGKILL')
  })
  return target
}

function readStore(file: string): Pick<Outcome, 'stored' | 'reported'> {
  const database = new Database(file, { readonly: true })
  const rows = database.prepare('select text, state from messages').all() as { text: string; state: number }[]
  const reported = database
    .prepare(
      "select distinct m.text from messages m join message_events e on e.message_id = m.id where e.event = 'unknown'",
    )
    .all() as { text: string }[]
  database.close()
  return {
    stored: new Map(rows.map(row => [row.text, stateCodes.wordOf(row.state)])),
    reported: new Set(reported.map(row => row.text)),
  }
}

/** Numbers in 0..1 that repeat from run to run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
