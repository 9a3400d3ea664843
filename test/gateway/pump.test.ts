import test from 'ava'
import { claimed, longText, pumpUnderTest } from './fake-link.ts'

const texts = (parts: readonly { text: string }[]): string[] => parts.map(part => part.text)
const numbers = (...given: number[]): string[] => given.map(number => `Rappel ${number}`)

test('what is claimed is submitted in order, as far as there is room, and each acceptance is settled', async t => {
  const under = pumpUnderTest()
  under.queue = [1, 2, 3].map(id => claimed(under.clock, id))
  under.room = 2
  under.pump.open()
  await under.settle()
  t.deepEqual(texts(under.submitted), numbers(1, 2))
  t.is(under.pump.ahead, 1)
  under.room = 1
  under.accept(...under.submitted)
  t.deepEqual(texts(under.submitted), numbers(1, 2, 3))
  t.deepEqual(
    under.settled.map(item => [item.kind, item.messageId]),
    [
      ['accepted', 1],
      ['accepted', 2],
    ],
  )
})

test('nothing is claimed before the link is bound, and an idle pump asks only when woken', async t => {
  const under = pumpUnderTest()
  under.room = 10
  under.pump.wake()
  await under.settle()
  t.is(under.claims.length, 0)
  under.pump.open()
  for (let capacities = 0; capacities < 100; capacities++) under.pump.proceed()
  await under.settle()
  t.is(under.claims.length, 1)
  for (let wakes = 0; wakes < 100; wakes++) under.pump.wake()
  await under.settle()
  // One under way, and one for what may have come meanwhile.
  t.true(under.claims.length <= 3)
})

test('no more is claimed than two windows, however many messages wait', async t => {
  const under = pumpUnderTest({ window: 10 })
  under.queue = Array.from({ length: 100 }, (_, index) => claimed(under.clock, index + 1))
  under.pump.open()
  await under.settle()
  t.is(under.pump.ahead, 20)
  t.is(under.queue.length, 80)
})

test('no more is claimed while too many outcomes wait for the store', async t => {
  const under = pumpUnderTest()
  under.backlog = 20_001
  under.pump.open()
  await under.settle()
  t.is(under.claims.length, 0)
  under.backlog = 0
  under.pump.proceed()
  await under.settle()
  t.is(under.claims.length, 1)
})

test('a claim that fails is tried again at the next tick and not at once', async t => {
  const under = pumpUnderTest()
  under.failClaims = new Error('disk full')
  under.pump.open()
  await under.settle()
  under.pump.proceed()
  await under.settle()
  t.is(under.claims.length, 1)
  under.failClaims = null
  under.queue = [claimed(under.clock, 1)]
  under.room = 1
  under.pump.wake()
  await under.settle()
  t.is(under.submitted.length, 1)
})

test('throttled parts take their old place again, in whatever pieces their answers come', async t => {
  const under = pumpUnderTest()
  under.queue = [1, 2, 3, 4, 5, 6, 7, 8].map(id => claimed(under.clock, id))
  under.room = 6
  under.pump.open()
  await under.settle()
  const [one, two, three, four, five, six] = under.submitted
  under.accept(one!)
  under.refuse('throttle', two!, three!)
  under.tell({ kind: 'unsent', partId: six!.partId })
  under.refuse('throttle', five!, four!)
  t.deepEqual(under.settled.length, 1)
  under.submitted.length = 0
  under.room = 10
  under.pump.proceed()
  t.deepEqual(texts(under.submitted), numbers(2, 3, 4, 5, 6, 7, 8))
})

test('when the link goes down what has not left is queued again once, without counting an attempt', async t => {
  const under = pumpUnderTest()
  under.queue = [1, 2, 3].map(id => claimed(under.clock, id))
  under.room = 1
  under.pump.open()
  await under.settle()
  under.lose('link-lost', under.submitted[0]!)
  under.pump.release()
  under.pump.release()
  t.deepEqual(
    under.settled.map(item => [item.kind, item.messageId]),
    [
      ['unknown', 1],
      ['retry', 2],
      ['retry', 3],
    ],
  )
  t.like(under.settled[1], { dueAtMs: null, countsAttempt: false })
  t.is(under.pump.ahead, 0)
})

test('a claim that ends after the link went down is given back', async t => {
  const under = pumpUnderTest()
  under.queue = [claimed(under.clock, 1)]
  const letGo = under.holdClaims()
  under.room = 10
  under.pump.open()
  under.pump.release()
  letGo()
  await under.settle()
  t.deepEqual(
    under.settled.map(item => [item.kind, item.messageId]),
    [['retry', 1]],
  )
  t.is(under.submitted.length, 0)
})

test('an answer that comes after the link was released is settled, a throttle then goes back to the queue', async t => {
  const under = pumpUnderTest()
  under.queue = [1, 2].map(id => claimed(under.clock, id))
  under.room = 2
  under.pump.open()
  await under.settle()
  under.pump.release()
  t.is(under.settled.length, 0)
  under.accept(under.submitted[0]!)
  under.refuse('throttle', under.submitted[1]!)
  t.deepEqual(
    under.settled.map(item => [item.kind, item.messageId]),
    [
      ['accepted', 1],
      ['retry', 2],
    ],
  )
})

test('stop waits for the claim under way and leaves nothing claimed', async t => {
  const under = pumpUnderTest()
  under.queue = [1, 2].map(id => claimed(under.clock, id))
  const letGo = under.holdClaims()
  under.room = 10
  under.pump.open()
  const stopped = under.pump.stop()
  letGo()
  await stopped
  t.is(under.settled.length, 2)
  under.pump.wake()
  await under.settle()
  t.is(under.claims.length, 1)
})

test('a message whose validity ends while it is claimed does not leave', async t => {
  const under = pumpUnderTest()
  under.queue = [
    claimed(under.clock, 1, { expiresAtMs: under.clock.nowMs() + 1_000 }),
    claimed(under.clock, 2),
  ]
  under.pump.open()
  await under.settle()
  await under.clock.advance(2_000)
  under.room = 10
  under.pump.proceed()
  t.deepEqual(texts(under.submitted), numbers(2))
  t.like(under.settled[0], { kind: 'retry', messageId: 1, reason: 'validity-over', countsAttempt: false })
  t.is(under.submitted[0]!.validitySeconds, 86_398)
})

test('a text that cannot be split is refused, and its neighbours leave', async t => {
  const under = pumpUnderTest()
  under.queue = [claimed(under.clock, 1, { partCount: 2, text: '漢字' }), claimed(under.clock, 2)]
  under.room = 10
  under.pump.open()
  await under.settle()
  t.like(under.settled[0], { kind: 'refused', messageId: 1, reason: 'text-refused' })
  t.deepEqual(texts(under.submitted), numbers(2))
})

test('a message with no part left to send does not stay in sending', async t => {
  const under = pumpUnderTest({ splitting: 'whole' })
  under.queue = [claimed(under.clock, 1, { text: longText, partCount: 3, acceptedParts: [1] })]
  under.room = 10
  under.pump.open()
  await under.settle()
  t.like(under.settled[0], { kind: 'refused', messageId: 1, reason: 'parts-changed' })
})

test('a late acceptance counts; a late refusal is followed while policy has not decided', async t => {
  const under = pumpUnderTest()
  under.queue = [1, 2, 3].map(id => claimed(under.clock, id))
  under.room = 3
  under.pump.open()
  await under.settle()
  const [one, two, three] = under.submitted
  under.lose('timeout', one!, two!, three!)
  under.settled.length = 0
  under.accept(one!)
  under.refuse('permanent', two!)
  await under.clock.advance(119_000)
  under.refuse('permanent', three!)
  under.accept(three!)
  t.deepEqual(
    under.settled.map(item => [item.kind, item.messageId]),
    [
      ['accepted', 1],
      ['refused', 2],
    ],
  )
})

test('the late answer of an earlier submission is not taken for the answer of the present one', async t => {
  const under = pumpUnderTest()
  under.queue = [claimed(under.clock, 1)]
  under.room = 1
  under.pump.open()
  await under.settle()
  under.lose('timeout', under.submitted[0]!)
  await under.clock.advance(150_000)
  under.queue = [claimed(under.clock, 1, { attempts: 2 })]
  under.room = 1
  under.pump.wake()
  await under.settle()
  under.settled.length = 0
  under.refuse('permanent', under.submitted[0]!)
  t.deepEqual(under.settled, [])
  under.accept(under.submitted[1]!)
  t.like(under.settled[0], { kind: 'accepted', messageId: 1 })
})

test('an outcome for a part that nobody submitted is passed over', async t => {
  const under = pumpUnderTest()
  under.tell({ kind: 'accepted', partId: 77, remoteId: 'x' }, { kind: 'unsent', partId: Number.NaN })
  await under.settle()
  t.deepEqual(under.settled, [])
})

test('an unanswered message has two minutes of grace; after the third time it waits for its validity to end', async t => {
  const under = pumpUnderTest()
  const nowMs = under.clock.nowMs()
  under.queue = [claimed(under.clock, 1), claimed(under.clock, 2, { attempts: 3 })]
  under.room = 2
  under.pump.open()
  await under.settle()
  under.lose('timeout', ...under.submitted)
  t.like(under.settled[0], { kind: 'unknown', graceUntilMs: nowMs + 120_000 })
  t.like(under.settled[1], { kind: 'unknown', graceUntilMs: nowMs + 86_400_000 })
})
