/** Rules, prefix tables, numbers with a way of their own, and the way of a number. */
import test from 'ava'
import { wayText } from '../../server/cli/operator.ts'
import { type ApiUnderTest, addOperator, startApi } from './api-under-test.ts'

async function secondOperator(api: ApiUnderTest): Promise<number> {
  const body = {
    name: 'Opérateur B',
    protocol: 'smpp',
    config: { host: '127.0.0.1', port: 1, systemId: 'rappel', password: 'secret-b' },
    sender: 'ASSUR',
    isStarted: false,
  }
  return (await api.call('POST', '/api/v1/operators', { body })).body.operatorId
}

const put = (api: ApiUnderTest, path: string, body: unknown) => api.call('PUT', `/api/v1${path}`, { body })
const way = async (api: ApiUnderTest, query: Record<string, string>) =>
  (await api.call('GET', `/api/v1/routes/way?${new URLSearchParams(query)}`)).body

test('the way of a number names its network, every rule and the state of each operator', async t => {
  const api = await startApi(t)
  const [a, b] = [await addOperator(api), await secondOperator(api)]
  await put(api, '/routes', {
    rules: [
      { name: 'Telecel', when: { networks: ['BF:telecel'] }, operators: [{ operatorId: b }] },
      {
        name: 'Night',
        when: {
          countries: ['BF'],
          hours: { days: [1, 2, 3, 4, 5, 6, 7], from: '20:00', to: '06:00', zone: 'Africa/Ouagadougou' },
        },
        operators: [{ operatorId: b }],
      },
      { name: 'All', operators: [{ operatorId: a }, { operatorId: b }] },
    ],
  })
  const answer = await way(api, { number: '70 11 22 33', at: '2027-03-15T09:00:00Z' })
  t.like(answer, {
    number: '22670112233',
    country: 'BF',
    network: 'BF:moov',
    networkBy: 'prefix',
    networkPrefix: '22670',
    override: null,
    operatorId: a,
    why: 'none-usable',
  })
  t.deepEqual(
    answer.rules.map((rule: { name: string; missed: string[]; applies: boolean }) => [
      rule.name,
      rule.applies,
      rule.missed,
    ]),
    [
      ['Telecel', false, ['networks']],
      ['Night', false, ['hours']],
      ['All', true, []],
    ],
  )
  t.deepEqual(
    answer.operators.map((each: { operatorId: number; state: string; isUsable: boolean }) => [
      each.operatorId,
      each.state,
      each.isUsable,
    ]),
    [
      [a, 'stopped', false],
      [b, 'stopped', false],
    ],
  )
  t.is((await way(api, { number: '58112233' })).operators[0].operatorId, b)
  t.is((await way(api, { number: '70112233', at: '2027-03-15T23:00:00Z' })).operators[0].operatorId, b)
  const text = wayText(answer)
  t.regex(text, /^\+22670112233 at 2027-03-15T09:00:00\.000Z: BF, network BF:moov, by its prefix 22670\n/)
  t.regex(text, /Telecel +does not apply: networks/)
  t.regex(text, /none can be used: it would wait for Opérateur A\n$/)
  const wrong = await api.call('GET', '/api/v1/routes/way?number=25332244')
  t.like(wrong, { status: 422, body: { error: { code: 'invalid-recipient' } } })
})

test('what is read can be written back as it is, and what cannot stand is refused with its reason', async t => {
  const api = await startApi(t)
  const operatorId = await addOperator(api)
  const before = (await api.call('GET', '/api/v1/routes')).body
  t.like(before, { fallbackAfterMinutes: 5, secondTry: { isOn: true } })
  t.deepEqual((await put(api, '/routes', before)).body, before)
  const rule = { name: 'A', operators: [{ operatorId }] }
  const refused: [unknown, RegExp][] = [
    [{ ...rule, when: { networks: ['BF:nobody'] } }, /there is no network BF:nobody/],
    [{ ...rule, when: { countries: ['XX'] } }, /countries/],
    [
      { ...rule, when: { hours: { days: [1], from: '25:00', to: '26:00', zone: 'Africa/Ouagadougou' } } },
      /25:00/,
    ],
    [
      { ...rule, when: { hours: { days: [1], from: '08:00', to: '10:00', zone: 'Mars/Base' } } },
      /Mars\/Base/,
    ],
    [{ ...rule, when: { colour: ['red'] } }, /colour/],
    [{ ...rule, operators: [] }, /operators/],
    [{ ...rule, operators: [{ operatorId }, { operatorId }] }, /twice/],
    [{ ...rule, operators: [{ operatorId: 99 }] }, /no operator 99/],
  ]
  for (const [wrong, reason] of refused) {
    const { status, body } = await put(api, '/routes', { rules: [wrong] })
    t.is(status, 400)
    t.regex(JSON.stringify(body), reason)
  }
  t.is((await put(api, '/routes', { rules: [rule, rule] })).status, 400)
  t.is((await put(api, '/routes', { rules: [], fallbackAfterMinutes: 0 })).status, 400)
  t.deepEqual((await api.call('GET', '/api/v1/routes')).body, before)
  const changed = (await put(api, '/routes', { rules: [rule], fallbackAfterMinutes: 2 })).body
  t.like(changed, { fallbackAfterMinutes: 2, secondTry: before.secondTry })
})

test('prefix tables are edited as one, and a network that a rule names must stay', async t => {
  const api = await startApi(t)
  const operatorId = await addOperator(api)
  const { body: shipped } = await api.call('GET', '/api/v1/networks')
  t.true(shipped.networks.length > 25)
  t.deepEqual((await put(api, '/networks', shipped)).body, shipped)
  await put(api, '/routes', {
    rules: [{ name: 'Telecel', when: { networks: ['BF:telecel'] }, operators: [{ operatorId }] }],
  })
  const without = shipped.networks.filter((network: { country: string }) => network.country !== 'BF')
  const kept = await put(api, '/networks', { networks: without })
  t.like(kept, { status: 409, body: { error: { details: { missing: ['BF:telecel'] } } } })
  const telecel = { country: 'BF', code: 'telecel', label: 'Telecel', prefixes: ['70', '58'] }
  const { body: edited } = await put(api, '/networks', { networks: [...without, telecel] })
  t.deepEqual(
    edited.networks.filter((network: { country: string }) => network.country === 'BF'),
    [telecel],
  )
  t.like(await way(api, { number: '70000001' }), { network: 'BF:telecel', operatorId })
  const twice = await put(api, '/networks', { networks: [telecel, { ...telecel, code: 'other' }] })
  t.is(twice.status, 400)
  t.is((await put(api, '/networks', { networks: [{ ...telecel, prefixes: ['7x'] }] })).status, 400)
})

test('a list of ported numbers is imported line by line, and messages follow it at once', async t => {
  const api = await startApi(t)
  const [a, b] = [await addOperator(api), await secondOperator(api)]
  await put(api, '/routes', {
    rules: [
      { name: 'Moov', when: { networks: ['BF:moov'] }, operators: [{ operatorId: a }] },
      { name: 'Telecel', when: { networks: ['BF:telecel'] }, operators: [{ operatorId: b }] },
    ],
  })
  const csv = 'numero;reseau\n70000001;telecel\n70000002;Telecel Faso\n70000003;nobody\nabc;moov\n'
  const post = (path: string, body: unknown) => api.call('POST', `/api/v1/number-overrides${path}`, { body })
  const rehearsed = await post('/import', { csv, isDryRun: true })
  t.like(rehearsed.body, { lines: 4, stored: 2, refused: 2 })
  t.deepEqual((await api.call('GET', '/api/v1/number-overrides')).body, { overrides: [], nextAfter: null })
  t.deepEqual((await post('/import', { csv })).body, {
    lines: 4,
    stored: 2,
    refused: 2,
    problems: [
      { line: 4, reason: 'unknown-network', found: 'nobody' },
      { line: 5, reason: 'not-a-number', found: 'abc' },
    ],
  })
  t.like(await way(api, { number: '70000001' }), {
    network: 'BF:telecel',
    networkBy: 'override',
    override: { origin: 'import', network: 'telecel' },
    operatorId: b,
  })
  const sent = await api.call('POST', '/api/v1/messages', { body: { to: '70000002', text: 'a' } })
  t.is((await api.application.store.messages.find(sent.body.messageId))?.operatorId, b)
  t.is((await post('', { overrides: [{ number: '70000009', operatorId: a }] })).body.stored, 1)
  for (const wrong of [
    { number: '70000009' },
    { number: '70000009', operatorId: 99 },
    { number: '70000009', network: 'nobody' },
    { number: '70000009', network: 'moov', operatorId: a },
  ]) {
    t.is((await post('', { overrides: [wrong] })).status, 400)
  }
  const page = (await api.call('GET', '/api/v1/number-overrides?limit=2')).body
  t.is(page.overrides.length, 2)
  t.is(page.nextAfter, '22670000002')
  const remove = (query: string) => api.call('DELETE', `/api/v1/number-overrides?${query}`)
  t.deepEqual((await remove('number=70000001')).body, { removed: 1 })
  t.is((await remove('number=70000001')).status, 404)
  t.is((await remove('')).status, 400)
  t.like(await way(api, { number: '70000001' }), { network: 'BF:moov', networkBy: 'prefix', override: null })
  t.deepEqual((await remove('origin=import')).body, { removed: 1 })
  t.is((await way(api, { number: '70000002' })).networkBy, 'prefix')
  t.is((await way(api, { number: '70000009' })).override.operatorId, a)
})

test('a list of thirty thousand lines is imported in slices and found again', async t => {
  const api = await startApi(t)
  await addOperator(api)
  const lines = Array.from({ length: 30_000 }, (_, index) => `70${String(index).padStart(6, '0')};telecel`)
  const { body } = await api.call('POST', '/api/v1/number-overrides/import', {
    body: { csv: lines.join('\n') },
  })
  t.deepEqual(body, { lines: 30_000, stored: 30_000, refused: 0, problems: [] })
  t.is(api.application.gateway.overrides.size, 30_000)
  await api.application.reloadOverrides()
  t.is(api.application.gateway.overrides.size, 30_000)
  t.is((await way(api, { number: '70029999' })).network, 'BF:telecel')
})
