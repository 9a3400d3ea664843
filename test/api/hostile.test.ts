import { connect } from 'node:net'
import test from 'ava'
import { endpoints } from '../../server/api/endpoints/all.ts'
import { RappelError } from '../../server/errors.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { addOperator, phone, startApi } from './api-under-test.ts'

const messages = '/api/v1/messages'

test('a body that is not JSON is refused with the place, and never quoted', async t => {
  const api = await startApi(t)
  for (const raw of [
    '{',
    '{"to": "secret" "text"}',
    'null',
    '[]',
    '"text"',
    '12',
    '\u0000',
    '{"to":1}garbage',
  ]) {
    const { status, body } = await api.call('POST', messages, { raw })
    t.is(status, 400, raw)
    t.is(body.error.code, 'invalid-request')
    t.false(JSON.stringify(body).includes('secret'))
  }
  const bytes = new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])
  t.is(
    (await api.call('POST', messages, { raw: bytes })).body.error.details.issues[0].expected,
    'text in UTF-8',
  )
})

test('another type or a packed body is refused', async t => {
  const api = await startApi(t)
  await addOperator(api)
  const raw = JSON.stringify({ to: phone(1), text: 'a' })
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json; charset=utf-16',
  ]) {
    const { status, body } = await api.call('POST', messages, { raw, headers: { 'content-type': type } })
    t.is(status, 400)
    t.is(body.error.details.issues[0].path, 'header.content-type')
  }
  const packed = await api.call('POST', messages, { raw, headers: { 'content-encoding': 'gzip' } })
  t.is(packed.body.error.details.issues[0].path, 'header.content-encoding')
  const plain = await api.call('POST', messages, {
    raw,
    headers: { 'content-type': 'application/json; charset=UTF-8' },
  })
  t.is(plain.status, 202)
})

test('a body above its limit is refused with the limit, announced or not', async t => {
  const api = await startApi(t)
  const raw = `{"to":"${'7'.repeat(300 * 1024)}"}`
  const announced = await api.call('POST', messages, { raw })
  t.like(announced, {
    status: 413,
    body: { error: { code: 'payload-too-large', details: { mostBytes: 262_144 } } },
  })
  const chunked = await fetch(api.url + messages, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.key}`, 'content-type': 'application/json' },
    body: new Blob([raw]).stream(),
    duplex: 'half',
  } as RequestInit)
  t.is(chunked.status, 413)
  t.is((await api.call('GET', '/api/v1/routes')).status, 200)
})

test('fields of a wrong type, size or name are each named, and values never repeated', async t => {
  const api = await startApi(t)
  const { status, body } = await api.call('POST', messages, {
    body: {
      to: 70000001,
      text: 'x'.repeat(2_000),
      priority: 'now',
      flash: 'yes',
      maxParts: 0,
      hack: 'secret',
      validityHours: 1.5,
    },
  })
  t.is(status, 400)
  const issues: { path: string; expected: string; received: string }[] = body.error.details.issues
  t.deepEqual(issues.map(issue => issue.path).sort(), [
    'body.flash',
    'body.hack',
    'body.maxParts',
    'body.priority',
    'body.text',
    'body.to',
    'body.validityHours',
  ])
  t.like(
    issues.find(issue => issue.path === 'body.to'),
    { expected: 'string', received: 'the number 70000001' },
  )
  t.like(
    issues.find(issue => issue.path === 'body.priority'),
    { expected: 'bulk | normal | express', received: 'a string of 3 characters' },
  )
  t.false(JSON.stringify(body).includes('secret'))
})

test('a body wrong in a thousand places is told the first twenty', async t => {
  const api = await startApi(t)
  const body = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`field${index}`, 1]))
  const answer = await api.call('POST', messages, { body })
  t.is(answer.body.error.details.issues.length, 20)
})

test('prototype keys change nothing', async t => {
  const api = await startApi(t)
  await addOperator(api)
  for (const raw of [
    `{"to":"${phone(1)}","text":"a","__proto__":{"flash":true}}`,
    `{"to":"${phone(1)}","text":"a","constructor":{"prototype":{"flash":true}}}`,
    `{"__proto__":{"to":"${phone(1)}","text":"a"}}`,
  ]) {
    t.is((await api.call('POST', messages, { raw })).status, 400)
  }
  const made = await api.call('POST', '/api/v1/templates', {
    body: { name: 'T', language: 'fr', source: 'A {{nom}}' },
  })
  for (const values of ['{"__proto__":{"nom":"X"}}', '{"constructor":"X","toString":"Y"}']) {
    const raw = `{"to":"${phone(1)}","templateId":${made.body.templateId},"values":${values}}`
    t.is((await api.call('POST', messages, { raw })).body.error.details.reason, 'missing-value')
  }
  t.is(({} as Record<string, unknown>).flash, undefined)
})

test('SQL in fields is text', async t => {
  const api = await startApi(t)
  await addOperator(api)
  const reference = "'; drop table messages; --"
  const sent = await api.call('POST', messages, { body: { to: phone(1), text: reference, reference } })
  t.is(sent.status, 202)
  const found = await api.call('GET', `${messages}?reference=${encodeURIComponent(reference)}`)
  t.is(found.body.messages[0].text, reference)
  t.is((await api.call('GET', `${messages}?recipient=${encodeURIComponent("1' or '1'='1")}`)).status, 400)
  t.is((await api.call('GET', `${messages}?recipient=%25%25%25%25`)).status, 400)
})

test('parameters that are unknown, repeated or out of range are refused', async t => {
  const api = await startApi(t)
  for (const query of [
    'limit=0',
    'limit=501',
    'limit=ten',
    'limit=1e2',
    'limit=5&limit=6',
    'state=gone',
    'colour=red',
    'before=-1',
    '__proto__=1',
    'createdFrom=yesterday',
  ]) {
    const { status, body } = await api.call('GET', `${messages}?${query}`)
    t.is(status, 400, query)
    t.true(body.error.details.issues[0].path.startsWith('query.'))
  }
  t.is((await api.call('GET', '/api/v1/routes?x=1')).status, 400)
  for (const id of ['0', '-1', 'abc', '1.5', '99999999999999999999', '1%00', '%E0%A4%A']) {
    t.is((await api.call('GET', `${messages}/${id}`)).status, 400, id)
  }
  t.is((await api.call('GET', `${messages}/9007199254740991`)).status, 404)
})

test('an idempotency key or request id that is not one is refused or replaced', async t => {
  const api = await startApi(t)
  const body = { to: phone(1), text: 'a' }
  for (const key of ['', 'a b', '\u00e9', 'x'.repeat(129)]) {
    const headers = { 'idempotency-key': key }
    t.is((await api.call('POST', messages, { body, headers })).status, 400, key)
  }
  const own = await api.call('GET', '/api/v1/routes', { headers: { 'x-request-id': 'erp-42' } })
  t.is(own.headers.get('x-request-id'), 'erp-42')
  const forged = await api.call('GET', '/api/v1/routes', { headers: { 'x-request-id': '<script>' } })
  t.regex(forged.headers.get('x-request-id')!, /^[0-9a-f-]{36}$/)
})

test('unknown paths and methods are told in JSON, with the methods allowed', async t => {
  const api = await startApi(t)
  for (const path of [
    '/',
    '/api',
    '/api/v1',
    '/api/v1/nothing',
    '/api/v2/messages',
    '/api/v1/messages/',
    '/API/v1/messages',
    '/../etc/passwd',
  ]) {
    const answer = await api.call('GET', path)
    t.is(answer.status, 404, path)
    t.is(answer.body.error.code, 'not-found')
  }
  const byPath = Map.groupBy(endpoints, endpoint => endpoint.path)
  for (const [path, list] of byPath) {
    const answer = await api.call('PATCH', `/api/v1${path.replace(/:\w+/g, '1')}`)
    t.is(answer.status, 405, path)
    t.is(answer.headers.get('allow'), list.map(endpoint => endpoint.method.toUpperCase()).join(', '))
  }
})

test('answers say nothing of the server and forbid everything to a browser', async t => {
  const api = await startApi(t)
  const { headers } = await api.call('GET', '/api/v1/routes')
  t.is(headers.get('x-powered-by'), null)
  t.is(headers.get('content-security-policy'), "default-src 'none';frame-ancestors 'none'")
  t.is(headers.get('x-content-type-options'), 'nosniff')
  t.is(headers.get('cache-control'), 'no-store')
})

test('a failure that nobody foresaw is told by its request id and stands in the log with its cause', async t => {
  const api = await startApi(t, {
    change(application) {
      const list = (): Promise<never> => Promise.reject(new TypeError('the password is hunter2'))
      Object.assign(application.store.routes, { list })
      return application
    },
  })
  const answer = await api.call('GET', '/api/v1/routes')
  t.is(answer.status, 500)
  const requestId = answer.headers.get('x-request-id')
  t.deepEqual(answer.body, { error: { code: 'internal', details: { requestId } } })
  t.true(api.logLines.some(line => line.includes(requestId!) && line.includes('api.request.failed')))
})

test('a store that cannot write accepts nothing, says so, and is ready again once it can', async t => {
  const clock = fakeClock()
  let isFull = true
  const api = await startApi(t, {
    clock,
    change(application) {
      const { enqueue, memories } = application.store
      const whileFull =
        <Args extends unknown[], Result>(verb: (...args: Args) => Promise<Result>) =>
        (...args: Args): Promise<Result> =>
          isFull
            ? Promise.reject(new RappelError('store-unavailable', { reason: 'disk is full' }))
            : verb(...args)
      Object.assign(enqueue, { enqueueGroup: whileFull(enqueue.enqueueGroup) })
      Object.assign(memories, { remember: whileFull(memories.remember) })
      return application
    },
  })
  await addOperator(api)
  const request = { body: { to: phone(1), text: 'a' } }
  t.like(await api.call('POST', messages, request), {
    status: 503,
    body: { error: { code: 'store-unavailable' } },
  })
  const unready = await api.call('GET', '/health/ready', { key: null })
  t.is(unready.status, 503)
  t.false(unready.body.checks.store.isOk)
  isFull = false
  clock.jumpTo(new Date(clock.nowMs() + 3_000))
  t.is((await api.call('GET', '/health/ready', { key: null })).status, 200)
  t.is((await api.call('POST', messages, request)).status, 202)
  t.is((await api.call('GET', messages)).body.messages.length, 1)
})

test('a client that goes away in the middle of its body harms nobody', async t => {
  const api = await startApi(t)
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1')
  await new Promise(resolve => socket.once('connect', resolve))
  socket.write(
    `POST ${messages} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${api.key}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"to"`,
  )
  await new Promise(resolve => setImmediate(resolve))
  socket.destroy()
  t.is((await api.call('GET', '/api/v1/routes')).status, 200)
})
