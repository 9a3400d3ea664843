import test from 'ava'
import fc from 'fast-check'
import { createLoadSharing } from '../../../../connectors/operators/smpp/load-sharing.ts'
import { part } from '../link-under-test.ts'

test('whatever the rooms, exactly the first parts are shared out, in order, and no bind gets more than it has room for', t => {
  const rooms = fc.array(fc.nat(20), { minLength: 1, maxLength: 5 })
  const recipients = fc.array(fc.integer({ min: 22670000000, max: 22670000030 }), { maxLength: 60 })
  fc.assert(
    fc.property(rooms, recipients, (given, numbers) => {
      const outlets = given.map((room, index) => ({ room, index }))
      const parts = numbers.map((number, index) => part(index, { recipient: String(number) }))
      const count = Math.min(
        parts.length,
        given.reduce((sum, room) => sum + room, 0),
      )
      const shares = [...createLoadSharing(outlets)(parts, count)]
      const shared = shares.flatMap(([, share]) => share.map(({ partId }) => partId))
      t.deepEqual(
        shared.toSorted((one, other) => one - other),
        parts.slice(0, count).map(({ partId }) => partId),
      )
      for (const [outlet, share] of shares) {
        t.true(share.length <= given[outlet.index]!)
        const ids = share.map(({ partId }) => partId)
        t.deepEqual(
          ids,
          ids.toSorted((one, other) => one - other),
        )
      }
    }),
  )
})

test('one recipient keeps to one bind while it has room, and many recipients spread over all', t => {
  const outlets = [{ room: 1000 }, { room: 1000 }, { room: 1000 }]
  const parts = Array.from({ length: 900 }, (_, index) =>
    part(index, { recipient: `2267000${1000 + (index % 300)}` }),
  )
  const shares = [...createLoadSharing(outlets)(parts, 900)]
  const seenOn = new Map<string, Set<object>>()
  for (const [outlet, share] of shares) {
    t.true(share.length > 200)
    for (const { recipient } of share) {
      seenOn.set(recipient, (seenOn.get(recipient) ?? new Set()).add(outlet))
    }
  }
  t.true([...seenOn.values()].every(binds => binds.size === 1))
})
