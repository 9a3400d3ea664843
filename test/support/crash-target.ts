/**
 * The product as a process that a test may kill: it opens its store, runs its alert, sends, and says `settled` when
 * nothing waits any more. Arguments: directory and options as JSON.
 */
import { systemClock } from '../../connectors/clock.ts'
import { type InsurerOptions, openInsurerApplication } from './insurer-application.ts'

const [directory, options] = process.argv.slice(2)
if (directory === undefined || options === undefined) throw new Error('directory and options are expected')
const pollMs = 25
const period = { fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }

const { application, alertId } = await openInsurerApplication(
  directory,
  JSON.parse(options) as InsurerOptions,
)
const { store, alerts } = application
await store.runs.interruptOpen(systemClock.nowMs())
const { recovered } = await application.startOperators()
process.send?.({ kind: 'started', recovered })
const run = alerts.run(alertId, { cause: 'manual', plannedAtMs: systemClock.nowMs() })
const watch = systemClock.every(pollMs, async () => {
  const totals = await store.statistics.totals(period)
  process.send?.({ kind: 'progress', sent: totals.find(total => total.state === 'sent')?.messages ?? 0 })
})
await run
// A receipt ends a message: what is neither waiting nor on its way is settled, or waits for a person.
const { unknownPolicy } = JSON.parse(options) as InsurerOptions
const moving = [
  'queued',
  'sending',
  'sent',
  ...(unknownPolicy === 'resend' ? (['unknown'] as const) : []),
] as const
// Twice in a row: between two questions a message may pass from one state to another.
for (let clean = 0; clean < 2; ) {
  const found = await Promise.all(moving.map(state => store.messages.search({ state, limit: 1 })))
  clean = found.every(messages => messages.length === 0) ? clean + 1 : 0
  await systemClock.sleep(pollMs)
}
watch()
await application.close()
process.send?.({ kind: 'settled' })
process.disconnect?.()
