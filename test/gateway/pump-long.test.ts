/** Long messages in the pump: whatever their parts meet, the message is settled once and truly. */
import test from 'ava'
import { claimed, longText, type PumpUnderTest, pumpUnderTest } from './fake-link.ts'

async function threeParts(
  room: number,
  {
    alternativeId = null,
    acceptedParts = [],
  }: { alternativeId?: number | null; acceptedParts?: number[] } = {},
): Promise<PumpUnderTest> {
  const under = pumpUnderTest({}, alternativeId)
  under.queue = [claimed(under.clock, 1, { text: longText, partCount: 3, reference: 7, acceptedParts })]
  under.room = room
  under.pump.open()
  await under.settle()
  return under
}

const kinds = ({ settled }: PumpUnderTest): string[] => settled.map(item => item.kind)

test('the parts left are submitted, those accepted before are not', async t => {
  const under = await threeParts(10, { acceptedParts: [2] })
  t.deepEqual(
    under.submitted.map(part => [part.partNumber, part.partCount, part.reference]),
    [
      [1, 3, 7],
      [3, 3, 7],
    ],
  )
  under.accept(...under.submitted)
  t.deepEqual(kinds(under), ['accepted', 'accepted'])
  t.like(under.settled[0], { submittedParts: 3 })
})

test('a part refused for a while waits for the answers of the others before the message is queued again', async t => {
  const under = await threeParts(3)
  const [one, two, three] = under.submitted
  under.refuse('temporary', one!)
  under.accept(two!)
  t.deepEqual(kinds(under), ['accepted'])
  under.accept(three!)
  t.deepEqual(kinds(under), ['accepted', 'accepted', 'retry'])
  t.like(under.settled[2], { dueAtMs: under.clock.nowMs() + 5_000, countsAttempt: true })
})

test('after a refusal for good the parts that wait do not leave', async t => {
  const under = await threeParts(1)
  under.refuse('permanent', under.submitted[0]!)
  under.room = 10
  under.pump.proceed()
  t.is(under.submitted.length, 1)
  t.deepEqual(kinds(under), ['refused'])
})

test('an unknown part outweighs a retry, a refusal for good outweighs both', async t => {
  const unknown = await threeParts(3)
  unknown.refuse('temporary', unknown.submitted[0]!)
  unknown.lose('link-lost', unknown.submitted[1]!)
  unknown.refuse('throttle', unknown.submitted[2]!)
  t.deepEqual(kinds(unknown), ['unknown'])
  const refused = await threeParts(3)
  refused.lose('timeout', refused.submitted[0]!)
  refused.refuse('permanent', refused.submitted[1]!)
  refused.refuse('temporary', refused.submitted[2]!)
  t.deepEqual(kinds(refused), ['refused'])
})

test('released with a part in flight, the message is queued again only after its answer', async t => {
  const under = await threeParts(1)
  under.pump.release()
  t.deepEqual(kinds(under), [])
  under.accept(under.submitted[0]!)
  t.deepEqual(kinds(under), ['accepted', 'retry'])
})

test('throttled parts of a message that failed meanwhile do not leave again', async t => {
  const under = await threeParts(3)
  under.refuse('permanent', under.submitted[0]!)
  under.refuse('throttle', under.submitted[1]!, under.submitted[2]!)
  under.room = 10
  under.pump.proceed()
  t.is(under.submitted.length, 3)
  t.deepEqual(kinds(under), ['refused'])
})

test('without a route the whole message goes to the other operator, but not half of one', async t => {
  const whole = await threeParts(3, { alternativeId: 2 })
  whole.refuse('route', ...whole.submitted)
  t.deepEqual(kinds(whole), ['reroute'])
  const half = await threeParts(3, { alternativeId: 2 })
  half.accept(half.submitted[0]!)
  half.refuse('route', half.submitted[1]!, half.submitted[2]!)
  t.deepEqual(kinds(half), ['accepted', 'retry'])
})
