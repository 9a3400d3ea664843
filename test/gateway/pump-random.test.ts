/** Whatever a link answers, in whatever order: each claim of a message ends in exactly one way, and no part twice. */
import test from 'ava'
import fc from 'fast-check'
import type { OutgoingPart, RefusalClass } from '../../connectors/operator.ts'
import { claimed, longText, pumpUnderTest } from './fake-link.ts'

const step = fc.oneof(
  fc.record({ kind: fc.constant('room' as const), room: fc.integer({ min: 1, max: 8 }) }),
  fc.record({ kind: fc.constant('accept' as const), index: fc.nat(20) }),
  fc.record({ kind: fc.constant('lose' as const), index: fc.nat(20) }),
  fc.record({ kind: fc.constant('unsent' as const), index: fc.nat(20) }),
  fc.record({
    kind: fc.constant('refuse' as const),
    index: fc.nat(20),
    refusal: fc.constantFrom<RefusalClass>('permanent', 'temporary', 'throttle', 'link', 'route'),
  }),
  fc.constant({ kind: 'down' as const }),
  fc.constant({ kind: 'up' as const }),
)

test('a claimed message is always settled, once, and a part leaves again only after it came back', async t => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async steps => {
      const under = pumpUnderTest({ window: 8 }, 2)
      const partsOf = (id: number): number => (id % 3 === 0 ? 3 : 1)
      under.queue = Array.from({ length: 9 }, (_, index) =>
        claimed(under.clock, index + 1, {
          partCount: partsOf(index + 1),
          ...(partsOf(index + 1) === 3 && { text: longText }),
        }),
      )
      const open: OutgoingPart[] = []
      const noteSubmitted = (): void => {
        for (const part of under.submitted.splice(0)) {
          t.false(open.includes(part), 'a part in flight was submitted again')
          open.push(part)
        }
      }
      under.pump.open()
      await under.settle()
      noteSubmitted()
      for (const action of steps) {
        if (action.kind === 'room') {
          under.room = action.room
          under.pump.proceed()
        } else if (action.kind === 'down') under.pump.release()
        else if (action.kind === 'up') under.pump.open()
        else {
          const [part] = open.splice(action.index % Math.max(open.length, 1), 1)
          if (part === undefined) continue
          if (action.kind === 'accept') under.accept(part)
          else if (action.kind === 'lose') under.lose('timeout', part)
          else if (action.kind === 'unsent') under.tell({ kind: 'unsent', partId: part.partId })
          else under.refuse(action.refusal, part)
        }
        await under.settle()
        noteSubmitted()
      }
      // The end: everything in flight is answered, what waits is given back.
      const stopped = under.pump.stop()
      await under.settle()
      await stopped
      noteSubmitted()
      under.accept(...open)
      const left = new Set(under.queue.map(message => message.messageId))
      for (let id = 1; id <= 9; id++) {
        const items = under.settled.filter(item => item.messageId === id)
        const accepted = items.filter(item => item.kind === 'accepted').map(item => item.partNumber)
        const others = items.filter(item => item.kind !== 'accepted')
        t.is(new Set(accepted).size, accepted.length, 'a part was accepted twice')
        if (left.has(id)) t.is(items.length, 0)
        else if (accepted.length === partsOf(id)) t.is(others.length, 0)
        else t.is(others.length, 1, `message ${id} of ${partsOf(id)} parts: ${JSON.stringify(items)}`)
      }
    }),
    { numRuns: 200 },
  )
})
