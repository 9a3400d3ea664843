/** `npm run chaos [-- --messages N]`: the chaos run at its full size; prints the table, fails when the books differ. */
import { parseArgs } from 'node:util'
import { reconcile, tableOf } from './books.ts'
import { runChaos } from './run.ts'

const { values } = parseArgs({ options: { messages: { type: 'string', default: '50000' } } })
const messages = Number(values.messages)
const teardowns: (() => void | Promise<void>)[] = []

try {
  const outcome = await runChaos({ teardown: run => void teardowns.unshift(run) }, messages)
  const books = reconcile(outcome)
  console.log(tableOf(books))
  console.log(
    `${messages} messages, ${outcome.seconds.toFixed(0)} s, alarms: ${outcome.alarmsRaised.join(', ') || 'none'}`,
  )
  for (const fault of books.faults.slice(0, 50)) console.error(fault)
  console.log(books.faults.length === 0 ? 'The books agree.' : `${books.faults.length} differences.`)
  if (books.faults.length > 0) process.exitCode = 1
} finally {
  for (const run of teardowns) await run()
}
