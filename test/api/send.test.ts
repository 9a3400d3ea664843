import test from 'ava'
import { systemClock } from '../../connectors/clock.ts'
import type { Application } from '../../server/application.ts'
import { addOperator, phone, startApi } from './api-under-test.ts'

test('a message is accepted after it is stored, and can be read back', async t => {
  const api = await startApi(t)
  const operatorId = await addOperator(api)
  const sent = await api.call('POST', '/api/v1/messages', {
    body: {
      to: '70 00 00 01',
      text: 'Bonjour, votre contrat est prêt…',
      reference: 'ref-1',
      priority: 'express',
    },
  })
  t.is(sent.status, 202)
  t.is(sent.body.state, 'queued')
  t.is(sent.body.recipient, '22670000001')
  t.is(sent.body.encoding, 'gsm7')
  const read = await api.call('GET', `/api/v1/messages/${sent.body.messageId}`)
  t.is(read.body.text, 'Bonjour, votre contrat est pret...')
  t.like(read.body, {
    state: 'queued',
    operatorId,
    reference: 'ref-1',
    priority: 'express',
    category: 'transactional',
  })
  const timeline = await api.call('GET', `/api/v1/messages/${sent.body.messageId}/timeline`)
  t.is(timeline.body.entries[0].event, 'accepted')
})

test('a message without any route is no success: it is stored, and refused with its id and reason', async t => {
  const api = await startApi(t)
  const sent = await api.call('POST', '/api/v1/messages', { body: { to: phone(1), text: 'Bonjour' } })
  t.like(sent, { status: 422, body: { error: { code: 'message-blocked', details: { reason: 'no-route' } } } })
  const stored = await api.call('GET', `/api/v1/messages/${sent.body.error.details.messageId}`)
  t.like(stored.body, { state: 'blocked', reason: 'no-route' })
  const batch = await api.call('POST', '/api/v1/messages/batch', {
    body: { messages: [{ to: phone(2), text: 'Bonjour' }] },
  })
  t.like(batch.body, { accepted: 0, refused: 1 })
  t.is(batch.body.results[0].error.code, 'message-blocked')
})

test('a template is filled, and refused when a value is missing', async t => {
  const api = await startApi(t)
  await addOperator(api)
  const made = await api.call('POST', '/api/v1/templates', {
    body: { name: 'Échéance', language: 'fr', source: 'Cher {{nom}}, contrat {{police}}.' },
  })
  const { templateId } = made.body
  const sent = await api.call('POST', '/api/v1/messages', {
    body: { to: phone(1), templateId, values: { nom: 'OUEDRAOGO', police: 1010 } },
  })
  const read = await api.call('GET', `/api/v1/messages/${sent.body.messageId}`)
  t.is(read.body.text, 'Cher OUEDRAOGO, contrat 1010.')
  const refused = await api.call('POST', '/api/v1/messages', {
    body: { to: phone(1), templateId, values: { nom: 'OUEDRAOGO' } },
  })
  t.is(refused.status, 422)
  t.deepEqual(refused.body.error, {
    code: 'text-refused',
    details: { reason: 'missing-value', variables: ['police'] },
  })
  const unknown = await api.call('POST', '/api/v1/messages', { body: { to: phone(1), templateId: 999 } })
  t.is(unknown.body.error.code, 'not-found')
})

test('a changed template is used by the next message', async t => {
  const api = await startApi(t)
  await addOperator(api)
  const made = await api.call('POST', '/api/v1/templates', {
    body: { name: 'A', language: 'fr', source: 'Un' },
  })
  const { templateId } = made.body
  await api.call('POST', '/api/v1/messages', { body: { to: phone(1), templateId } })
  await api.call('PUT', `/api/v1/templates/${templateId}`, {
    body: { name: 'A', language: 'fr', source: 'Deux' },
  })
  const sent = await api.call('POST', '/api/v1/messages', { body: { to: phone(1), templateId } })
  t.is((await api.call('GET', `/api/v1/messages/${sent.body.messageId}`)).body.text, 'Deux')
})

test('a message for later is due then and expires after its validity', async t => {
  const api = await startApi(t)
  await addOperator(api)
  const at = new Date(systemClock.nowMs() + 86_400_000)
  const sent = await api.call('POST', '/api/v1/messages', {
    body: { to: phone(1), text: 'Demain', sendAt: at.toISOString(), validityHours: 2 },
  })
  t.is(sent.body.dueAt, at.toISOString())
  t.is(Date.parse(sent.body.expiresAt) - Date.parse(sent.body.dueAt), 2 * 3_600_000)
  const tooFar = await api.call('POST', '/api/v1/messages', {
    body: {
      to: phone(1),
      text: 'Trop tard',
      sendAt: new Date(systemClock.nowMs() + 400 * 86_400_000).toISOString(),
    },
  })
  t.is(tooFar.body.error.details.issues[0].path, 'body.sendAt')
})

test('the stop list ends reminders and not transactional messages', async t => {
  const api = await startApi(t)
  await addOperator(api)
  await api.call('POST', '/api/v1/stop-list', { body: { entries: [{ recipient: phone(1) }] } })
  const body = { to: phone(1), text: 'Bonjour' }
  const reminder = await api.call('POST', '/api/v1/messages', { body: { ...body, category: 'reminder' } })
  t.like(reminder.body.error, { code: 'message-blocked', details: { reason: 'stop-list' } })
  t.is((await api.call('POST', '/api/v1/messages', { body })).body.state, 'queued')
})

test('numbers and texts that cannot be sent are refused with the reason', async t => {
  const api = await startApi(t)
  const refusals: [object, string, string][] = [
    [{ to: '25 30 00 00', text: 'a' }, 'invalid-recipient', 'fixed-line'],
    [{ to: '12', text: 'a' }, 'invalid-recipient', 'too-short'],
    [{ to: '70000001/70000002', text: 'a' }, 'invalid-recipient', 'several-numbers'],
    [{ to: '70000001; drop table messages', text: 'a' }, 'invalid-recipient', 'not-a-number'],
    [{ to: phone(1), text: 'x'.repeat(400), maxParts: 2 }, 'text-refused', 'text-too-long'],
    [{ to: phone(1), text: 'Привет', encoding: 'reject' }, 'text-refused', 'text-not-encodable'],
    [{ to: phone(1), text: '  ' }, 'text-refused', 'text-empty'],
  ]
  for (const [body, code, reason] of refusals) {
    const { status, body: answer } = await api.call('POST', '/api/v1/messages', { body })
    t.is(status, 422)
    t.is(answer.error.code, code)
    t.is(answer.error.details.reason, reason)
  }
  for (const body of [{ to: phone(1) }, { to: phone(1), text: 'a', templateId: 1 }]) {
    t.is((await api.call('POST', '/api/v1/messages', { body })).status, 400)
  }
  const found = await api.call('GET', '/api/v1/messages')
  t.is(found.body.messages.length, 0)
})

test('of a batch the good messages are accepted and the bad listed by index', async t => {
  const api = await startApi(t)
  await addOperator(api)
  const messages = [
    { to: phone(1), text: 'un' },
    { to: 'nobody', text: 'deux' },
    { to: phone(3), text: 'trois', colour: 'red' },
    'not an object',
    { to: phone(5), text: 'cinq' },
    { to: phone(6), text: 'six', templateId: 1 },
  ]
  const { status, body } = await api.call('POST', '/api/v1/messages/batch', { body: { messages } })
  t.is(status, 202)
  t.is(body.accepted, 2)
  t.deepEqual(
    body.results.map((result: { outcome: string }) => result.outcome),
    ['accepted', 'refused', 'refused', 'refused', 'accepted', 'refused'],
  )
  t.is(body.results[1].error.code, 'invalid-recipient')
  t.is(body.results[2].error.details.issues[0].path, 'body.messages.2.colour')
  t.is(body.results[3].error.details.issues[0].path, 'body.messages.3')
  t.is(body.results[5].error.details.issues[0].path, 'body.messages.5.text')
  const found = await api.call('GET', '/api/v1/messages')
  t.deepEqual(
    found.body.messages.map((message: { text: string }) => message.text),
    ['cinq', 'un'],
  )
})

test('a thousand of the longest messages fit into a batch, one more does not', async t => {
  const api = await startApi(t)
  await addOperator(api)
  const of = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ to: phone(index), text: 'é'.repeat(1_500) }))
  const whole = await api.call('POST', '/api/v1/messages/batch', { body: { messages: of(1_000) } })
  t.is(whole.body.accepted, 1_000)
  const more = await api.call('POST', '/api/v1/messages/batch', { body: { messages: of(1_001) } })
  t.is(more.status, 400)
  t.is(more.body.error.details.issues[0].expected, 'at most 1000 entries')
})

test('the same key and body give the same answer and one message; another body is refused', async t => {
  const api = await startApi(t)
  await addOperator(api)
  const headers = { 'idempotency-key': 'order-1' }
  const body = { to: phone(1), text: 'Une fois' }
  const first = await api.call('POST', '/api/v1/messages', { body, headers })
  const again = await api.call('POST', '/api/v1/messages', { body, headers })
  t.deepEqual(again.body, first.body)
  t.is(again.status, 202)
  t.is(first.headers.get('idempotency-replayed'), null)
  t.is(again.headers.get('idempotency-replayed'), 'true')
  const other = await api.call('POST', '/api/v1/messages', { body: { ...body, text: 'Autre' }, headers })
  t.like(other, { status: 409, body: { error: { code: 'idempotency-mismatch' } } })
  // Keys belong to their client.
  const key = await api.newKey(['messages:write'])
  t.is((await api.call('POST', '/api/v1/messages', { body, headers, key })).status, 202)
  t.is((await api.call('GET', '/api/v1/messages')).body.messages.length, 2)
})

test('a repeated batch gives the first answer again', async t => {
  const api = await startApi(t)
  await addOperator(api)
  const headers = { 'idempotency-key': 'batch-1' }
  const body = {
    messages: [
      { to: phone(1), text: 'un' },
      { to: '', text: '' },
      { to: phone(2), text: 'deux' },
    ],
  }
  const first = await api.call('POST', '/api/v1/messages/batch', { body, headers })
  const again = await api.call('POST', '/api/v1/messages/batch', { body, headers })
  t.deepEqual(again.body, first.body)
  t.is((await api.call('GET', '/api/v1/messages')).body.messages.length, 2)
})

test('fifty requests at once under one key make one message', async t => {
  const api = await startApi(t)
  await addOperator(api)
  const request = { body: { to: phone(1), text: 'Une fois' }, headers: { 'idempotency-key': 'once' } }
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => api.call('POST', '/api/v1/messages', request)),
  )
  t.true(answers.every(answer => answer.status === 202))
  t.is(new Set(answers.map(answer => answer.body.messageId)).size, 1)
  t.is((await api.call('GET', '/api/v1/messages')).body.messages.length, 1)
})

test('concurrent requests share transactions', async t => {
  const requests = 200
  let commits = 0
  let arrived = 0
  const { promise: allArrived, resolve } = Promise.withResolvers<void>()
  const watch = (application: Application): Application => {
    const { gateway } = application
    // The gateway holds its own reference, so that its store is counted at the verb it calls.
    const { enqueue } = application.store
    const { enqueueGroup } = enqueue
    Object.assign(enqueue, {
      // The first transaction lasts until all have come: what came meanwhile is the second.
      async enqueueGroup(...args: Parameters<typeof enqueueGroup>) {
        commits += 1
        await allArrived
        return enqueueGroup(...args)
      },
    })
    const accept: typeof gateway.accept = request => {
      arrived += 1
      const accepted = gateway.accept(request)
      if (arrived === requests) resolve()
      return accepted
    }
    return { ...application, gateway: { ...gateway, accept } }
  }
  const api = await startApi(t, { change: watch })
  await addOperator(api)
  const answers = await Promise.all(
    Array.from({ length: requests }, (_, index) =>
      api.call('POST', '/api/v1/messages', { body: { to: phone(index), text: 'Ensemble' } }),
    ),
  )
  t.is(new Set(answers.map(answer => answer.body.messageId)).size, requests)
  t.is(commits, 2)
})

test('messages are cancelled one by one or many at once, and only before they leave', async t => {
  const api = await startApi(t)
  await addOperator(api)
  const { body } = await api.call('POST', '/api/v1/messages/batch', {
    body: { messages: [1, 2, 3].map(index => ({ to: phone(index), text: 'à annuler' })) },
  })
  const [first, second, third] = body.results.map((result: { messageId: number }) => result.messageId)
  t.is((await api.call('POST', `/api/v1/messages/${first}/cancel`)).body.state, 'cancelled')
  const twice = await api.call('POST', `/api/v1/messages/${first}/cancel`)
  t.like(twice, { status: 409, body: { error: { code: 'conflict', details: { state: 'cancelled' } } } })
  const many = await api.call('POST', '/api/v1/messages/cancel', {
    body: { messageIds: [first, second, 9_999] },
  })
  t.deepEqual(many.body, { cancelled: [second], unchanged: [first, 9_999] })
  const release = await api.call('POST', '/api/v1/messages/release', { body: { messageIds: [third] } })
  t.deepEqual(release.body, { released: [], unchanged: [third] })
})

test('a search pages through all messages and filters them', async t => {
  const api = await startApi(t)
  await addOperator(api)
  const messages = Array.from({ length: 7 }, (_, index) => ({
    to: phone(index),
    text: 'a',
    reference: `r${index}`,
  }))
  await api.call('POST', '/api/v1/messages/batch', { body: { messages } })
  const seen: string[] = []
  let before = ''
  do {
    const page = await api.call('GET', `/api/v1/messages?limit=3${before}`)
    seen.push(...page.body.messages.map((message: { reference: string }) => message.reference))
    before = page.body.nextBefore === null ? '' : `&before=${page.body.nextBefore}`
  } while (before !== '')
  t.deepEqual(seen, ['r6', 'r5', 'r4', 'r3', 'r2', 'r1', 'r0'])
  const one = await api.call('GET', `/api/v1/messages?recipient=${phone(4).slice(1)}`)
  t.is(one.body.messages.length, 1)
  t.is((await api.call('GET', '/api/v1/messages?state=sent')).body.messages.length, 0)
  t.is((await api.call('GET', '/api/v1/messages?reference=r5')).body.messages.length, 1)
})
