import test from 'ava'
import fc from 'fast-check'
import nodeCron from 'node-cron'
import type { Cron } from '../../scheduler/cron/parse.ts'
import { parseCron } from '../../scheduler/cron/parse.ts'

function read(expression: string): Cron {
  const parsed = parseCron(expression)
  if (parsed.kind === 'invalid') throw new Error(`${expression}: ${parsed.field}: ${parsed.expected}`)
  return parsed
}

test('five fields run at second zero, six start with the second', t => {
  t.deepEqual(read('30 8 * * 1-5').seconds, [0])
  t.deepEqual(read('15 30 8 * * *').seconds, [15])
  t.deepEqual([...read('30 8 * * 1-5').weekdays], [1, 2, 3, 4, 5])
})

test('lists, ranges, steps, names and nicknames are read', t => {
  t.deepEqual(read('*/20 * * * *').minutes, [0, 20, 40])
  t.deepEqual(read('5-20/5,50 * * * *').minutes, [5, 10, 15, 20, 50])
  t.deepEqual([...read('0 8 1 JAN,december *').months], [1, 12])
  t.deepEqual([...read('0 8 * * sat-sun').weekdays], [6, 0])
  t.deepEqual([...read('0 8 * * 7').weekdays], [0])
  t.deepEqual(read('@daily'), read('0 0 * * *'))
})

test('days counted from the end or by week of the month are rules', t => {
  t.deepEqual(read('0 8 L * *').monthDayRules, [{ kind: 'last-day', before: 0 }])
  t.deepEqual(read('0 8 * * 5L').weekdayRules, [{ kind: 'last-weekday', weekday: 5 }])
  t.deepEqual(read('0 8 * * 1#2').weekdayRules, [{ kind: 'nth-weekday', weekday: 1, nth: 2 }])
})

test('a refusal names the field and what was expected there', t => {
  const cases: [string, string][] = [
    ['60 * * * *', 'minute'],
    ['61 * * * * *', 'second'],
    ['0 24 * * *', 'hour'],
    ['0 8 0 * *', 'day-of-month'],
    ['0 8 32 * *', 'day-of-month'],
    ['0 8 1 13 *', 'month'],
    ['0 8 1 monday *', 'month'],
    ['0 8 * * 8', 'weekday'],
    ['0 8 * * marchday', 'weekday'],
    ['0 8 15W * *', 'day-of-month'],
    ['*/0 * * * *', 'minute'],
    ['20-10 * * * *', 'minute'],
    ['5/15 * * * *', 'minute'],
    ['1,,2 * * * *', 'minute'],
    ['0 8 * *', 'expression'],
    ['0 8 * * * * *', 'expression'],
    ['', 'expression'],
    ['@reboot', 'expression'],
    ['@__proto__', 'expression'],
  ]
  for (const [expression, field] of cases) {
    const parsed = parseCron(expression)
    t.is<string, string>(parsed.kind === 'invalid' ? parsed.field : parsed.kind, field, expression)
    if (parsed.kind === 'invalid') t.true(parsed.expected.length > 0)
  }
})

test('hostile expressions are refused at once', t => {
  for (const text of ['1,'.repeat(100_000), '*/99999999999999 * * * *', '0-99999999 * * * *', '\0 * * * *']) {
    t.is(parseCron(text).kind, 'invalid')
  }
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'0123456789*/-,L# @'), maxLength: 40 }), text => {
      const parsed = parseCron(text)
      if (parsed.kind === 'invalid') return parsed.expected !== ''
      return parsed.minutes.length > 0 && parsed.hours.every(hour => hour >= 0 && hour < 24)
    }),
    { numRuns: 1000 },
  )
})

test('node-cron accepts what we accept', t => {
  const value = fc.integer({ min: 1, max: 12 }).map(String)
  const range = fc
    .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 6, max: 7 }))
    .map(pair => pair.join('-'))
  const field = fc.oneof(
    fc.constant('*'),
    fc.constant('*/2'),
    value,
    range,
    fc.tuple(value, range).map(String),
  )
  const weekday = fc.constantFrom('*', '1-5', 'mon', '0', '7', '5L', '1#2')
  fc.assert(
    fc.property(field, field, fc.constantFrom('*', 'L', '1-15'), fc.constant('*'), weekday, (...fields) => {
      const expression = fields.join(' ')
      return parseCron(expression).kind === 'cron' && nodeCron.validate(expression)
    }),
  )
  t.pass()
})
