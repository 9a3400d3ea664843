import test from 'ava'
import { holidayCheck, holidaysOf, isDayOff } from '../../scheduler/calendar/holidays.ts'
import { calendarOverridesSchema, noOverrides } from '../../scheduler/calendar/overrides.ts'
import type { CountryCode } from '../../scheduler/calendar/presets/countries.ts'
import { countryCodes } from '../../scheduler/calendar/presets/countries.ts'

function daysOff(country: CountryCode, year: number): string[] {
  return holidaysOf(country, year, noOverrides)
    .filter(holiday => isDayOff(holiday) && holiday.status !== 'possible')
    .map(holiday => holiday.date.slice(5))
}

test('Burkina Faso has the eleven days of the law of 2026', t => {
  t.deepEqual(daysOff('BF', 2026), [
    '01-01',
    '03-08',
    '03-20',
    '05-01',
    '05-14',
    '05-15',
    '05-27',
    '08-15',
    '08-25',
    '12-11',
    '12-25',
  ])
})

test('commemorations of Burkina Faso are shown but worked since 2026, and were off before', t => {
  const check = holidayCheck('BF', noOverrides)
  for (const day of ['01-03', '08-05', '11-01']) {
    t.false(check(`2026-${day}`), day)
    t.true(check(`2025-${day}`), day)
    t.true(holidaysOf('BF', 2026, noOverrides).some(each => each.date === `2026-${day}`))
  }
})

test('the fixed days of the other countries are in their presets', t => {
  const expected: Partial<Record<CountryCode, string[]>> = {
    CI: ['08-07', '08-15', '11-01', '11-15', '03-29', '05-17', '03-06'],
    SN: ['04-04', '08-15', '11-01', '03-29', '05-06'],
    ML: ['01-20', '03-26', '05-25', '09-22'],
    NE: ['04-24', '08-03', '12-18', '06-06'],
    BJ: ['08-01', '08-15', '11-01', '01-07', '01-08'],
    TG: ['01-13', '04-27', '06-21'],
    CM: ['02-11', '03-26', '05-20'],
    FR: ['05-08', '07-14', '11-11', '03-29'],
  }
  for (const country of countryCodes) {
    const days = daysOff(country, 2027)
    for (const day of [...(expected[country] ?? []), '01-01', '05-01', '12-25']) {
      t.true(days.includes(day), `${country} ${day}`)
    }
  }
})

test('Benin keeps its traditional feast on the announced days of 2026, estimated because the rule is inferred', t => {
  const days = holidaysOf('BJ', 2026, noOverrides).filter(each => each.id.startsWith('traditional'))
  t.deepEqual(
    days.map(each => [each.date, each.status]),
    [
      ['2026-01-08', 'estimated'],
      ['2026-01-09', 'estimated'],
    ],
  )
  t.true(daysOff('BJ', 2024).includes('01-10'))
  t.false(daysOff('BJ', 2026).includes('01-10'))
})

test('the Monday after a Sunday feast is off in Senegal and for 1 May in Cameroon, not in Burkina', t => {
  // 1 May 2033 is a Sunday.
  t.true(daysOff('CM', 2033).includes('05-02'))
  t.false(daysOff('BF', 2033).includes('05-02'))
  const overrides = calendarOverridesSchema.parse({
    confirmedDays: [{ country: 'SN', id: 'tabaski', year: 2027, date: '2027-05-16' }],
  })
  const bridge = holidaysOf('SN', 2027, overrides).find(each => each.date === '2027-05-17' && each.isBridge)
  t.is(bridge?.id, 'tabaski')
})

test('both possible ends of Ramadan are kept until one is confirmed', t => {
  // Ramadan 2027 starts on 8 February by the tables: 29 days lead to 9 March, 30 to 10 March.
  const check = holidayCheck('BF', noOverrides)
  t.true(check('2027-03-09'))
  t.true(check('2027-03-10'))
  const overrides = calendarOverridesSchema.parse({
    confirmedDays: [{ country: 'BF', id: 'korite', year: 2027, date: '2027-03-10' }],
  })
  t.false(holidayCheck('BF', overrides)('2027-03-09'))
  t.true(holidayCheck('BF', overrides)('2027-03-10'))
  // 2026: 18 February to 20 March is 30 days, so the other candidate is the day before.
  t.true(check('2026-03-19'))
})

test('a day off by decree is one for its country only', t => {
  const overrides = calendarOverridesSchema.parse({
    extraDays: [{ country: 'TG', date: '2027-07-15', name: 'Élections' }],
  })
  t.true(holidayCheck('TG', overrides)('2027-07-15'))
  t.false(holidayCheck('BJ', overrides)('2027-07-15'))
})

test('every country gives a sorted list with names in both languages for fifty years', t => {
  for (const country of countryCodes) {
    for (let year = 2025; year <= 2075; year += 10) {
      const list = holidaysOf(country, year, noOverrides)
      t.deepEqual(
        list.map(each => each.date),
        list.map(each => each.date).sort(),
      )
      t.true(list.length >= 10 && list.length <= 30, `${country} ${year}: ${list.length}`)
      t.true(
        list.every(each => each.name.fr !== '' && each.name.en !== '' && each.date.startsWith(`${year}-`)),
      )
    }
  }
})
