/** Rules and the state of the operators together: who carries a message now. */
import test from 'ava'
import {
  createRouting,
  type RoutableMessage,
  type Standing,
} from '../../../server/gateway/routing/routing.ts'
import { usualRoutePolicy } from '../../../server/store/routes.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { rulesTo } from '../../support/rules.ts'

const minuteMs = 60_000

function routingUnderTest() {
  const clock = fakeClock()
  const standings = new Map<number, Standing>()
  const routing = createRouting({
    clock,
    standingOf: operatorId => standings.get(operatorId) ?? { state: 'bound' },
  })
  const message: RoutableMessage = {
    recipient: '22670000001',
    sender: null,
    category: 'reminder',
    dueAtMs: clock.nowMs(),
  }
  const down = (operatorId: number): void => {
    standings.set(operatorId, { state: 'down', sinceMs: clock.nowMs() })
  }
  return { clock, standings, routing, message, down }
}

test('a bind that is down keeps its messages for as many minutes as are set', async t => {
  const { clock, routing, message, down } = routingUnderTest()
  routing.set({ ...rulesTo([1, 2]), fallbackAfterMinutes: 2 }, [])
  t.is(routing.firstFor(message), 1)
  down(1)
  t.is(routing.firstFor(message), 1)
  await clock.advance(2 * minuteMs - 1)
  t.is(routing.firstFor(message), 1)
  t.false(routing.isLongDown(1))
  await clock.advance(1)
  t.is(routing.firstFor(message), 2)
  t.true(routing.isLongDown(1))
  routing.set({ ...rulesTo([1, 2]), fallbackAfterMinutes: 60 }, [])
  t.is(routing.firstFor(message), 1)
})

test('an operator that nobody started is passed over at once, one that restarts is not', t => {
  const { clock, standings, routing, message } = routingUnderTest()
  routing.set(rulesTo([1, 2]), [])
  standings.set(1, { state: 'stopped', sinceMs: clock.nowMs() })
  t.is(routing.firstFor(message), 2)
  standings.set(1, { state: 'restarting' })
  t.is(routing.firstFor(message), 1)
})

test('with none usable the message waits for the first', async t => {
  const { clock, routing, message, down } = routingUnderTest()
  routing.set(rulesTo([1, 2]), [])
  down(1)
  down(2)
  await clock.advance(10 * minuteMs)
  t.is(routing.firstFor(message), 1)
  t.like(routing.wayOf({ ...message, atMs: clock.nowMs() }), { operatorId: 1, why: 'none-usable' })
})

test('for want of a route a message goes down the ranking only; a second try may go up', t => {
  const { routing, message } = routingUnderTest()
  routing.set(rulesTo([1, 2, 3]), [])
  t.is(routing.nextFor(message, 1), 2)
  t.is(routing.nextFor(message, 2), 3)
  t.is(routing.nextFor(message, 3), null)
  t.is(routing.otherFor(message, 3), 1)
  t.is(routing.otherFor(message, 1), 2)
  t.is(routing.boundFor(message, 1), 2)
})

test('a message for later goes by the rules of its hour', t => {
  const { clock, routing, message } = routingUnderTest()
  const [everything] = rulesTo([2]).rules
  // The clock stands at nine in the morning.
  const night = { days: [1, 2, 3, 4, 5, 6, 7], from: '20:00', to: '06:00', zone: 'Africa/Ouagadougou' }
  const [byNight] = rulesTo([1], { hours: night }).rules
  routing.set({ ...usualRoutePolicy, rules: [byNight!, everything!] }, [])
  t.is(routing.firstFor(message), 2)
  t.is(routing.firstFor({ ...message, dueAtMs: clock.nowMs() + 12 * 60 * minuteMs }), 1)
  t.is(routing.firstFor({ ...message, dueAtMs: clock.nowMs() - 12 * 60 * minuteMs }), 2)
})

test('the way of a number names its place, its entry, every rule and every operator', async t => {
  const { clock, routing, message, down } = routingUnderTest()
  routing.set(rulesTo([1, 2], { countries: ['BF'] }), [])
  routing.overrides.put({ number: message.recipient, network: null, operatorId: 2 })
  down(2)
  await clock.advance(6 * minuteMs)
  const way = routing.wayOf({ ...message, atMs: clock.nowMs() })
  t.like(way, { operatorId: 1, why: 'fallback', override: { operatorId: 2 }, place: { country: 'BF' } })
  t.deepEqual(
    way.ranking.map(({ operatorId, isUsable }) => [operatorId, isUsable]),
    [
      [2, false],
      [1, true],
    ],
  )
  t.is(routing.wayOf({ ...message, recipient: '33612345678', atMs: 0 }).why, 'no-rule')
})
