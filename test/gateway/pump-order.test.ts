/** Order to one phone, and contracts at the moment of leaving. */
import test from 'ava'
import { claimed, pumpUnderTest } from './fake-link.ts'

const phone = '22670000001'
const texts = (parts: readonly { text: string }[]): string[] => parts.map(part => part.text)

test('messages to one phone leave one after the other, those to other phones do not wait', async t => {
  const under = pumpUnderTest()
  under.queue = [
    claimed(under.clock, 1, { recipient: phone }),
    claimed(under.clock, 2, { recipient: phone }),
    claimed(under.clock, 3),
    claimed(under.clock, 4, { recipient: phone }),
  ]
  under.room = 10
  under.pump.open()
  await under.settle()
  t.deepEqual(texts(under.submitted), ['Rappel 1', 'Rappel 3'])
  t.is(under.pump.ahead, 2)
  under.accept(under.submitted[0]!)
  t.deepEqual(texts(under.submitted), ['Rappel 1', 'Rappel 3', 'Rappel 2'])
  under.accept(under.submitted[2]!)
  t.is(under.submitted.at(-1)!.text, 'Rappel 4')
  t.is(under.pump.ahead, 0)
})

test('other jobs and priorities do not wait behind each other', async t => {
  const under = pumpUnderTest()
  under.queue = [
    claimed(under.clock, 1, { recipient: phone, priority: 'bulk' }),
    claimed(under.clock, 2, { recipient: phone, priority: 'express' }),
    claimed(under.clock, 3, { recipient: phone, priority: 'bulk', job: 7 }),
  ]
  under.room = 10
  under.pump.open()
  await under.settle()
  t.is(under.submitted.length, 3)
})

test('what was claimed behind a message that is tried again goes back once, keeping its place and attempt', async t => {
  const under = pumpUnderTest()
  const second = claimed(under.clock, 2, { recipient: phone })
  const third = claimed(under.clock, 3, { recipient: phone })
  under.queue = [claimed(under.clock, 1, { recipient: phone }), second]
  under.room = 10
  under.pump.open()
  await under.settle()
  under.refuse('temporary', under.submitted[0]!)
  // Claimed before the store knew of the refusal.
  under.queue = [third]
  under.pump.wake()
  await under.settle()
  t.deepEqual(texts(under.submitted), ['Rappel 1'])
  t.like(under.settled[0], { kind: 'retry', messageId: 1, countsAttempt: true, holdsBack: true })
  for (const [index, messageId] of [
    [1, 2],
    [2, 3],
  ] as const) {
    t.deepEqual(under.settled[index], {
      kind: 'retry',
      messageId,
      atMs: under.clock.nowMs(),
      dueAtMs: null,
      reason: 'behind-a-retry',
      countsAttempt: false,
    })
  }
  // Claimed once more: the store knows better, for example that the first one was cancelled.
  under.queue = [second]
  under.pump.wake()
  await under.settle()
  t.deepEqual(texts(under.submitted), ['Rappel 1', 'Rappel 2'])
})

test('a message that is over, whatever its end, frees those behind it', async t => {
  for (const end of ['permanent', 'timeout'] as const) {
    const under = pumpUnderTest()
    under.queue = [1, 2].map(id => claimed(under.clock, id, { recipient: phone }))
    under.room = 10
    under.pump.open()
    await under.settle()
    if (end === 'permanent') under.refuse(end, under.submitted[0]!)
    else under.lose(end, under.submitted[0]!)
    t.deepEqual(texts(under.submitted), ['Rappel 1', 'Rappel 2'], end)
  }
})

test('when the link goes down what waits behind a phone goes back as well', async t => {
  const under = pumpUnderTest()
  under.queue = [1, 2, 3].map(id => claimed(under.clock, id, { recipient: phone }))
  under.room = 1
  under.pump.open()
  await under.settle()
  under.room = 1
  under.pump.proceed()
  under.pump.release()
  t.is(under.pump.ahead, 0)
  t.deepEqual(
    under.settled.map(item => [item.kind, item.messageId]),
    [
      ['retry', 2],
      ['retry', 3],
    ],
  )
})

test('a flood to one phone takes a bounded number of claims', async t => {
  const under = pumpUnderTest({ window: 10 })
  under.queue = Array.from({ length: 500 }, (_, index) =>
    claimed(under.clock, index + 1, { recipient: phone }),
  )
  under.room = 1_000
  under.pump.open()
  for (let turns = 0; turns < 50; turns += 1) {
    under.pump.wake()
    await under.settle()
  }
  t.is(under.submitted.length, 1)
  t.true(under.pump.ahead <= 80)
  while (under.submitted.length < 500) {
    under.accept(under.submitted.at(-1)!)
    await under.settle()
  }
  t.deepEqual(
    texts(under.submitted),
    Array.from({ length: 500 }, (_, index) => `Rappel ${index + 1}`),
  )
})

test('a sender that the contract replaces is what the phone is shown, and the time line tells', async t => {
  const under = pumpUnderTest()
  under.terms = { kind: 'allowed', sender: '36180', isReplaced: true, within: null }
  under.queue = [claimed(under.clock, 1, { sender: 'MAISON' })]
  under.room = 1
  under.pump.open()
  await under.settle()
  t.is(under.submitted[0]!.sender, '36180')
  under.accept(under.submitted[0]!)
  t.like(
    under.settled.find(item => item.kind === 'note'),
    { event: 'sender-replaced', detail: 'MAISON is not in the contract: sent as 36180' },
  )
})

test('what the contract refuses never leaves; what is outside its hours waits for them', async t => {
  const under = pumpUnderTest()
  under.room = 10
  under.terms = { kind: 'refused', reason: 'sender-not-in-contract', detail: '' }
  under.queue = [claimed(under.clock, 1)]
  under.pump.open()
  await under.settle()
  t.like(under.settled[0], { kind: 'refused', reason: 'sender-not-in-contract' })

  // The clock stands on Monday 2027-01-04, 09:00 UTC.
  const hours = { days: [1], from: '09:00', to: '09:30', skipHolidays: false, pauses: [] }
  const within = { hours, zone: 'UTC', isHoliday: () => false }
  under.terms = { kind: 'allowed', sender: '36180', isReplaced: false, within }
  under.queue = [claimed(under.clock, 2), claimed(under.clock, 3)]
  under.room = 1
  under.pump.wake()
  await under.settle()
  t.deepEqual(texts(under.submitted), ['Rappel 2'])
  // It was ready when the window closed.
  await under.clock.advance(30 * 60_000)
  under.room = 1
  under.pump.wake()
  await under.settle()
  t.is(under.submitted.length, 1)
  t.like(under.settled.at(-1), { kind: 'retry', messageId: 3, dueAtMs: null, reason: 'tranche-hours' })
  under.queue = [claimed(under.clock, 3)]
  under.pump.wake()
  await under.settle()
  t.like(under.settled.at(-1), {
    kind: 'retry',
    messageId: 3,
    dueAtMs: Date.UTC(2027, 0, 11, 9),
    reason: 'tranche-hours',
    countsAttempt: false,
  })
  t.is(under.submitted.length, 1)
})

test('throttled parts are tried for as long as the policy has', async t => {
  const under = pumpUnderTest()
  under.queue = [claimed(under.clock, 1, { expiresAtMs: under.clock.nowMs() + 7 * 86_400_000 })]
  under.room = 1
  under.pump.open()
  await under.settle()
  under.refuse('throttle', under.submitted[0]!)
  t.deepEqual(under.settled, [])
  await under.clock.advance(86_400_000)
  under.room = 1
  under.pump.proceed()
  under.refuse('throttle', under.submitted[1]!)
  t.like(under.settled[0], { kind: 'refused', messageId: 1, reason: 'throttle' })
})
