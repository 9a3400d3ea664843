import { createServer, Socket } from 'node:net'
import test from 'ava'
import { systemClock } from '../../../connectors/clock.ts'
import { isLocalAddress, probe, resolveHost } from '../../../connectors/operators/probe.ts'
import { openSocket } from '../../../connectors/operators/socket.ts'
import { fakeClock } from '../../support/fake-clock.ts'

const context = { timeoutMs: 5_000, clock: systemClock }

/** A socket that fails as the system says. */
function failing(code: string) {
  const error = Object.assign(new Error(`connect ${code}`), { code })
  return () => ({ socket: new Socket().destroy(error), readyEvent: 'connect' }) as const
}

test('a port that listens is connected to and left at once', async t => {
  const server = createServer()
  const left = new Promise<void>(resolve =>
    server.once('connection', socket => socket.once('close', () => resolve()).resume()),
  )
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  const target = { host: '127.0.0.1', port, localAddress: '127.0.0.1' }
  t.is((await probe(() => openSocket(target), context)).kind, 'connected')
  await left
})

test('a port where nobody listens refuses', async t => {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise(resolve => server.close(resolve))
  t.is((await probe(() => openSocket({ host: '127.0.0.1', port }), context)).kind, 'refused')
})

test('a peer that does not answer is given up when the time is over', async t => {
  const clock = fakeClock()
  const probed = probe(() => ({ socket: new Socket(), readyEvent: 'connect' }), { timeoutMs: 10_000, clock })
  await clock.advance(9_999)
  t.is(clock.pending(), 1)
  await clock.advance(1)
  t.deepEqual(await probed, { kind: 'no-answer' })
  t.is(clock.pending(), 0)
})

for (const [code, kind] of [
  ['EHOSTUNREACH', 'unreachable'],
  ['ENETUNREACH', 'unreachable'],
  ['ETIMEDOUT', 'no-answer'],
  ['EADDRNOTAVAIL', 'source-address'],
  ['ECONNRESET', 'failed'],
] as const) {
  test(`${code} is told as ${kind}`, async t => {
    t.is((await probe(failing(code), context)).kind, kind)
  })
}

test('a probe ends with its signal', async t => {
  const controller = new AbortController()
  const open = () => ({ socket: new Socket(), readyEvent: 'connect' }) as const
  const probed = probe(open, { ...context, signal: controller.signal })
  controller.abort()
  t.deepEqual(await probed, { kind: 'aborted' })
  t.deepEqual(await probe(open, { ...context, signal: controller.signal }), { kind: 'aborted' })
})

test('an impossible address is an outcome, not an exception', async t => {
  const target = { host: '127.0.0.1', port: 1, localAddress: 'nonsense' }
  t.is((await probe(() => openSocket(target), context)).kind, 'failed')
})

test('names, addresses and what is no name are told apart', async t => {
  t.deepEqual(await resolveHost('192.0.2.1'), { kind: 'address' })
  t.is((await resolveHost('localhost')).kind, 'resolved')
  t.is((await resolveHost('smsc.invalid')).kind, 'unknown')
  t.true(isLocalAddress('127.0.0.1'))
  t.false(isLocalAddress('192.0.2.10'))
})
