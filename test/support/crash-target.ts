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
for (;;) {
  const open = await Promise.all(
    (['queued', 'sending', 'sent'] as const).map(state => store.messages.search({ state, limit: 1 })),
  )
  const unknown = await store.messages.search({ state: 'unknown', limit: 1 })
  const willResend = unknown.some(() => (JSON.parse(options) as InsurerOptions).unknownPolicy === 'resend')
  if (open.every(found => found.length === 0) && !willResend) break
  await systemClock.sleep(pollMs)
}
watch()
await application.close()
process.send?.({ kind: 'settled' })
process.disconnect?.()
