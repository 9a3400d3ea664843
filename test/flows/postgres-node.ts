/**
 * One of several processes of the product on one PostgreSQL: told what to do by its parent, it says which messages it
 * has claimed and which runs it has made. Arguments: directory and options as JSON.
 */
import { systemClock } from '../../connectors/clock.ts'
import { type InsurerOptions, openInsurerApplication } from '../support/insurer-application.ts'

/** What a parent may ask; each is answered by `{ kind: <the same>, … }`. */
export type NodeOrder = { kind: 'run' } | { kind: 'run-due' } | { kind: 'claimed' } | { kind: 'close' }

export type NodeAnswer =
  | { kind: 'bound' }
  /** `finished` or `already-running`. */
  | { kind: 'run'; answer: string; enqueued: number }
  | { kind: 'run-due'; runIds: number[] }
  | { kind: 'claimed'; messageIds: number[] }
  | { kind: 'close' }

const [directory, options] = process.argv.slice(2)
if (directory === undefined || options === undefined) throw new Error('directory and options are expected')
const { application, alertId } = await openInsurerApplication(
  directory,
  JSON.parse(options) as InsurerOptions,
)
const { store, alerts, gateway } = application

const claimedIds: number[] = []
const { claim } = store.outbox
Object.assign(store.outbox, {
  async claim(...request: Parameters<typeof claim>) {
    const messages = await claim(...request)
    for (const { messageId } of messages) claimedIds.push(messageId)
    return messages
  },
})

const say = (answer: NodeAnswer): void => void process.send?.(answer)

process.on('message', async ({ kind }: NodeOrder) => {
  if (kind === 'run') {
    const answer = await alerts.run(alertId, { cause: 'manual', plannedAtMs: systemClock.nowMs() })
    const enqueued = answer.kind === 'finished' ? answer.counts.enqueued : 0
    say({ kind, answer: answer.kind, enqueued })
  } else if (kind === 'run-due') {
    const reports = await alerts.runDue()
    say({ kind, runIds: reports.map(report => report.runId) })
  } else if (kind === 'claimed') {
    say({ kind, messageIds: claimedIds })
  } else {
    await application.close()
    say({ kind })
    process.disconnect?.()
  }
})

await application.startOperators()
const [operator] = await store.operators.list()
while (gateway.operators().find(one => one.operatorId === operator?.operatorId)?.state !== 'bound') {
  await systemClock.sleep(10)
}
say({ kind: 'bound' })
