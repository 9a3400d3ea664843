import test from 'ava'
import fc from 'fast-check'
import { createRouter } from '../../server/gateway/router.ts'

test('the longest prefix comes first, then the ranks, then the shorter prefixes', t => {
  const router = createRouter([
    { prefix: '', rank: 1, operatorId: 9 },
    { prefix: '226', rank: 2, operatorId: 2 },
    { prefix: '226', rank: 1, operatorId: 1 },
    { prefix: '22670', rank: 1, operatorId: 7 },
  ])
  t.deepEqual(router.operatorsFor('22670000001'), [7, 1, 2, 9])
  t.deepEqual(router.operatorsFor('22650000001'), [1, 2, 9])
  t.deepEqual(router.operatorsFor('33600000001'), [9])
})

test('an operator stands once, at its best place', t => {
  const router = createRouter([
    { prefix: '226', rank: 1, operatorId: 1 },
    { prefix: '', rank: 1, operatorId: 1 },
    { prefix: '', rank: 2, operatorId: 2 },
  ])
  t.deepEqual(router.operatorsFor('22670000001'), [1, 2])
})

test('without a route there is no operator', t => {
  t.deepEqual(createRouter([]).operatorsFor('22670000001'), [])
  t.deepEqual(createRouter([{ prefix: '226', rank: 1, operatorId: 1 }]).operatorsFor('225'), [])
  t.deepEqual(createRouter([{ prefix: '226', rank: 1, operatorId: 1 }]).operatorsFor(''), [])
})

test('what is remembered answers as what is worked out', t => {
  const digits = fc.stringMatching(/^\d{0,4}$/)
  fc.assert(
    fc.property(
      fc.array(
        fc.record({ prefix: digits, rank: fc.integer({ min: 1, max: 3 }), operatorId: fc.nat({ max: 4 }) }),
      ),
      fc.array(fc.stringMatching(/^\d{0,6}$/)),
      (routes, recipients) => {
        const router = createRouter(routes)
        for (const recipient of [...recipients, ...recipients]) {
          t.deepEqual(router.operatorsFor(recipient), createRouter(routes).operatorsFor(recipient))
          for (const operatorId of router.operatorsFor(recipient)) {
            t.true(
              routes.some(route => route.operatorId === operatorId && recipient.startsWith(route.prefix)),
            )
          }
        }
      },
    ),
    { numRuns: 50 },
  )
})
