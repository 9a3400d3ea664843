import test from 'ava'
import fc from 'fast-check'
import { createNumberOverrides } from '../../../server/gateway/routing/overrides.ts'

const orange = { network: 'orange', operatorId: null }

test('a number keeps its last target until it is forgotten', t => {
  const overrides = createNumberOverrides()
  t.is(overrides.get('22670000001'), null)
  overrides.put({ number: '22670000001', ...orange })
  overrides.put({ number: '22670000001', network: null, operatorId: 4 })
  t.deepEqual(overrides.get('22670000001'), { network: null, operatorId: 4 })
  t.is(overrides.get('22670000002'), null)
  t.is(overrides.size, 1)
  overrides.remove('22670000001')
  overrides.remove('22670000001')
  t.is(overrides.size, 0)
  t.is(overrides.get('22670000001'), null)
})

test('the longest numbers are told apart, and what is no number is refused', t => {
  const overrides = createNumberOverrides()
  overrides.put({ number: '999999999999999', ...orange })
  t.is(overrides.get('999999999999998'), null)
  t.deepEqual(overrides.get('999999999999999'), orange)
  for (const number of ['', '0', '0226', '1234567890123456', '22670x', '-1', '1e5']) {
    t.throws(() => overrides.put({ number, ...orange }), { instanceOf: RangeError })
  }
  for (const recipient of ['', 'ASSUR', '1234567890123456', '0']) t.is(overrides.get(recipient), null)
})

test('it answers as a Map does, whatever is put and removed', t => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          number: fc.integer({ min: 1, max: 60 }).map(number => String(22_670_000_000 + number * 4_096)),
          operatorId: fc.option(fc.integer({ min: 1, max: 3 })),
        }),
        { maxLength: 300 },
      ),
      steps => {
        const overrides = createNumberOverrides()
        const model = new Map<string, number>()
        for (const { number, operatorId } of steps) {
          if (operatorId === null) {
            overrides.remove(number)
            model.delete(number)
          } else {
            overrides.put({ number, network: null, operatorId })
            model.set(number, operatorId)
          }
        }
        t.is(overrides.size, model.size)
        for (const { number } of steps) t.is(overrides.get(number)?.operatorId, model.get(number))
      },
    ),
    { numRuns: 200 },
  )
})

test('a block of fifty thousand neighbouring numbers is found, and nothing beside it', t => {
  const overrides = createNumberOverrides()
  for (let index = 0; index < 50_000; index += 1)
    overrides.put({ number: String(22_670_000_000 + index), ...orange })
  t.is(overrides.size, 50_000)
  for (let index = 0; index < 50_000; index += 1) {
    if (overrides.get(String(22_670_000_000 + index)) === null) t.fail(`number ${index} is lost`)
  }
  t.is(overrides.get('22669999999'), null)
  t.is(overrides.get('22670050000'), null)
})
