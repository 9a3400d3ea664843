import test, { type ExecutionContext } from 'ava'
import { systemClock } from '../../connectors/clock.ts'
import type { SimulatorOptions } from '../../connectors/operators/simulator/options.ts'
import { type Simulator, startSimulator } from '../../connectors/operators/simulator/simulator.ts'
import { type ApiUnderTest, phone, startApi } from './api-under-test.ts'

interface Place {
  api: ApiUnderTest
  simulator: Simulator
  operatorId: number
  /** `/api/v1/operators/:id` */
  path: string
}

async function placeOf(t: ExecutionContext, options: SimulatorOptions = {}): Promise<Place> {
  const simulator = await startSimulator(options)
  t.teardown(() => simulator.stop())
  const api = await startApi(t)
  const { body } = await api.call('POST', '/api/v1/operators', {
    body: {
      name: 'Orange',
      protocol: 'smpp',
      config: {
        host: simulator.host,
        port: simulator.port,
        systemId: 'rappel',
        password: 'secret',
        partsPerSecond: 50,
      },
      sender: '3210',
    },
  })
  const { operatorId } = body
  await api.call('PUT', '/api/v1/routes', { body: { rules: [{ name: 'All', operators: [{ operatorId }] }] } })
  return { api, simulator, operatorId, path: `/api/v1/operators/${operatorId}` }
}

/** Far above what any of it takes: twenty tests of this file start their product at once. */
const deadlineMs = 100_000

// biome-ignore lint/suspicious/noExplicitAny: an answer is JSON.
async function until(call: () => Promise<any>, isSo: (body: any) => boolean): Promise<any> {
  const untilMs = systemClock.nowMs() + deadlineMs
  for (;;) {
    const { body } = await call()
    if (isSo(body)) return body
    if (systemClock.nowMs() > untilMs) throw new Error(`not in time: ${JSON.stringify(body)}`)
    await systemClock.sleep(50)
  }
}

test('an operator shows its link, its rate, its queue and each bind', async t => {
  const { api, simulator, path } = await placeOf(t)
  const shown = () => api.call('GET', path)
  const bound = await until(shown, ({ link }) => link?.state === 'bound')
  t.like(bound.link, { mode: 'sending', window: 10, inFlight: 0, rate: { contract: 50 }, lastError: null })
  t.like(bound.link.binds[0], { name: 'transceiver', state: 'bound', reason: '', reconnects: 0 })
  t.deepEqual(bound.queue, { queued: 0, held: 0, unknown: 0, oldestDueAt: null })
  t.like(bound.receipts, { pending: 0, unmatched: 0 })
  t.deepEqual(bound.trace, { isOn: false, until: null })
  await api.call('POST', '/api/v1/messages', { body: { to: phone(1), text: 'a' } })
  await simulator.when(({ partsAccepted }) => partsAccepted === 1)
  const list = await until(
    () => api.call('GET', '/api/v1/operators'),
    ({ operators }) => operators[0].link.binds[0].submitted === 1,
  )
  t.is(list.operators.length, 1)
  simulator.cutAll()
  const lost = await until(shown, ({ link }) => link.lastError !== null)
  t.regex(lost.link.lastError.text, /closed|RESET/i)
})

test('up, down, start and stop are events, newest first and page by page', async t => {
  const { api, simulator, path } = await placeOf(t)
  const events = () => api.call('GET', `${path}/events`)
  await until(events, ({ events: found }) => found.some((each: { event: string }) => each.event === 'up'))
  simulator.cutAll()
  await until(
    events,
    ({ events: found }) => found.filter((each: { event: string }) => each.event === 'up').length === 2,
  )
  await api.call('POST', `${path}/stop`)
  // Events are stored beside what they tell of: the answer to the stop may come first.
  const { events: told } = await until(events, ({ events: found }) => found[0].event === 'stopped')
  t.deepEqual(
    told.map(({ event }: { event: string }) => event),
    ['stopped', 'up', 'down', 'up', 'started'],
  )
  t.true(api.logLines.some(line => line.includes('"event":"operator.down"')))
  const page = await api.call('GET', `${path}/events?limit=2`)
  t.is(page.body.events.length, 2)
  const rest = await api.call('GET', `${path}/events?limit=9&before=${page.body.nextBefore}`)
  t.is(rest.body.events[0].event, 'down')
  t.is((await api.call('GET', '/api/v1/operators/99/events')).status, 404)
})

test('a pause that the operator asks for is an event and a figure', async t => {
  const { api, simulator, path } = await placeOf(t, {
    faults: [{ when: { times: 1 }, fault: { kind: 'throttle' } }],
  })
  await api.call('POST', '/api/v1/messages', { body: { to: phone(1), text: 'a' } })
  await simulator.when(({ partsAccepted }) => partsAccepted === 1)
  const { events } = await until(
    () => api.call('GET', `${path}/events`),
    ({ events: found }) => found.some((each: { event: string }) => each.event === 'throttled'),
  )
  t.like(events[0], { event: 'throttled', bind: '' })
  t.regex(events[0].detail, /^no submit until 20/)
  const metrics = (await api.call('GET', '/metrics', { key: null })).body as string
  t.true(metrics.includes('rappel_throttles_total{operator="1"} 1'))
  t.true(metrics.includes('rappel_parts_refused_total{operator="1",class="throttle"} 1'))
})

test('a refused bind is an event with the reason of the operator', async t => {
  const { api, path } = await placeOf(t, { accounts: [{ systemId: 'rappel', password: 'another' }] })
  const { events } = await until(
    () => api.call('GET', `${path}/events`),
    ({ events: found }) => found.some((each: { event: string }) => each.event === 'refused'),
  )
  t.regex(events[0].detail, /ESME_R/)
})

test('a drained operator submits nothing and hears receipts; started again, it goes on', async t => {
  const { api, simulator, path } = await placeOf(t, { receipts: { delayMs: [600, 600] } })
  const shown = () => api.call('GET', path)
  await until(shown, ({ link }) => link?.state === 'bound')
  const first = await api.call('POST', '/api/v1/messages', { body: { to: phone(1), text: 'a' } })
  await simulator.when(({ partsAccepted }) => partsAccepted === 1)
  const drained = await api.call('POST', `${path}/drain`)
  t.is(drained.status, 200)
  await until(shown, ({ link }) => link.mode === 'drained')
  await api.call('POST', '/api/v1/messages', { body: { to: phone(2), text: 'b' } })
  await until(
    () => api.call('GET', `/api/v1/messages/${first.body.messageId}`),
    ({ state }) => state === 'delivered',
  )
  t.is(simulator.status().partsAccepted, 1)
  const waiting = await shown()
  t.like(waiting.body, { link: { state: 'bound', mode: 'drained' }, queue: { queued: 1 } })
  const metrics = (await api.call('GET', '/metrics', { key: null })).body as string
  t.true(metrics.includes('rappel_link_draining{operator="1"} 1'))
  await api.call('POST', `${path}/start`)
  await simulator.when(({ partsAccepted }) => partsAccepted === 2)
  await api.call('POST', `${path}/stop`)
  const refused = await api.call('POST', `${path}/drain`)
  t.is(refused.status, 409)
  t.like(refused.body.error, { code: 'conflict', details: { reason: 'not-started' } })
})

test('a trace holds what passed, without text, password or whole number, and goes off', async t => {
  const { api, simulator, path } = await placeOf(t)
  const on = await api.call('POST', `${path}/trace`, { body: { isOn: true, minutes: 5 } })
  t.true(on.body.isOn)
  t.true((await api.call('GET', path)).body.trace.isOn)
  // A restart of the operator goes on with the trace.
  await api.call('POST', `${path}/start`)
  await api.call('POST', '/api/v1/messages', { body: { to: phone(7), text: 'Texte confidentiel' } })
  await simulator.when(({ partsAccepted }) => partsAccepted === 1)
  const { text } = await until(
    () => api.call('GET', `${path}/trace`),
    body => body.text.includes('submit_sm_resp'),
  )
  t.regex(text, /^\S+Z transceiver > bind_transceiver seq=\d+ system_id=rappel password=\*\*\*$/m)
  t.regex(text, /^\S+Z transceiver > submit_sm .*destination=\.\.007\/1\/1/m)
  for (const secret of ['confidentiel', 'secret', '70000007']) t.false(text.includes(secret), secret)
  const off = await api.call('POST', `${path}/trace`, { body: { isOn: false } })
  t.deepEqual(off.body, { isOn: false, until: null })
  t.is((await api.call('POST', `${path}/trace`, { body: { isOn: true, minutes: 1_441 } })).status, 400)
  const audit = await api.call('GET', '/api/v1/audit')
  t.true(JSON.stringify(audit.body).includes('trace-on'))
})

test('metrics tell each operator and each bind', async t => {
  const { api, simulator, operatorId, path } = await placeOf(t)
  await until(
    () => api.call('GET', path),
    ({ link }) => link?.state === 'bound',
  )
  await api.call('POST', '/api/v1/messages', { body: { to: phone(1), text: 'a' } })
  await simulator.when(({ partsAccepted }) => partsAccepted === 1)
  await until(
    async () => ({ body: (await api.call('GET', '/metrics', { key: null })).body }),
    (body: string) => body.includes(`rappel_receipts_total{operator="${operatorId}",state="delivered"} 1`),
  )
  const body = (await api.call('GET', '/metrics', { key: null })).body as string
  for (const wanted of [
    `rappel_bind_bound{operator="${operatorId}",state="bound"} 1`,
    `rappel_connection_up{operator="${operatorId}",bind="transceiver"} 1`,
    `rappel_connection_parts_total{operator="${operatorId}",bind="transceiver"} 1`,
    `rappel_connection_reconnects_total{operator="${operatorId}",bind="transceiver"} 0`,
    `rappel_parts_accepted_total{operator="${operatorId}"} 1`,
    `rappel_parts_refused_total{operator="${operatorId}",class="throttle"} 0`,
    `rappel_link_changes_total{operator="${operatorId}",change="up"} 1`,
    `rappel_parts_contract{operator="${operatorId}"} 50`,
    'rappel_incoming_waiting{state="received"} 0',
  ]) {
    t.true(body.includes(wanted), wanted)
  }
  // Asked twice, counters do not grow by being asked.
  const again = (await api.call('GET', '/metrics', { key: null })).body as string
  t.true(again.includes(`rappel_parts_accepted_total{operator="${operatorId}"} 1`))
})

test('presets are listed, and an operator made from one comes up', async t => {
  const simulator = await startSimulator()
  t.teardown(() => simulator.stop())
  const api = await startApi(t)
  const { body } = await api.call('GET', '/api/v1/operator-presets')
  const preset = body.presets.find(({ id }: { id: string }) => id === 'bf-orange')
  t.like(preset, {
    protocol: 'smpp',
    label: { fr: 'Burkina Faso – Orange' },
    serves: { networks: ['BF:orange'] },
  })
  const config = {
    host: simulator.host,
    port: simulator.port,
    systemId: 'rappel',
    password: 'secret',
    partsPerSecond: 20,
  }
  const draft = { name: 'Orange', preset: 'bf-orange', sender: '3210', config }
  const added = await api.call('POST', '/api/v1/operators', { body: draft })
  t.is(added.status, 201)
  t.like(added.body, {
    protocol: 'smpp',
    sender: '3210',
    hasPassword: true,
    config: { window: 10, bindMode: 'transceiver' },
  })
  t.is(added.body.config.password, undefined)
  await until(
    () => api.call('GET', `/api/v1/operators/${added.body.operatorId}`),
    ({ link }) => link.state === 'bound',
  )
})

test('a preset without what the contract says names each missing field', async t => {
  const api = await startApi(t)
  const add = async (body: unknown) => (await api.call('POST', '/api/v1/operators', { body })).body.error
  const paths = (error: { details: { issues: { path: string }[] } }) =>
    error.details.issues.map(({ path }) => path)
  t.deepEqual(paths(await add({ name: 'F', preset: 'fr-orange-ops', config: { host: 'a.example' } })), [
    'body.config.port',
    'body.config.shortCode',
    'body.config.password',
    'body.config.partsPerSecond',
  ])
  t.deepEqual(paths(await add({ name: 'F', preset: 'xx-nobody' })), ['body.preset'])
  t.deepEqual(paths(await add({ name: 'F', preset: 'fr-orange-ops', protocol: 'smpp' })), ['body.protocol'])
  t.deepEqual(paths(await add({ name: 'F' })), ['body.protocol', 'body.sender', 'body.config'])
  const config = {
    host: 'a',
    port: 1,
    localAddress: '192.0.2.1',
    shortCode: '36180',
    password: 'p',
    partsPerSecond: -1,
  }
  t.deepEqual(paths(await add({ name: 'F', preset: 'fr-orange-ops', config })), [
    'body.config.partsPerSecond',
  ])
})
