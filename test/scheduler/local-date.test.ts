import test from 'ava'
import fc from 'fast-check'
import {
  addDays,
  daysBetween,
  fromDayNumber,
  localDate,
  parseIsoDate,
  toDayNumber,
  weekdayOf,
} from '../../scheduler/calendar/local-date.ts'

test('days are added over months, years and leap days', t => {
  t.is(addDays('2027-01-31', 1), '2027-02-01')
  t.is(addDays('2026-12-31', 1), '2027-01-01')
  t.is(addDays('2028-02-28', 1), '2028-02-29')
  t.is(addDays('2027-03-01', -1), '2027-02-28')
  t.is(daysBetween('2027-01-01', '2028-01-01'), 365)
  t.is(daysBetween('2028-01-01', '2027-01-01'), -365)
})

test('weekdays follow ISO 8601', t => {
  t.is(weekdayOf('1970-01-01'), 4)
  t.is(weekdayOf('2027-03-14'), 7)
  t.is(weekdayOf('2027-03-15'), 1)
  t.is(weekdayOf('1969-12-29'), 1)
})

test('the first and last years of the calendar are kept apart from 1900', t => {
  t.is(toDayNumber('0001-01-01'), -719_162)
  t.is(fromDayNumber(-719_162), '0001-01-01')
  t.is(addDays('0099-12-31', 1), '0100-01-01')
})

test('a text is a date only when the calendar has that day', t => {
  t.is(parseIsoDate('2028-02-29'), '2028-02-29')
  for (const text of [
    '2027-02-29',
    '2027-13-01',
    '2027-00-10',
    '2027-1-1',
    '0000-01-01',
    '27-01-01',
    '',
    'x',
  ]) {
    t.is(parseIsoDate(text), null, text)
  }
  t.throws(() => localDate(2027, 2, 30), { instanceOf: RangeError })
})

test('day numbers and dates are the same thing written twice', t => {
  fc.assert(
    fc.property(fc.integer({ min: -719_162, max: 2_932_896 }), number => {
      const date = fromDayNumber(number)
      return toDayNumber(date) === number && parseIsoDate(date) === date
    }),
  )
  t.pass()
})
