/** What an error of the database may say: it ends in the log and in alarms. */
import { storeTest } from '../support/store.ts'

storeTest('an error names the statement and none of its values', async (t, { knex }) => {
  const error = await t.throwsAsync(
    knex.raw('insert into absent (recipient, body) values (?, ?)', ['22670000012', 'Votre code est 4711']),
  )
  t.regex(error.message, /insert into absent/)
  t.notRegex(error.message, /22670000012|4711/)
})
