import test from 'ava'
import { scopes } from '../../server/api/contract/scopes.ts'
import { endpoints } from '../../server/api/endpoints/all.ts'
import { createApiKey } from '../../server/secrets.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { addOperator, phone, startApi } from './api-under-test.ts'

const url = (path: string): string => `/api/v1${path.replace(/:\w+/g, '1')}`

test('no endpoint answers without a key, with a wrong key or with another scheme', async t => {
  const api = await startApi(t, { settings: { failedKeysPerMinute: 1_000 } })
  for (const { method, path } of endpoints) {
    for (const key of [null, createApiKey().key]) {
      const answer = await api.call(method.toUpperCase(), url(path), { key })
      t.is(answer.status, 401, `${method} ${path}`)
      t.is(answer.body.error.code, 'not-authenticated')
      t.is(answer.headers.get('www-authenticate'), 'Bearer')
    }
  }
  for (const authorization of [
    `Basic ${api.key}`,
    api.key,
    'Bearer',
    `Bearer ${'x'.repeat(5_000)}`,
    'Bearer rpl_',
  ]) {
    const answer = await api.call('GET', '/api/v1/routes', { key: null, headers: { authorization } })
    t.is(answer.status, 401)
  }
})

test('a key with every scope but the right one is not permitted, with it alone it is', async t => {
  const api = await startApi(t)
  for (const scope of new Set(endpoints.map(endpoint => endpoint.scope))) {
    const others = scopes.filter(other => other !== scope && other !== 'admin')
    const without = await api.newKey(others)
    const own = await api.newKey([scope])
    for (const { method, path } of endpoints.filter(endpoint => endpoint.scope === scope)) {
      const refused = await api.call(method.toUpperCase(), url(path), { key: without })
      t.is(refused.status, 403, `${method} ${path}`)
      t.deepEqual(refused.body.error, { code: 'not-permitted', details: { scope } })
      const permitted = await api.call(method.toUpperCase(), url(path), { key: own })
      t.not(permitted.status, 403, `${method} ${path}`)
      t.not(permitted.status, 401, `${method} ${path}`)
    }
  }
})

test('a key is shown once, works at once, and does not any more once revoked', async t => {
  const api = await startApi(t)
  await addOperator(api)
  const made = await api.call('POST', '/api/v1/api-keys', {
    body: { name: 'ERP', scopes: ['messages:write'] },
  })
  t.is(made.status, 201)
  const { key, apiKeyId } = made.body
  const body = { to: phone(1), text: 'Bonjour' }
  t.is((await api.call('POST', '/api/v1/messages', { body, key })).status, 202)
  const listed = await api.call('GET', '/api/v1/api-keys')
  t.false(JSON.stringify(listed.body).includes(key))
  t.is((await api.call('POST', '/api/v1/api-keys', { body: { name: 'ERP', scopes: ['admin'] } })).status, 409)
  t.is((await api.call('DELETE', `/api/v1/api-keys/${apiKeyId}`)).status, 204)
  t.is((await api.call('POST', '/api/v1/messages', { body, key })).status, 401)
})

test('a key in use is looked up once in some seconds', async t => {
  const clock = fakeClock()
  let lookups = 0
  const api = await startApi(t, {
    clock,
    change(application) {
      const { apiKeys } = application.store
      const { findByHash } = apiKeys
      Object.assign(apiKeys, {
        findByHash(hash: string) {
          lookups += 1
          return findByHash(hash)
        },
      })
      return application
    },
  })
  for (let count = 0; count < 5; count += 1) await api.call('GET', '/api/v1/routes')
  t.is(lookups, 1)
  clock.jumpTo(new Date(clock.nowMs() + 10_000))
  await api.call('GET', '/api/v1/routes')
  t.is(lookups, 2)
})

test('an address that tries many wrong keys waits, and a key in use goes on', async t => {
  const clock = fakeClock()
  const api = await startApi(t, { clock, settings: { failedKeysPerMinute: 3 } })
  await api.call('GET', '/api/v1/routes')
  const statuses: number[] = []
  for (let count = 0; count < 5; count += 1) {
    statuses.push((await api.call('GET', '/api/v1/routes', { key: createApiKey().key })).status)
  }
  t.deepEqual(statuses, [401, 401, 401, 429, 429])
  t.is((await api.call('GET', '/api/v1/routes')).status, 200)
  clock.jumpTo(new Date(clock.nowMs() + 61_000))
  t.is((await api.call('GET', '/api/v1/routes', { key: createApiKey().key })).status, 401)
})

test('a key that sends more than its limit is told to wait; another key is not', async t => {
  const api = await startApi(t, { settings: { requestsPerMinutePerKey: 3 } })
  const statuses: number[] = []
  for (let count = 0; count < 4; count += 1) statuses.push((await api.call('GET', '/api/v1/routes')).status)
  t.deepEqual(statuses, [200, 200, 200, 429])
  const refused = await api.call('GET', '/api/v1/routes')
  t.is(refused.body.error.code, 'too-many-requests')
  t.is(refused.headers.get('retry-after'), '60')
  t.is((await api.call('GET', '/api/v1/routes', { key: await api.newKey(['admin']) })).status, 200)
})

test('while the product stops, nothing new is taken', async t => {
  const api = await startApi(t)
  api.stopping.isStopping = true
  const refused = await api.call('POST', '/api/v1/messages', { body: { to: phone(1), text: 'Bonjour' } })
  t.like(refused, { status: 503, body: { error: { code: 'stopping' } } })
  t.is(refused.headers.get('retry-after'), '5')
  const ready = await api.call('GET', '/health/ready', { key: null })
  t.is(ready.status, 503)
  t.false(ready.body.checks.running.isOk)
})
