import { createAlarms } from '../../server/gateway/alarms.ts'
import { silentLogger } from '../../server/log.ts'
import { bindOperations } from '../../server/store/operations.ts'
import { sqliteTest } from '../support/store.ts'

sqliteTest(
  'an alarm is open until it is cleared, and clearing again costs no write',
  async (t, { knex, clock }) => {
    const store = bindOperations(knex)
    let clears = 0
    const counting = {
      alarms: {
        ...store.alarms,
        clear: (...args: Parameters<typeof store.alarms.clear>) => {
          clears += 1
          return store.alarms.clear(...args)
        },
      },
    }
    const alarms = createAlarms(counting, clock, silentLogger)
    alarms.raise('bind-down', 'orange', 'connection refused')
    await alarms.idle()
    alarms.raise('bind-down', 'orange', 'connection refused')
    await alarms.idle()
    t.like(await store.alarms.open(), {
      length: 1,
      0: { kind: 'bind-down', subject: 'orange', occurrences: 2 },
    })
    alarms.clear('bind-down', 'orange')
    alarms.clear('bind-down', 'orange')
    await alarms.idle()
    t.deepEqual(await store.alarms.open(), [])
    t.is(clears, 1)
  },
)

sqliteTest('an alarm that an earlier process left open is cleared', async (t, { knex, clock }) => {
  const store = bindOperations(knex)
  await store.alarms.raise({ kind: 'bind-down', subject: 'orange', detail: '' }, 1)
  const alarms = createAlarms(store, clock, silentLogger)
  alarms.clear('bind-down', 'orange')
  await alarms.idle()
  t.deepEqual(await store.alarms.open(), [])
})

sqliteTest('what could not be stored is stored later, and only its last word', async (t, { knex, clock }) => {
  const store = bindOperations(knex)
  let isFull = true
  const failing = {
    alarms: {
      ...store.alarms,
      raise: (...args: Parameters<typeof store.alarms.raise>) =>
        isFull ? Promise.reject(new Error('full')) : store.alarms.raise(...args),
      clear: (...args: Parameters<typeof store.alarms.clear>) =>
        isFull ? Promise.reject(new Error('full')) : store.alarms.clear(...args),
    },
  }
  const alarms = createAlarms(failing, clock, silentLogger)
  alarms.raise('bind-down', 'orange', 'first')
  alarms.raise('queue-aged', 'orange', 'second')
  alarms.clear('queue-aged', 'orange')
  await alarms.idle()
  t.deepEqual(alarms.unstored(), ['bind-down'])
  isFull = false
  alarms.retry()
  await alarms.idle()
  const open = await store.alarms.open()
  t.deepEqual(
    open.map(alarm => alarm.kind),
    ['bind-down'],
  )
  t.deepEqual(alarms.unstored(), [])
})
