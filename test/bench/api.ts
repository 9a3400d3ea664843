/** POST /messages one by one and in batches of 1,000, each answered after its commit. */
import { systemClock } from '../../connectors/clock.ts'
import type { Application } from '../../server/application.ts'
import { startApi } from '../api/api-under-test.ts'
import { rulesTo } from '../support/rules.ts'
import { runLoad } from './http-load.ts'
import { startStretch } from './measure.ts'

export interface ApiFigures {
  singlePerSecond: number
  singleP99Ms: number
  batchMessagesPerSecond: number
  p99LoopDelayMs: number
  peakRssMiB: number
}

const connections = 64
const batchConnections = 2
const batchSize = 1_000

export async function benchApi({
  singles,
  batches,
}: {
  singles: number
  batches: number
}): Promise<ApiFigures> {
  const teardowns: (() => void | Promise<void>)[] = []
  try {
    const api = await startApi(
      { teardown: run => void teardowns.push(run) },
      { settings: { requestsPerMinutePerKey: 1e9 } },
    )
    await addRoute(api.application)
    const target = { url: api.url, key: api.key }
    const stretch = startStretch()
    const single = await runLoad({
      ...target,
      path: '/api/v1/messages',
      requests: singles,
      connections,
      messagesPerRequest: 1,
    })
    const batch = await runLoad({
      ...target,
      path: '/api/v1/messages/batch',
      requests: batches,
      connections: batchConnections,
      messagesPerRequest: batchSize,
    })
    const measured = stretch.end()
    return {
      singlePerSecond: single.messagesPerSecond,
      singleP99Ms: single.p99Ms,
      batchMessagesPerSecond: batch.messagesPerSecond,
      p99LoopDelayMs: measured.p99LoopDelayMs,
      peakRssMiB: measured.peakRssMiB,
    }
  } finally {
    for (const run of teardowns.reverse()) await run()
  }
}

/** An operator that is not started: what is accepted waits in its queue. */
async function addRoute({ store, reloadRoutes }: Application): Promise<void> {
  const change = { actor: 'bench', nowMs: systemClock.nowMs() }
  const { operatorId } = await store.operators.create(
    {
      name: 'asleep',
      protocol: 'smpp',
      config: { host: '127.0.0.1', systemId: 'bench' },
      sealedPassword: null,
      sender: '38001',
      pricePerPartMilli: 0,
      currency: 'XOF',
      isStarted: false,
    },
    change,
  )
  await store.routes.replace(rulesTo([operatorId]), change)
  await reloadRoutes()
}
