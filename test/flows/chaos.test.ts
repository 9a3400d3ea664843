/** Everything goes wrong at three operators at once; `npm run chaos` does the same with ten times the messages. */
import test from 'ava'
import { reconcile, tableOf } from './chaos/books.ts'
import { runChaos } from './chaos/run.ts'

const messages = 5_000

test.serial(
  'through chaos at three operators every message ends in a true state, and the books agree',
  async t => {
    t.timeout(400_000)
    const outcome = await runChaos(t, messages)
    const books = reconcile(outcome)
    t.log(`${messages} messages, ${outcome.seconds.toFixed(0)} s\n${tableOf(books)}`)
    t.deepEqual(books.faults, [])
    t.is(
      outcome.operators.reduce((sum, operator) => sum + operator.messages.length, 0),
      messages,
    )
  },
)
