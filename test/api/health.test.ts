import test from 'ava'
import { RappelError } from '../../server/errors.ts'
import { addOperator, phone, startApi } from './api-under-test.ts'

test('a running product lives and is ready, without a key', async t => {
  const api = await startApi(t)
  t.deepEqual((await api.call('GET', '/health/live', { key: null })).body, { status: 'live' })
  const ready = await api.call('GET', '/health/ready', { key: null })
  t.is(ready.status, 200)
  t.is(ready.body.status, 'ready')
  t.deepEqual(Object.keys(ready.body.checks), ['store', 'migrations', 'running', 'binds'])
})

test('metrics tell messages, backlog and requests by their declared path', async t => {
  const api = await startApi(t)
  const operatorId = await addOperator(api)
  await api.call('POST', '/api/v1/messages', { body: { to: phone(1), text: 'a' } })
  await api.call('GET', '/api/v1/messages/1')
  await api.call('GET', '/api/v1/messages/2')
  const { body } = await api.call('GET', '/metrics', { key: null })
  t.true(body.includes('rappel_messages_entered{state="queued"} 1'))
  t.true(body.includes(`rappel_messages_waiting{operator="${operatorId}",state="queued"} 1`))
  t.true(body.includes('rappel_receipts_unmatched 0'))
  t.true(body.includes('rappel_api_requests_total{method="GET",path="/messages/:id",status="200"} 1'))
  t.true(body.includes('rappel_api_requests_total{method="GET",path="/messages/:id",status="404"} 1'))
  t.regex(body, /nodejs_eventloop_lag_p99_seconds /)
})

test('metrics through a proxy need a key with their scope', async t => {
  const api = await startApi(t)
  const headers = { 'x-forwarded-for': '192.0.2.7' }
  t.is((await api.call('GET', '/metrics', { key: null, headers })).status, 401)
  const key = await api.newKey(['messages:read'])
  t.is((await api.call('GET', '/metrics', { key, headers })).status, 403)
  const own = await api.newKey(['metrics:read'])
  t.is((await api.call('GET', '/metrics', { key: own, headers })).status, 200)
})

test('metrics tell of a store that is away, and of alarms that it could not take', async t => {
  let isAway = false
  const api = await startApi(t, {
    change: application => {
      const orAway =
        <Args extends unknown[], Result>(verb: (...args: Args) => Promise<Result>) =>
        (...args: Args): Promise<Result> =>
          isAway ? Promise.reject(new RappelError('store-unavailable', { reason: 'gone' })) : verb(...args)
      const { statistics } = application.store
      return {
        ...application,
        store: { ...application.store, statistics: { ...statistics, backlog: orAway(statistics.backlog) } },
        alarms: { ...application.alarms, unstored: () => (isAway ? ['store-unavailable'] : []) },
      }
    },
  })
  const metrics = async () => (await api.call('GET', '/metrics', { key: null })).body as string
  t.true((await metrics()).includes('rappel_store_up 1'))
  isAway = true
  const body = await metrics()
  t.true(body.includes('rappel_store_up 0'))
  t.true(body.includes('rappel_alarms_open{kind="store-unavailable"} 1'))
  t.regex(body, /nodejs_eventloop_lag_p99_seconds /)
})
