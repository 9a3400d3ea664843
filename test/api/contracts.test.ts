import test from 'ava'
import { type Clock, systemClock } from '../../connectors/clock.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { type Answer, type ApiUnderTest, addOperator, startApi } from './api-under-test.ts'

/** A Monday at 09:00 in France. */
const monday = '2027-01-11T08:00:00Z'
const friday = '2027-01-15T21:30:00Z'
const offer = 'Offre de janvier. STOP au 36180'

async function french(
  t: Parameters<typeof startApi>[0],
  start = monday,
): Promise<{ api: ApiUnderTest; operatorId: number; clock: Clock }> {
  const clock = fakeClock(start)
  const api = await startApi(t, { clock, settings: { country: 'FR', zone: 'Europe/Paris' } })
  return { api, operatorId: await addOperator(api), clock }
}

function send(api: ApiUnderTest, body: Record<string, unknown>): Promise<Answer> {
  return api.call('POST', '/api/v1/messages', {
    body: { to: '06 12 34 56 78', sender: '36180', category: 'marketing', text: offer, ...body },
  })
}

const reasonOf = ({ status, body }: Answer): unknown => [status, body.error?.details.reason]

test('marketing from a French 36xxx number: STOP is asked for, and hours are kept', async t => {
  const { api } = await french(t)
  const sent = await send(api, {})
  t.like(sent, { status: 202, body: { state: 'queued', dueAt: '2027-01-11T08:00:00.000Z' } })
  t.deepEqual(reasonOf(await send(api, { to: '06 12 34 56 79', text: 'Offre' })), [
    422,
    'stop-mention-missing',
  ])
  t.deepEqual(reasonOf(await send(api, { to: '06 12 34 56 80', sender: '38180' })), [422, 'tranche-category'])
  const code = { category: 'transactional', sender: '38180', text: 'Code 1234' }
  t.is((await send(api, code)).status, 202)
})

test('out of hours it is postponed to the next working day, in the answer and in the store', async t => {
  const { api } = await french(t, friday)
  // Saturday is a working day; asked for on Saturday night it leaves on Monday.
  const sent = await send(api, { sendAt: '2027-01-16T22:00:00+01:00' })
  t.is(sent.body.dueAt, '2027-01-18T07:00:00.000Z')
  const { body } = await api.call('GET', `/api/v1/messages/${sent.body.messageId}`)
  t.is(body.dueAt, '2027-01-18T07:00:00.000Z')
})

test('one marketing message a day for a person and brand holds for applications too', async t => {
  const { api } = await french(t)
  t.is((await send(api, {})).status, 202)
  t.deepEqual(reasonOf(await send(api, {})), [422, 'frequency-cap'])
  t.is((await send(api, { service: 'another brand' })).status, 202)
  t.is((await send(api, { category: 'transactional', sender: '38180' })).status, 202)
  // The next day begins at midnight in Paris, 23:00 UTC.
  t.is((await send(api, { sendAt: '2027-01-12T09:00:00+01:00' })).status, 202)
  t.deepEqual(reasonOf(await send(api, { sendAt: '2027-01-12T18:00:00+01:00' })), [422, 'frequency-cap'])
})

test('the table of short codes is read, replaced and given back to the product', async t => {
  const { api } = await french(t)
  const { body: shipped } = await api.call('GET', '/api/v1/tranches')
  t.is(shipped.isShipped, true)
  t.true(shipped.tranches.length >= 3)
  const [first] = shipped.tranches
  const changed = await api.call('PUT', '/api/v1/tranches', {
    body: { tranches: [{ ...first, senders: '35###', stopMention: ['Refus'] }] },
  })
  t.like(changed, { status: 200, body: { isShipped: false } })
  t.is((await send(api, { text: 'Offre' })).status, 202)
  const refused = await send(api, { to: '06 12 34 56 79', sender: '35180', text: 'Offre' })
  t.deepEqual(reasonOf(refused), [422, 'stop-mention-missing'])
  const twice = await api.call('PUT', '/api/v1/tranches', { body: { tranches: [first, first] } })
  t.like(twice, { status: 400, body: { error: { code: 'invalid-request' } } })
  for (const wrong of [
    { senders: '36.*' },
    { senders: '' },
    { country: 'XX' },
    { stopMention: [] },
    { hours: {} },
  ]) {
    const answer = await api.call('PUT', '/api/v1/tranches', { body: { tranches: [{ ...first, ...wrong }] } })
    t.is(answer.status, 400, JSON.stringify(wrong))
  }
  const back = await api.call('PUT', '/api/v1/tranches', { body: { tranches: null } })
  t.deepEqual(back.body, shipped)
})

test('senders outside the contract are refused or replaced, as its rules say', async t => {
  const api = await startApi(t)
  const operatorId = await addOperator(api)
  const path = `/api/v1/operators/${operatorId}/sender-rules`
  t.deepEqual((await api.call('GET', path)).body, {
    operatorId,
    ownSender: 'ASSUR',
    linkAllowsChange: true,
    rules: [],
  })
  const body = { rules: [{ country: null, allowsOriginatorChange: true, names: ['MAISON'] }] }
  t.is((await api.call('PUT', path, { body })).status, 200)
  const from = (sender: string) =>
    api.call('POST', '/api/v1/messages', { body: { to: '70 00 00 01', text: 'Bonjour', sender } })
  t.is((await from('MAISON')).status, 202)
  t.is((await from('ASSUR')).status, 202)
  t.deepEqual(reasonOf(await from('AUTRE')), [422, 'sender-not-in-contract'])
  const withFallback = { rules: [{ ...body.rules[0], fallbackSender: 'ASSUR' }] }
  t.is((await api.call('PUT', path, { body: withFallback })).status, 200)
  t.is((await from('AUTRE')).status, 202)
  const wrong = { rules: [{ country: null, allowsOriginatorChange: false, names: ['MAISON'] }] }
  t.is((await api.call('PUT', path, { body: wrong })).status, 400)
  t.is((await api.call('GET', '/api/v1/operators/999/sender-rules')).status, 404)
  const audit = await api.call('GET', '/api/v1/audit')
  t.true(JSON.stringify(audit.body).includes('senderRules'))
})

test('a UCP link without the OAdC change option refuses other senders before they are queued', async t => {
  const api = await startApi(t)
  const operatorId = await addOperator(api)
  const changed = await api.call('PUT', `/api/v1/operators/${operatorId}`, {
    body: {
      name: 'Opérateur U',
      protocol: 'ucp',
      config: { host: '127.0.0.1', port: 1, shortCode: '36180', password: 'secret-u' },
      sender: '36180',
      isStarted: false,
    },
  })
  t.is(changed.status, 200)
  const body = { to: '70 00 00 01', text: 'Bonjour', sender: 'MAISON' }
  t.deepEqual(reasonOf(await api.call('POST', '/api/v1/messages', { body })), [422, 'sender-not-in-contract'])
  const rules = [{ country: null, allowsOriginatorChange: true, names: ['MAISON'] }]
  const refused = await api.call('PUT', `/api/v1/operators/${operatorId}/sender-rules`, { body: { rules } })
  t.is(refused.status, 400)
})

test('a retry policy is read with its error table, changed, refused when hot, and given back', async t => {
  const api = await startApi(t)
  const operatorId = await addOperator(api)
  const path = `/api/v1/operators/${operatorId}/retry-policy`
  const { body: defaults } = await api.call('GET', '/api/v1/retry-defaults')
  t.is(defaults.leastDelaySeconds, 5)
  t.deepEqual(
    defaults.protocols.map(({ protocol }: { protocol: string }) => protocol),
    ['smpp', 'ucp'],
  )
  const { body: shipped } = await api.call('GET', path)
  t.like(shipped, { isShipped: true, policy: defaults.policy, errorClasses: {} })
  t.true(
    shipped.errorTable.some(
      ({ code, name, refusal }: { code: string; name: string; refusal: string }) =>
        code === '0x58' && name === 'ESME_RTHROTTLED' && refusal === 'throttle',
    ),
  )
  const policy = {
    ...defaults.policy,
    unknownOutcome: { transactional: 'resend', reminder: 'hold', marketing: 'hold' },
  }
  const changed = await api.call('PUT', path, { body: { policy, errorClasses: { '0x14': 'throttle' } } })
  t.like(changed, { status: 200, body: { isShipped: false, policy, errorClasses: { '0x14': 'throttle' } } })
  const { body: operator } = await api.call('GET', `/api/v1/operators/${operatorId}`)
  t.deepEqual(operator.config.statusClasses, { '0x14': 'throttle' })

  const sent = await api.call('POST', '/api/v1/messages', { body: { to: '70 00 00 01', text: 'Code' } })
  const [queued] = await api.application.store.outbox.claim({
    operatorId,
    limit: 1,
    nowMs: systemClock.nowMs() + 1_000,
    turn: 0,
  })
  t.like(queued, { messageId: sent.body.messageId, unknownPolicy: 'resend' })

  const hot = { ...policy, throttle: { delaySeconds: 0, maxAgeMinutes: 60 } }
  t.is((await api.call('PUT', path, { body: { policy: hot } })).status, 400)
  for (const errorClasses of [{ '14': 'throttle' }, { '0x14': 'never' }]) {
    t.is((await api.call('PUT', path, { body: { policy, errorClasses } })).status, 400)
  }
  const back = await api.call('PUT', path, { body: { policy: null } })
  t.like(back.body, { isShipped: true, policy: defaults.policy, errorClasses: { '0x14': 'throttle' } })
})

test('the traffic of a month and the traffic to expect are told as JSON and for spreadsheets', async t => {
  const { api, operatorId, clock } = await french(t)
  const sent = await send(api, { text: `${offer} ${'x'.repeat(160)}` })
  const { store } = api.application
  const nowMs = clock.nowMs()
  await store.outbox.claim({ operatorId, limit: 1, nowMs, turn: 0 })
  const part = { kind: 'accepted', messageId: sent.body.messageId, operatorId, atMs: nowMs } as const
  await store.outbox.settle({
    items: [1, 2].map(partNumber => ({
      ...part,
      partNumber,
      submittedParts: 2,
      remoteKey: `A${partNumber}`,
    })),
    receipts: [],
    nowMs,
  })
  const path = `/api/v1/operators/${operatorId}/traffic`
  const { body } = await api.call('GET', path)
  t.like(body, { month: '2027-01', from: '2026-12-31T23:00:00.000Z', to: '2027-01-31T23:00:00.000Z' })
  t.like(body.total, { sentMessages: 1, sentParts: 2, delivered: 0 })
  t.deepEqual(body.categories[0].category, null)
  const empty = await api.call('GET', `${path}?month=2026-02`)
  t.like(empty.body, { month: '2026-02', total: { sentParts: 0 }, alerts: [] })
  t.is((await api.call('GET', `${path}?month=2026-13`)).status, 400)

  const file = await fetch(`${api.url}${path}?format=csv`, {
    headers: { authorization: `Bearer ${api.key}` },
  })
  t.regex(file.headers.get('content-type')!, /^text\/csv/)
  const octets = Buffer.from(await file.arrayBuffer())
  t.deepEqual([...octets.subarray(0, 3)], [0xef, 0xbb, 0xbf])
  const lines = octets.toString().slice(1).split('\r\n')
  t.is(
    lines[0],
    'month;operator;category;alertId;alert;sentMessages;sentParts;delivered;undelivered;expired;refused;unknown;costMilli',
  )
  t.is(lines[1], '2027-01;Opérateur A;applications;;;1;2;0;0;0;0;0;0')

  const forecast = await api.call('GET', `/api/v1/operators/${operatorId}/traffic-forecast?days=2`)
  t.like(forecast.body, { from: '2027-01-11', to: '2027-01-13', total: { messages: 0, parts: 0 }, days: [] })
  t.is(forecast.body.applicationPartsPerDay, 0.1)
  const next = await api.call('GET', `/api/v1/operators/${operatorId}/traffic-forecast?month=2027-02`)
  t.like(next.body, { from: '2027-02-01', to: '2027-02-28' })
  t.is((await api.call('GET', `/api/v1/operators/${operatorId}/traffic-forecast?month=2027-06`)).status, 400)
})
