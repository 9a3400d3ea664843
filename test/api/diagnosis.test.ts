import { type AddressInfo, createServer, type Socket } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { systemClock } from '../../connectors/clock.ts'
import type { SimulatorOptions } from '../../connectors/operators/simulator/options.ts'
import { type Simulator, startSimulator } from '../../connectors/operators/simulator/simulator.ts'
import { command } from '../../connectors/operators/smpp/tables.ts'
import { buildAck, buildNack } from '../../connectors/operators/ucp/results.ts'
import {
  deliver,
  scriptedSmsc as scriptedSmpp,
  sendEmpty,
} from '../connectors/operators/smpp/scripted-smsc.ts'
import { scriptedSmsc as scriptedUcp } from '../connectors/operators/ucp/scripted-smsc.ts'
import { type ApiUnderTest, startApi } from './api-under-test.ts'

interface Place {
  api: ApiUnderTest
  operatorId: number
  path: string
  /** Every step with its outcome and code; several of one step keep the last. */
  diagnose(body?: unknown): Promise<Report>
}

interface Report {
  outcome: string
  codes: Record<string, string>
  details: Record<string, Record<string, unknown>>
}

const smpp = { host: '127.0.0.1', systemId: 'rappel', password: 'secret', bindSeconds: 30 }
const ucp = { host: '127.0.0.1', shortCode: '38001', account: '38001', password: 'secret', loginSeconds: 30 }

async function placeOf(
  t: ExecutionContext,
  {
    protocol = 'smpp',
    config,
    isStarted = false,
  }: { protocol?: 'smpp' | 'ucp'; config: object; isStarted?: boolean },
): Promise<Place> {
  const api = await startApi(t)
  const body = {
    name: 'A',
    protocol,
    config: { ...(protocol === 'smpp' ? smpp : ucp), ...config },
    sender: '38001',
    isStarted,
  }
  const added = await api.call('POST', '/api/v1/operators', { body })
  if (added.status !== 201) throw new Error(JSON.stringify(added.body))
  const path = `/api/v1/operators/${added.body.operatorId}`
  return {
    api,
    operatorId: added.body.operatorId,
    path,
    async diagnose(request = {}) {
      const { status, body: answer } = await api.call('POST', `${path}/diagnose`, { body: request })
      if (status !== 200) throw new Error(JSON.stringify(answer))
      const codes: Report['codes'] = {}
      const details: Report['details'] = {}
      for (const finding of answer.findings) {
        codes[finding.step] = `${finding.outcome} ${finding.code}`
        details[finding.step] = finding.details
      }
      return { outcome: answer.outcome, codes, details }
    },
  }
}

async function simulatorOf(t: ExecutionContext, options: SimulatorOptions = {}): Promise<Simulator> {
  const simulator = await startSimulator(options)
  t.teardown(() => simulator.stop())
  return simulator
}

/** A peer that is told of each connection and says nothing by itself. */
async function rawPeer(
  t: ExecutionContext,
  onConnection: (socket: Socket) => void = () => undefined,
): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.resume()
    onConnection(socket)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** Far above what a bind takes: twenty tests of this file start their product at once. */
const deadlineMs = 100_000

async function bound({ api, path }: Place, state = 'bound'): Promise<void> {
  const untilMs = systemClock.nowMs() + deadlineMs
  while ((await api.call('GET', path)).body.link?.state !== state) {
    if (systemClock.nowMs() > untilMs) throw new Error(`not ${state} in time`)
    await systemClock.sleep(50)
  }
}

test('a stopped SMPP operator is tried from the settings to the keep-alive, and left', async t => {
  const simulator = await simulatorOf(t)
  const place = await placeOf(t, { config: { port: simulator.port } })
  const { outcome, codes, details } = await place.diagnose()
  t.is(outcome, 'ok')
  t.deepEqual(codes, {
    settings: 'ok read-back',
    monitoring: 'ok read-back',
    window: 'ok read-back',
    throughput: 'ok read-back',
    authentication: 'ok read-back',
    name: 'ok is-an-address',
    'source-address': 'ok system-chooses',
    reachability: 'ok connected',
    tls: 'skipped tls-not-used',
    login: 'ok logged-in',
    'keep-alive': 'ok keep-alive-answered',
    'submit-parameters': 'ok read-back',
    submit: 'skipped not-started',
    receipt: 'skipped not-started',
    reply: 'skipped not-started',
    'reply-acknowledged': 'skipped not-started',
  })
  t.deepEqual(details.window, { window: 10, connections: 1, bindMode: 'transceiver' })
  t.deepEqual(details.authentication, { account: 'rappel' })
  t.like(details['submit-parameters'], { shortCodeAddress: '3/0', destinationAddress: '1/1' })
  await simulator.when(({ sessions }) => sessions === 0)
  const audit = await place.api.call('GET', '/api/v1/audit')
  t.true(JSON.stringify(audit.body).includes('diagnose'))
})

test('a stopped UCP operator too', async t => {
  const simulator = await simulatorOf(t, {
    protocol: 'ucp',
    accounts: [{ systemId: '38001', password: 'secret' }],
  })
  const place = await placeOf(t, {
    protocol: 'ucp',
    config: { port: simulator.port, localAddress: '127.0.0.1' },
  })
  const { outcome, codes, details } = await place.diagnose()
  t.is(outcome, 'ok', JSON.stringify(codes))
  t.is(codes['source-address'], 'ok on-this-machine')
  t.is(codes.login, 'ok logged-in')
  t.is(codes['keep-alive'], 'ok keep-alive-answered')
  t.like(details['submit-parameters'], { accountAddress: '6/5', notificationTypes: 3, timeZone: 'UTC' })
})

test('a wrong password is told apart from an unknown account, with the word of the operator', async t => {
  const simulator = await simulatorOf(t)
  for (const [config, cause, status] of [
    [{ password: 'wrong' }, 'password', 'ESME_RINVPASWD'],
    [{ systemId: 'nobody' }, 'account', 'ESME_RINVSYSID'],
  ] as const) {
    const place = await placeOf(t, { config: { port: simulator.port, ...config } })
    const { outcome, codes, details } = await place.diagnose()
    t.is(outcome, 'failed')
    t.is(codes.login, 'failed login-refused')
    t.deepEqual(details.login, { status, cause })
    t.is(codes['keep-alive'], 'skipped earlier-step-failed')
  }
  const other = await simulatorOf(t, {
    protocol: 'ucp',
    accounts: [{ systemId: '38001', password: 'other' }],
  })
  const place = await placeOf(t, { protocol: 'ucp', config: { port: other.port } })
  t.deepEqual((await place.diagnose()).details.login, {
    status: 'EC 07 authentication failure',
    cause: 'password',
  })
})

test('another session of the account is named', async t => {
  const simulator = await simulatorOf(t, { faults: [{ fault: { kind: 'refuse-bind', status: 0x05 } }] })
  const place = await placeOf(t, { config: { port: simulator.port } })
  t.deepEqual((await place.diagnose()).details.login, { status: 'ESME_RALYBND', cause: 'already-bound' })
})

test('a port where nobody listens, a name that is none and a source address that is not here are told apart', async t => {
  const simulator = await startSimulator()
  const { port } = simulator
  await simulator.stop()
  const refused = await (await placeOf(t, { config: { port } })).diagnose()
  t.is(refused.codes.reachability, 'failed connect-refused')
  t.like(refused.details.reachability, { host: '127.0.0.1', port })
  t.is(refused.codes.login, 'skipped earlier-step-failed')
  const unknown = await (await placeOf(t, { config: { host: 'smsc.invalid', port } })).diagnose()
  t.is(unknown.codes.name, 'failed name-unknown')
  t.is(unknown.codes.reachability, 'skipped earlier-step-failed')
  const away = await (await placeOf(t, { config: { port, localAddress: '192.0.2.10' } })).diagnose()
  t.is(away.codes['source-address'], 'failed not-on-this-machine')
  t.is(away.codes.reachability, 'skipped earlier-step-failed')
  t.deepEqual(
    [refused, unknown, away].map(({ outcome }) => outcome),
    ['failed', 'failed', 'failed'],
  )
})

test('of two addresses, one that answers is enough', async t => {
  const simulator = await simulatorOf(t, {
    protocol: 'ucp',
    accounts: [{ systemId: '38001', password: 'secret' }],
  })
  const gone = await startSimulator()
  await gone.stop()
  const config = { port: simulator.port, secondaryHost: '127.0.0.1', secondaryPort: gone.port }
  const place = await placeOf(t, { protocol: 'ucp', config })
  const { codes } = await place.diagnose()
  t.is(codes.reachability, 'failed connect-refused')
  t.is(codes.login, 'ok logged-in')
})

test('a peer that says nothing, and one that closes, are told apart from a refusal', async t => {
  const silent = await placeOf(t, { config: { port: await rawPeer(t), bindSeconds: 0.5 } })
  t.is((await silent.diagnose()).codes.login, 'failed login-unanswered')
  const closing = await rawPeer(t, socket => socket.once('data', () => socket.end()))
  const closed = await placeOf(t, { protocol: 'ucp', config: { port: closing } })
  t.is((await closed.diagnose()).codes.login, 'failed login-closed')
})

test('TLS that the port does not speak fails as TLS', async t => {
  const port = await rawPeer(t, socket => socket.once('data', () => socket.end('220 hello\r\n')))
  const place = await placeOf(t, { config: { port, tls: {} } })
  const { codes, details } = await place.diagnose()
  t.is(codes.reachability, 'ok connected')
  t.is(codes.tls, 'failed tls-failed')
  t.regex(String(details.tls?.reason), /SSL|wrong version|ECONNRESET|closed/i)
  t.is(codes.login, 'skipped earlier-step-failed')
})

test('a keep-alive that is not answered fails; one that the operator does not know is a warning', async t => {
  const deaf = await simulatorOf(t, { faults: [{ fault: { kind: 'ignore-enquire-link' } }] })
  const place = await placeOf(t, { config: { port: deaf.port } })
  const { codes } = await place.diagnose()
  t.is(codes.login, 'ok logged-in')
  t.is(codes['keep-alive'], 'failed keep-alive-unanswered')
  const smsc = await scriptedUcp(t)
  const other = await placeOf(t, { protocol: 'ucp', config: { port: smsc.port } })
  const asked = other.diagnose()
  // The first connection only looks whether the port answers.
  await smsc.connection()
  const peer = await smsc.connection()
  await peer.acceptLogin()
  const alert = await peer.next('O', 31)
  peer.send(buildNack(31, alert.trn, 3))
  const report = await asked
  t.is(report.codes['keep-alive'], 'warning keep-alive-refused')
  t.is(report.outcome, 'warning')
})

test('where no login is needed, the keep-alive shows that an SMSC is there', async t => {
  const smsc = await scriptedUcp(t)
  const place = await placeOf(t, { protocol: 'ucp', config: { port: smsc.port, login: 'none' } })
  const asked = place.diagnose()
  await smsc.connection()
  const peer = await smsc.connection()
  const alert = await peer.next('O', 31)
  peer.send(buildAck(31, alert.trn, '0000'))
  const { outcome, codes } = await asked
  t.is(codes.authentication, 'ok no-login-needed')
  t.is(codes.login, 'ok no-login-needed')
  t.is(codes['keep-alive'], 'ok keep-alive-answered')
  t.is(outcome, 'ok')
})

test('what is delivered to the short session is asked for again later, never lost', async t => {
  const smsc = await scriptedSmpp(t)
  const place = await placeOf(t, { config: { port: smsc.port } })
  const asked = place.diagnose()
  await smsc.connection()
  const peer = await smsc.connection()
  await peer.acceptBind()
  deliver(peer, 7, { source: '22670000001', destination: '38001', shortMessage: Buffer.from('STOP') })
  const answer = await peer.next(command.deliverSmResp)
  t.is(answer.status, 0x64)
  const enquire = await peer.next(command.enquireLink)
  sendEmpty(peer, command.enquireLinkResp, enquire.sequence)
  const { details } = await asked
  t.deepEqual(details.login, { deliveriesLeftWaiting: 1 })
  const incoming = await place.api.call('GET', '/api/v1/incoming')
  t.is(incoming.body.messages.length, 0)
})

test('a running operator is looked at through its link: no second session, a real message, its receipt, its reply', async t => {
  const simulator = await simulatorOf(t, {
    accounts: [{ systemId: 'rappel', password: 'secret', maxSessions: 1 }],
  })
  const place = await placeOf(t, { config: { port: simulator.port }, isStarted: true })
  await bound(place)
  const connections = simulator.status().connections
  const asked = place.diagnose({ to: '70 00 00 09', replySeconds: 20 })
  await simulator.when(({ partsAccepted }) => partsAccepted === 1)
  await simulator.when(({ receiptsAcknowledged }) => receiptsAcknowledged === 1)
  t.true(await simulator.deliverIncoming({ from: '22670000009', to: '38001', text: 'OK' }))
  const { outcome, codes, details } = await asked
  t.is(outcome, 'ok', JSON.stringify(codes))
  t.is(codes.reachability, 'ok live-bound')
  t.is(codes.login, 'ok live-bound')
  t.is(codes['keep-alive'], 'skipped keep-alive-too-early')
  t.is(codes.submit, 'ok accepted')
  t.is(codes.receipt, 'ok delivered')
  t.is(codes.reply, 'ok reply-received')
  t.is(codes['reply-acknowledged'], 'ok after-storage')
  t.is(simulator.status().connections, connections)
  const message = await place.api.call('GET', `/api/v1/messages/${details.submit?.messageId}`)
  t.like(message.body, { recipient: '22670000009', state: 'delivered', category: 'transactional' })
  t.regex(simulator.received.parts()[0]!.text, /^Rappel \d\d:\d\d:\d\d UTC: message de test, test message/)
})

test('a test that the operator refuses, and one whose receipt does not come', async t => {
  const simulator = await simulatorOf(t, {
    receipts: { delayMs: [60_000, 60_000] },
    faults: [{ when: { recipientSuffix: '08' }, fault: { kind: 'refuse', status: 0x0b } }],
  })
  const place = await placeOf(t, { config: { port: simulator.port }, isStarted: true })
  await bound(place)
  const refused = await place.diagnose({ to: '70000008' })
  t.is(refused.codes.submit, 'failed submit-refused')
  t.is(refused.codes.receipt, 'skipped earlier-step-failed')
  const late = await place.diagnose({ to: '70000007', receiptSeconds: 1 })
  t.is(late.codes.submit, 'ok accepted')
  t.is(late.codes.receipt, 'warning no-receipt-yet')
  t.is(late.codes.reply, 'skipped not-asked-for')
  t.is(late.outcome, 'warning')
})

test('a running operator that is refused says why, and nothing is sent', async t => {
  const simulator = await simulatorOf(t)
  const place = await placeOf(t, { config: { port: simulator.port, password: 'wrong' }, isStarted: true })
  await bound(place, 'refused')
  const { codes, details } = await place.diagnose({ to: '70000001' })
  t.is(codes.reachability, 'ok connected')
  t.is(codes.login, 'failed live-refused')
  t.like(details.login, { status: 'ESME_RINVPASWD', cause: 'password' })
  t.is(codes.submit, 'skipped earlier-step-failed')
})

test('an operator that is started takes its account back; two diagnoses at once are refused', async t => {
  const asking = Promise.withResolvers<void>()
  const port = await rawPeer(t, socket => socket.once('data', () => asking.resolve()))
  const place = await placeOf(t, { config: { port, bindSeconds: 60 } })
  const asked = place.diagnose()
  await asking.promise
  const second = await place.api.call('POST', `${place.path}/diagnose`)
  t.is(second.status, 409)
  t.is(second.body.error.details.reason, 'diagnosis-in-progress')
  await place.api.call('POST', `${place.path}/start`)
  const { outcome, codes } = await asked
  t.is(codes.login, 'skipped interrupted')
  t.is(outcome, 'warning')
})

test('a number asks for the right to send, and must be one', async t => {
  const simulator = await simulatorOf(t)
  const place = await placeOf(t, { config: { port: simulator.port } })
  const key = await place.api.newKey(['operators:write'])
  const call = (body: unknown) => place.api.call('POST', `${place.path}/diagnose`, { body, key })
  t.is((await call({ to: '70000001' })).status, 403)
  t.is(
    (await place.api.call('POST', `${place.path}/diagnose`, { body: { to: '12' } })).body.error.code,
    'invalid-recipient',
  )
  t.is((await place.api.call('POST', '/api/v1/operators/99/diagnose')).status, 404)
  t.is((await call({ receiptSeconds: 301 })).status, 400)
})

test('settings worth a question are warnings', async t => {
  const simulator = await simulatorOf(t, { accounts: [{ systemId: 'rappel', password: 'more than eight' }] })
  const config = { port: simulator.port, password: 'more than eight', partsPerSecond: 0 }
  const { outcome, codes } = await (await placeOf(t, { config })).diagnose()
  t.is(outcome, 'warning')
  t.is(codes.throughput, 'warning unlimited')
  t.is(codes.authentication, 'warning long-password')
  t.is(codes.login, 'ok logged-in')
})
