/** What the statistics page asks, on a store of a million messages. */
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { openStore } from '../../server/store/client.ts'
import type { RoutedItem } from '../../server/store/routed.ts'
import { createWorkspace } from '../support/insurer-application.ts'

export interface StatisticsFigures {
  storedMessages: number
  /** Median of the page's three questions together. */
  queryMs: number
  slowestMs: number
}

const batch = 2_000
const days = 30
const dayMs = 86_400_000
const rounds = 25
const endMs = Date.UTC(2027, 0, 31)

export async function benchStatistics(messages: number): Promise<StatisticsFigures> {
  const workspace = createWorkspace()
  const { store, close } = await openStore(
    { kind: 'sqlite', file: join(workspace.directory, 'rappel.db') },
    {
      onFailure(error) {
        throw error
      },
    },
  )
  try {
    for (let first = 0; first < messages; first += batch) {
      const nowMs = endMs - days * dayMs + Math.floor((first / messages) * days * dayMs)
      const items = Array.from({ length: Math.min(batch, messages - first) }, (_, index) =>
        item(first + index, nowMs),
      )
      await store.enqueue.enqueue({ items, nowMs })
    }
    const period = { fromMs: endMs - days * dayMs, toMs: endMs }
    const dayStartsMs = Array.from({ length: days }, (_, day) => period.fromMs + day * dayMs)
    const times: number[] = []
    for (let round = 0; round < rounds; round += 1) {
      const startedAt = performance.now()
      const [totals] = await Promise.all([
        store.statistics.totals(period),
        store.statistics.totalsBy(period, { by: 'day', dayStartsMs }),
        store.statistics.totalsBy(period, { by: 'operator' }),
        store.statistics.backlog(endMs),
      ])
      times.push(performance.now() - startedAt)
      const counted = totals.reduce((sum, total) => sum + total.messages, 0)
      if (counted !== messages) throw new Error(`${counted} messages counted of ${messages}`)
    }
    times.sort((a, b) => a - b)
    return { storedMessages: messages, queryMs: times[Math.floor(rounds / 2)]!, slowestMs: times.at(-1)! }
  } finally {
    await close()
    workspace.dispose()
  }
}

/** Most of a month's messages are over; one in a hundred waits, spread over three operators and twelve alerts. */
function item(index: number, nowMs: number): RoutedItem {
  const isWaiting = index % 100 === 0
  return {
    ledger: null,
    message: {
      recipient: `22670${String(index % 1_000_000).padStart(6, '0')}`,
      sender: null,
      text: 'Votre contrat 11 HH 1234 BF expire le 15/03/2027. NOM ASSUR',
      encoding: 'gsm7',
      parts: 1,
      category: 'reminder',
      priority: 'bulk',
      state: isWaiting ? 'queued' : 'blocked',
      reason: isWaiting ? '' : 'stop-list',
      dueAtMs: nowMs,
      expiresAtMs: nowMs + 2 * dayMs,
      unknownPolicy: 'hold',
      isFlash: false,
      alertId: (index % 12) + 1,
      runId: 1,
      clientId: null,
      clientReference: null,
      capKey: null,
      operatorId: (index % 3) + 1,
    },
  }
}
