import test from 'ava'
import { afterRefusal, type Refusal } from '../../server/gateway/outbox/refusal.ts'
import {
  leastDelaySeconds,
  retryPolicyProblems,
  usualRetryPolicy,
} from '../../server/gateway/outbox/retry-policy.ts'

const given = (fields: Partial<Refusal>): Refusal => ({
  refusal: 'temporary',
  attempts: 1,
  nowMs: 0,
  expiresAtMs: 48 * 3_600_000,
  retryingSinceMs: null,
  alternativeId: null,
  policy: usualRetryPolicy,
  chance: 0,
  ...fields,
})

test('a temporary refusal is tried again at once, after 30 s, and 30 s later each time', t => {
  const delays = [1, 2, 3, 4, 19].map(attempts => afterRefusal(given({ attempts })))
  t.deepEqual(
    delays,
    [5_000, 30_000, 60_000, 90_000, 540_000].map(dueAtMs => ({
      kind: 'retry',
      dueAtMs,
      countsAttempt: true,
    })),
  )
})

test('a temporary refusal at the last attempt, or with no time left, is final', t => {
  t.is(afterRefusal(given({ attempts: 19 })).kind, 'retry')
  t.deepEqual(afterRefusal(given({ attempts: 20 })), { kind: 'refuse' })
  t.deepEqual(afterRefusal(given({ expiresAtMs: 5_000 })), { kind: 'refuse' })
  t.is(afterRefusal(given({ expiresAtMs: 5_001 })).kind, 'retry')
})

test('a message is tried again no longer than the policy has, counted from its first refusal', t => {
  const nowMs = 100_000_000
  const dayMs = 86_400_000
  for (const refusal of ['temporary', 'throttle'] as const) {
    const refused = { refusal, attempts: 2, nowMs, expiresAtMs: nowMs + 7 * dayMs }
    t.is(afterRefusal(given({ ...refused, retryingSinceMs: nowMs - dayMs + 60_000 })).kind, 'retry')
    t.is(afterRefusal(given({ ...refused, retryingSinceMs: nowMs - dayMs + 29_000 })).kind, 'refuse')
  }
})

test('chance makes a delay longer, by a fifth at most, and never shorter', t => {
  t.like(afterRefusal(given({ attempts: 2, chance: 0.5 })), { dueAtMs: 33_000 })
  t.like(afterRefusal(given({ attempts: 2, chance: 0.999_999 })), { dueAtMs: 36_000 })
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
  t.like(afterRefusal(given({ attempts: 0 })), { kind: 'retry', dueAtMs: 5_000 })
  t.like(afterRefusal(given({ attempts: -3 })), { kind: 'retry', dueAtMs: 5_000 })
})

test('a policy of its own decides; the shipped one has no problem', t => {
  const policy = {
    ...usualRetryPolicy,
    temporary: { delaysSeconds: [7, 11], maxAttempts: 4, maxAgeMinutes: 5 },
  }
  const dueAt = [1, 2, 3].map(attempts => afterRefusal(given({ policy, attempts })))
  t.deepEqual(
    dueAt.map(decision => decision.kind === 'retry' && decision.dueAtMs),
    [7_000, 11_000, 11_000],
  )
  t.is(afterRefusal(given({ policy, attempts: 4 })).kind, 'refuse')
  t.deepEqual(retryPolicyProblems(usualRetryPolicy), [])
  t.deepEqual(retryPolicyProblems(policy), [])
})

test('no policy can retry in a hot loop', t => {
  const hot = [0, -1, leastDelaySeconds - 1, 4.9, Number.NaN, Number.POSITIVE_INFINITY]
  for (const delay of hot) {
    const { temporary, throttle, link } = usualRetryPolicy
    const problems = retryPolicyProblems({
      ...usualRetryPolicy,
      temporary: { ...temporary, delaysSeconds: [30, delay] },
      throttle: { ...throttle, delaySeconds: delay },
      link: { ...link, delaySeconds: delay },
    })
    t.is(problems.length, 3, String(delay))
    t.true(problems[0]!.startsWith('temporary.delaysSeconds.1: '))
  }
  const empty = { ...usualRetryPolicy, temporary: { delaysSeconds: [], maxAttempts: 0, maxAgeMinutes: 0 } }
  t.is(retryPolicyProblems(empty).length, 3)
})
