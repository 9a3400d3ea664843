/** Rows in a customer's database → rendered → durable → submitted → receipt stored. */
import { join } from 'node:path'
import { systemClock } from '../../connectors/clock.ts'
import { keepCompiledCode } from '../../connectors/compile-cache.ts'
import {
  createWorkspace,
  openInsurerApplication,
  startInsurerOperator,
  writeCustomerDatabase,
} from '../support/insurer-application.ts'
import { startStretch } from './measure.ts'

export interface PipelineFigures {
  messages: number
  messagesPerSecond: number
  cpuMicrosPerMessage: number
  peakRssMiB: number
  p99LoopDelayMs: number
  maxLoopDelayMs: number
  bytesPerMessage: number
}

const pollMs = 50
const deadlineMs = 300_000

export async function benchPipeline(messages: number): Promise<PipelineFigures> {
  const workspace = createWorkspace()
  const customerFile = join(workspace.directory, 'insurer.db')
  writeCustomerDatabase(customerFile, messages)
  const operator = await startInsurerOperator({ keep: 'counts', receipts: { delayMs: [5, 20] } })
  const options = { customerFile, port: operator.port, rows: messages + 1 }
  // A server is started many times: only its first start compiles the code of its threads.
  keepCompiledCode(workspace.directory)
  await (await openInsurerApplication(workspace.directory, options)).application.close()
  const bench = await openInsurerApplication(workspace.directory, options)
  const { application } = bench
  try {
    await application.startOperators()
    const emptyBytes = bench.databaseBytes()
    const stretch = startStretch()
    const answer = await application.alerts.run(bench.alertId, {
      cause: 'manual',
      plannedAtMs: systemClock.nowMs(),
    })
    if (answer.kind !== 'finished' || answer.counts.enqueued !== messages) {
      throw new Error(`the run did not enqueue ${messages}: ${JSON.stringify(answer)}`)
    }
    await allDelivered(application.store, messages)
    const measured = stretch.end()
    await application.close()
    return {
      messages,
      messagesPerSecond: messages / measured.wallSeconds,
      cpuMicrosPerMessage: measured.cpuMicros / messages,
      peakRssMiB: measured.peakRssMiB,
      p99LoopDelayMs: measured.p99LoopDelayMs,
      maxLoopDelayMs: measured.maxLoopDelayMs,
      bytesPerMessage: (bench.databaseBytes() - emptyBytes) / messages,
    }
  } finally {
    await operator.stop()
    workspace.dispose()
  }
}

async function allDelivered(
  store: Awaited<ReturnType<typeof openInsurerApplication>>['application']['store'],
  messages: number,
): Promise<void> {
  const period = { fromMs: 0, toMs: systemClock.nowMs() + 86_400_000 }
  const giveUpAtMs = systemClock.nowMs() + deadlineMs
  for (;;) {
    const totals = await store.statistics.totals(period)
    const final = totals
      .filter(total => ['delivered', 'undelivered', 'expired'].includes(total.state))
      .reduce((sum, total) => sum + total.messages, 0)
    if (final >= messages) return
    if (systemClock.nowMs() > giveUpAtMs)
      throw new Error(`only ${final} of ${messages} ended: ${JSON.stringify(totals)}`)
    await systemClock.sleep(pollMs)
  }
}
