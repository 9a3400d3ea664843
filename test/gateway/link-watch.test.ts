import test from 'ava'
import type { BindStatus, LinkStatus } from '../../connectors/operator.ts'
import { createLinkWatch, createOperatorFigures } from '../../server/gateway/operator-figures.ts'

const bound: LinkStatus = {
  state: 'bound',
  sinceMs: 0,
  reason: '',
  inFlight: 0,
  window: 10,
  pausedUntilMs: 0,
  partsInLastSecond: 0,
  lastError: null,
  binds: [],
}
const bindOf = (name: string, fields: Partial<BindStatus> = {}): BindStatus => ({
  name,
  state: 'bound',
  sinceMs: 0,
  reason: '',
  inFlight: 0,
  submitted: 0,
  reconnects: 0,
  ...fields,
})
const told = (changes: { event: string; bind: string; detail: string }[]): string[] =>
  changes.map(({ event, bind, detail }) => [event, bind, detail].filter(word => word !== '').join(' '))

test('up, down, refused and up again are told once each', t => {
  const watch = createLinkWatch()
  const lost: LinkStatus = { ...bound, state: 'waiting', reason: 'the peer closed the connection' }
  t.deepEqual(told(watch({ ...bound, state: 'connecting' }, 0)), [])
  t.deepEqual(told(watch({ ...bound, state: 'binding' }, 0)), [])
  t.deepEqual(told(watch(bound, 0)), ['up'])
  t.deepEqual(told(watch(bound, 1)), [])
  t.deepEqual(told(watch(lost, 2)), ['down the peer closed the connection'])
  t.deepEqual(told(watch({ ...bound, state: 'connecting' }, 3)), [])
  t.deepEqual(told(watch(lost, 4)), [])
  const refused: LinkStatus = { ...bound, state: 'refused', reason: 'bind refused: ESME_RINVPASWD' }
  t.deepEqual(told(watch(refused, 5)), ['refused bind refused: ESME_RINVPASWD'])
  t.deepEqual(told(watch(bound, 6)), ['up'])
  t.deepEqual(told(watch({ ...bound, state: 'draining' }, 7)), [])
})

test('an operator that never answers is told to be down, once', t => {
  const watch = createLinkWatch()
  const waiting: LinkStatus = { ...bound, state: 'waiting', reason: 'connect ECONNREFUSED' }
  t.deepEqual(told(watch(waiting, 0)), ['down connect ECONNREFUSED'])
  t.deepEqual(told(watch(waiting, 60_000)), [])
})

test('pauses of one minute are one event', t => {
  const watch = createLinkWatch()
  watch(bound, 0)
  const paused = (untilMs: number): LinkStatus => ({ ...bound, pausedUntilMs: untilMs })
  t.deepEqual(told(watch(paused(1_000), 0)), ['throttled no submit until 1970-01-01T00:00:01.000Z'])
  t.deepEqual(told(watch(paused(1_000), 500)), [])
  t.deepEqual(told(watch(paused(3_000), 1_500)), [])
  t.deepEqual(told(watch(paused(62_000), 61_000)), ['throttled no submit until 1970-01-01T00:01:02.000Z'])
})

test('one connection of several is told by itself, also when it was back before anybody looked', t => {
  const watch = createLinkWatch()
  const of = (...binds: BindStatus[]): LinkStatus => ({ ...bound, binds })
  const [one, two] = [bindOf('transceiver 1'), bindOf('transceiver 2')]
  t.deepEqual(told(watch(of(one, two), 0)), ['up', 'bind-up transceiver 1', 'bind-up transceiver 2'])
  const lost = bindOf('transceiver 2', { state: 'waiting', reason: 'cut' })
  t.deepEqual(told(watch(of(one, lost), 1)), ['bind-down transceiver 2 cut'])
  t.deepEqual(told(watch(of(one, bindOf('transceiver 2', { reconnects: 1 })), 2)), ['bind-up transceiver 2'])
  t.deepEqual(
    told(
      watch(of(bindOf('transceiver 1', { reconnects: 1 }), bindOf('transceiver 2', { reconnects: 1 })), 3),
    ),
    ['bind-down transceiver 1', 'bind-up transceiver 1'],
  )
})

test('outcomes and receipts are counted by what they mean', t => {
  const figures = createOperatorFigures()
  figures.addOutcomes([
    { kind: 'accepted', partId: 1, remoteId: 'A' },
    { kind: 'refused', partId: 2, status: 0x58, statusName: 'ESME_RTHROTTLED', refusal: 'throttle' },
    { kind: 'unknown', partId: 3, reason: 'timeout' },
    { kind: 'unsent', partId: 4 },
  ])
  figures.addIncoming(2)
  t.like(figures.totals, { accepted: 1, unsent: 1, incomingParts: 2 })
  t.is(figures.totals.refused.throttle, 1)
  t.is(figures.totals.unknown.timeout, 1)
})
