import test from 'ava'
import { afterRefusal, type Refusal } from '../../server/gateway/outbox/refusal.ts'

const given = (fields: Partial<Refusal>): Refusal => ({
  refusal: 'temporary',
  attempts: 1,
  nowMs: 0,
  expiresAtMs: 48 * 3_600_000,
  alternativeId: null,
  ...fields,
})

test('a temporary refusal is tried again later and later', t => {
  const delays = [1, 2, 3, 4, 5, 6].map(attempts => afterRefusal(given({ attempts })))
  t.deepEqual(
    delays,
    [30_000, 120_000, 600_000, 1_800_000, 3_600_000, 3_600_000].map(dueAtMs => ({
      kind: 'retry',
      dueAtMs,
      countsAttempt: true,
    })),
  )
})

test('a temporary refusal at the twelfth attempt, or with no time left, is final', t => {
  t.is(afterRefusal(given({ attempts: 11 })).kind, 'retry')
  t.deepEqual(afterRefusal(given({ attempts: 12 })), { kind: 'refuse' })
  t.deepEqual(afterRefusal(given({ expiresAtMs: 30_000 })), { kind: 'refuse' })
  t.is(afterRefusal(given({ expiresAtMs: 30_001 })).kind, 'retry')
})

test('a refusal that the link is to blame for costs the message no attempt', t => {
  for (const refusal of ['link', 'throttle'] as const) {
    t.deepEqual(afterRefusal(given({ refusal, attempts: 500 })), {
      kind: 'retry',
      dueAtMs: 30_000,
      countsAttempt: false,
    })
  }
})

test('what no retry heals is refused, whatever other operator there is', t => {
  for (const refusal of ['permanent', 'invalid-recipient'] as const) {
    t.deepEqual(afterRefusal(given({ refusal, alternativeId: 2 })), { kind: 'refuse' })
  }
})

test('want of a route leads to the alternative, and to a refusal without one', t => {
  t.deepEqual(afterRefusal(given({ refusal: 'route', alternativeId: 2 })), { kind: 'reroute', operatorId: 2 })
  t.deepEqual(afterRefusal(given({ refusal: 'route' })), { kind: 'refuse' })
})

test('an attempt count that cannot be is taken as the first', t => {
  t.like(afterRefusal(given({ attempts: 0 })), { kind: 'retry', dueAtMs: 30_000 })
  t.like(afterRefusal(given({ attempts: -3 })), { kind: 'retry', dueAtMs: 30_000 })
})
