/** Parts of incoming messages become whole ones, whatever their order and however often they come. */
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import type { Knex } from 'knex'
import type { IncomingPart } from '../../connectors/operator.ts'
import { assemble, closeOverdue, reassemblyTimeoutMs } from '../../server/store/inbound-assembly.ts'
import { inboundFigures, inboundTotals } from '../../server/store/inbound-counters.ts'
import { takeReady } from '../../server/store/inbound-handling.ts'
import { findIncoming, searchIncoming } from '../../server/store/inbound-messages.ts'
import { composeText, type PartSet, placePart } from '../../server/store/inbound-parts.ts'
import { repetitionMs } from '../../server/store/inbound-repetitions.ts'
import { type Doubt, storeIncoming } from '../../server/store/incoming.ts'
import type { FakeClock } from '../support/fake-clock.ts'
import { sqliteTest, storeTest } from '../support/store.ts'

type Part = Omit<IncomingPart, 'receiptToken'>

function part(text: string, extra: Partial<Part> = {}): Part {
  return {
    sender: '22670000001',
    recipient: '38001',
    encoding: 'gsm7',
    text,
    reference: null,
    partNumber: 1,
    partCount: 1,
    ...extra,
  }
}

const long = (text: string, partNumber: number, partCount: number, extra: Partial<Part> = {}): Part =>
  part(text, { reference: 7, partNumber, partCount, ...extra })

interface Place {
  knex: Knex
  clock: FakeClock
}

/** Stored as the operator delivered it, then looked at. */
function arrive(place: Place, ...parts: Part[]): Promise<void> {
  return arriveIn(place, undefined, ...parts)
}

/** As `arrive`, with what may not have been answered at that time. */
async function arriveIn({ knex, clock }: Place, doubt: Doubt | undefined, ...parts: Part[]): Promise<void> {
  const nowMs = clock.nowMs()
  await storeIncoming(
    knex,
    parts.map(one => ({ operatorId: 1, part: one, ...(doubt !== undefined && { doubt }) })),
    nowMs,
  )
  await assemble(knex, { nowMs, limit: 500 })
}

const texts = async ({ knex }: Place): Promise<string[]> =>
  (await takeReady(knex, 500)).map(({ text }) => text)

test('any order and repetition of parts gives the text once', t => {
  const rules = { timeoutMs: reassemblyTimeoutMs, lateMs: reassemblyTimeoutMs }
  fc.assert(
    fc.property(
      fc.array(fc.string({ minLength: 1, maxLength: 8 }), { minLength: 2, maxLength: 9 }),
      fc.array(fc.nat(), { maxLength: 30 }),
      fc.nat(),
      (pieces, more, seed) => {
        const numbers = [...pieces.map((_, index) => index), ...more.map(each => each % pieces.length)]
        const order = numbers
          .map((number, index) => ({ number, at: Math.sin(seed + index * 7.3) }))
          .sort((a, b) => a.at - b.at)
        const sets: (PartSet & {
          isOpen: boolean
          digests: Map<number, string>
          got: Map<number, string>
        })[] = []
        const whole: string[] = []
        order.forEach(({ number }, index) => {
          const partNumber = number + 1
          const digest = `${partNumber}:${pieces[number]}`
          const placement = placePart({ partNumber, digest, receivedAtMs: index }, sets, rules)
          if (placement.kind === 'duplicate') return
          if (placement.kind === 'begins') {
            sets.push({ isOpen: true, receivedAtMs: index, digests: new Map(), got: new Map() })
          }
          const set = placement.kind === 'begins' ? sets.at(-1)! : placement.set
          set.digests.set(partNumber, digest)
          set.got.set(partNumber, pieces[number]!)
          if (set.got.size < pieces.length) return
          set.isOpen = false
          whole.push(composeText(set.got, pieces.length).text)
        })
        t.deepEqual(whole, [pieces.join('').toWellFormed()])
        t.is(sets.length, 1)
      },
    ),
  )
})

test('gaps are marked once each and named', t => {
  const compose = (entries: [number, string][], count: number) => composeText(new Map(entries), count)
  t.deepEqual(
    compose(
      [
        [1, 'a'],
        [4, 'd'],
      ],
      5,
    ),
    { text: 'a[...]d[...]', missing: [2, 3, 5] },
  )
  t.deepEqual(
    compose(
      [
        [2, 'b'],
        [1, 'a'],
      ],
      2,
    ),
    { text: 'ab', missing: [] },
  )
})

storeTest('a short message is whole at once; its repetition by the operator is dropped', async (t, place) => {
  const lostAtMs = place.clock.nowMs()
  await arrive(place, part('NON'))
  await place.clock.advance(repetitionMs - 1)
  await arriveIn(place, { unansweredSinceMs: place.clock.nowMs(), lostAtMs }, part('NON'))
  t.deepEqual(await texts(place), ['NON'])
  const [message] = await searchIncoming(place.knex, { limit: 5 })
  const found = await findIncoming(place.knex, message!.incomingId)
  t.deepEqual(
    found?.parts.map(({ isDuplicate }) => isDuplicate),
    [false, true],
  )
  const totals = await inboundTotals(place.knex, { fromMs: 0, toMs: place.clock.nowMs() + 3_600_000 })
  t.deepEqual(
    totals.map(({ event, total }) => [event, total]),
    [
      ['duplicate', 1],
      ['part', 2],
      ['whole', 1],
    ],
  )
})

storeTest('the same answer minutes later, by another phone, number or operator, counts', async (t, place) => {
  await arrive(place, part('1'))
  await arrive(place, part('1', { sender: '22670000002' }), part('1', { recipient: '38002' }), part('2'))
  await place.clock.advance(repetitionMs)
  await arrive(place, part('1'))
  t.is((await texts(place)).length, 5)
})

storeTest('repetitions within one batch are dropped too', async (t, place) => {
  const doubt = { unansweredSinceMs: place.clock.nowMs(), lostAtMs: 0 }
  await arriveIn(place, doubt, part('1'), part('1'), part('2'), part('1'), part('1'))
  t.deepEqual(await texts(place), ['1', '2', '1'], 'the latest alone can be repeated')
})

storeTest('what was answered on a connection that stayed up is never a repetition', async (t, place) => {
  await arrive(place, part('1'))
  await place.clock.advance(1_200)
  const nowMs = place.clock.nowMs()
  await arriveIn(place, { unansweredSinceMs: nowMs, lostAtMs: nowMs - 5_000 }, part('1'))
  t.deepEqual(await texts(place), ['1', '1'])
})

storeTest(
  'another text, number or operator in between makes the same text another message',
  async (t, place) => {
    const doubt = { unansweredSinceMs: 0, lostAtMs: 0 }
    await arriveIn(place, doubt, part('1'))
    await arriveIn(place, doubt, part('9', { recipient: '38002' }))
    await arriveIn(place, doubt, part('1'))
    await arriveIn(place, doubt, part('1'), part('1', { sender: '22670000002' }), part('1'))
    t.deepEqual(await texts(place), ['1', '9', '1', '1'])
  },
)

sqliteTest(
  'no wish of a phone is dropped, whatever is in doubt and however often it came',
  async (t, place) => {
    const { knex, clock } = place
    let runs = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            text: fc.constantFrom('STOP', 'START', 'Oui', 'arrêt', '1'),
            apartMs: fc.constantFrom(0, 1, 1_200, repetitionMs),
            doubtMs: fc.constantFrom(null, 0, 60_000, 10_000_000),
            endsBatch: fc.boolean(),
          }),
          { minLength: 1, maxLength: 12 },
        ),
        async written => {
          runs += 1
          const sender = `2267${runs.toString().padStart(7, '0')}`
          for (const { text, apartMs, doubtMs, endsBatch } of written) {
            await clock.advance(apartMs)
            const nowMs = clock.nowMs()
            const doubt = {
              unansweredSinceMs: nowMs - (doubtMs ?? 0),
              lostAtMs: doubtMs === null ? 0 : nowMs,
            }
            await storeIncoming(knex, [{ operatorId: 1, part: part(text, { sender }), doubt }], nowMs)
            if (endsBatch) await assemble(knex, { nowMs, limit: 500 })
          }
          await assemble(knex, { nowMs: clock.nowMs(), limit: 500 })
          const known = (await takeReady(knex, 10_000)).filter(message => message.sender === sender)
          const isWish = (text: string): boolean => text !== '1'
          t.deepEqual(
            known.map(({ text }) => text).filter(isWish),
            written.map(({ text }) => text).filter(isWish),
          )
        },
      ),
      { numRuns: 40 },
    )
  },
)

storeTest("a wish of before, by the operator's own time, does not undo a later one", async (t, place) => {
  const sentAtMs = place.clock.nowMs()
  await arrive(place, part('START', { sentAtMs }))
  await arrive(place, part('STOP', { sentAtMs: sentAtMs + 2_000 }))
  await place.clock.advance(61_000)
  await arrive(place, part('START', { sentAtMs }))
  t.deepEqual(await texts(place), ['START', 'STOP'])
  await arrive(place, part('START', { sentAtMs: sentAtMs + 60_000 }))
  await arrive(place, part('STOP', { sentAtMs: sentAtMs + 60_000 }))
  await arrive(place, part('START', { sentAtMs: sentAtMs + 60_000 }))
  t.deepEqual((await texts(place)).slice(2), ['START', 'STOP', 'START'], 'all within one second')
})

storeTest("the operator's own time decides where it is known", async (t, place) => {
  const sentAtMs = place.clock.nowMs()
  await arrive(place, part('1', { sentAtMs }), part('1', { sentAtMs: sentAtMs + 1_000 }))
  t.is((await texts(place)).length, 2, 'another second, another message')
  await place.clock.advance(3_600_000)
  await arrive(place, part('1', { sentAtMs }))
  t.is((await texts(place)).length, 2, 'the same second, however late')
})

storeTest('a long message: last part first, one twice, over several batches', async (t, place) => {
  await arrive(place, long('trois', 3, 3), long('un ', 1, 3))
  t.deepEqual(await texts(place), [])
  t.is((await inboundFigures(place.knex)).assembling, 1)
  await arrive(place, long('un ', 1, 3))
  await arrive(place, long('deux ', 2, 3))
  await arrive(place, long('deux ', 2, 3))
  t.deepEqual(await texts(place), ['un deux trois'])
  await place.clock.advance(reassemblyTimeoutMs)
  t.is(await closeOverdue(place.knex, { nowMs: place.clock.nowMs(), limit: 10 }), 0)
})

storeTest('sets of other phones, references, counts and operators stay apart', async (t, place) => {
  const other = { sender: '22670000002' }
  await arrive(place, long('a1', 1, 2), long('b2', 2, 2, other), long('c1', 1, 2, { reference: 8 }))
  await arrive(place, long('b1', 1, 2, other), long('c2', 2, 2, { reference: 8 }), long('a2', 2, 2))
  t.deepEqual((await texts(place)).sort(), ['a1a2', 'b1b2', 'c1c2'])
})

storeTest('a reference that is used again begins another message', async (t, place) => {
  await arrive(place, long('a1', 1, 2), long('a2', 2, 2), long('b1', 1, 2), long('b2', 2, 2))
  await place.clock.advance(reassemblyTimeoutMs)
  await arrive(place, long('a2', 2, 2), long('a1', 1, 2))
  t.deepEqual(await texts(place), ['a1a2', 'b1b2', 'a1a2'])
})

storeTest(
  'without a part the message comes after the timeout, its gap marked; a late part completes it',
  async (t, place) => {
    const { knex, clock } = place
    await arrive(place, long('un ', 1, 3), long('trois', 3, 3))
    await clock.advance(reassemblyTimeoutMs - 1)
    t.is(await closeOverdue(knex, { nowMs: clock.nowMs(), limit: 10 }), 0)
    await clock.advance(1)
    t.is(await closeOverdue(knex, { nowMs: clock.nowMs(), limit: 10 }), 1)
    const [ready] = await takeReady(knex, 10)
    t.like(ready, { text: 'un [...]trois', missingParts: [2] })
    await arrive(place, long('deux ', 2, 3))
    t.is((await takeReady(knex, 10)).length, 1, 'it is not a second message')
    t.like((await searchIncoming(knex, { limit: 5 }))[0], { text: 'un deux trois', missingParts: [] })
  },
)

storeTest('a character cut between two parts is whole again', async (t, place) => {
  const extra = { encoding: 'ucs2' } as const
  await arrive(place, long('oui \ud83d', 1, 2, extra), long('\ude00', 2, 2, extra))
  t.deepEqual(await texts(place), ['oui 😀'])
  await arrive(place, part('\ud83d seul', extra))
  t.deepEqual((await texts(place))[1], '\ufffd seul')
})

storeTest('a crash before the commit repeats the step and changes nothing', async (t, { knex, clock }) => {
  await storeIncoming(knex, [{ operatorId: 1, part: part('STOP') }], clock.nowMs())
  await t.throwsAsync(
    knex.transaction(async transaction => {
      await assemble(transaction as unknown as Knex, { nowMs: clock.nowMs(), limit: 10 })
      throw new Error('killed')
    }),
    { message: 'killed' },
  )
  t.is((await takeReady(knex, 10)).length, 0)
  await assemble(knex, { nowMs: clock.nowMs(), limit: 10 })
  await assemble(knex, { nowMs: clock.nowMs(), limit: 10 })
  t.is((await takeReady(knex, 10)).length, 1)
})

storeTest('hostile parts neither fail nor hold up the others', async (t, place) => {
  const { knex } = place
  await arrive(
    place,
    part('\0\ud800'),
    part('x'.repeat(100_000), { sender: 'y'.repeat(500) }),
    ...Array.from({ length: 40 }, (_, index) => long(`${index}`, 200, 255)),
    part('STOP'),
  )
  const found = await texts(place)
  t.is(found.at(-1), 'STOP')
  t.is(found.length, 3)
  await checkPartsOwned(t, knex)
})

async function checkPartsOwned(t: ExecutionContext, knex: Knex): Promise<void> {
  t.is((await knex('incoming_parts').whereNull('incoming_id')).length, 0)
}
