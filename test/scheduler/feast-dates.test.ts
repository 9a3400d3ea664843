import test from 'ava'
import { easterOf } from '../../scheduler/calendar/easter.ts'
import { hasHijriCalendar, hijriDatesIn, hijriOf } from '../../scheduler/calendar/hijri.ts'
import { fromDayNumber, toDayNumber } from '../../scheduler/calendar/local-date.ts'
import { feastDays } from '../../scheduler/calendar/observed.ts'
import { calendarOverridesSchema, noOverrides } from '../../scheduler/calendar/overrides.ts'
import { datesOf } from '../../scheduler/calendar/recurrence.ts'

test('Easter and its feasts fall on the days of the published tables', t => {
  // Easter, Good Friday, Easter Monday, Ascension, Pentecost, Whit Monday
  const table = [
    ['2025-04-20', '2025-04-18', '2025-04-21', '2025-05-29', '2025-06-08', '2025-06-09'],
    ['2026-04-05', '2026-04-03', '2026-04-06', '2026-05-14', '2026-05-24', '2026-05-25'],
    ['2027-03-28', '2027-03-26', '2027-03-29', '2027-05-06', '2027-05-16', '2027-05-17'],
    ['2028-04-16', '2028-04-14', '2028-04-17', '2028-05-25', '2028-06-04', '2028-06-05'],
    ['2029-04-01', '2029-03-30', '2029-04-02', '2029-05-10', '2029-05-20', '2029-05-21'],
    ['2030-04-21', '2030-04-19', '2030-04-22', '2030-05-30', '2030-06-09', '2030-06-10'],
    ['2031-04-13', '2031-04-11', '2031-04-14', '2031-05-22', '2031-06-01', '2031-06-02'],
    ['2032-03-28', '2032-03-26', '2032-03-29', '2032-05-06', '2032-05-16', '2032-05-17'],
    ['2033-04-17', '2033-04-15', '2033-04-18', '2033-05-26', '2033-06-05', '2033-06-06'],
    ['2034-04-09', '2034-04-07', '2034-04-10', '2034-05-18', '2034-05-28', '2034-05-29'],
    ['2035-03-25', '2035-03-23', '2035-03-26', '2035-05-03', '2035-05-13', '2035-05-14'],
  ] as const
  const feasts = ['easter', 'good-friday', 'easter-monday', 'ascension', 'pentecost', 'whit-monday'] as const
  for (const row of table) {
    const year = Number(row[0].slice(0, 4))
    t.is(easterOf(year), row[0])
    feasts.forEach((feast, index) => {
      t.is(feastDays(feast, 'BF', year, noOverrides)[0]?.date, row[index], `${feast} ${year}`)
    })
  }
})

test('Islamic days fall on the days of the Umm al-Qura tables', t => {
  t.true(hasHijriCalendar())
  // start of Ramadan, 1 Shawwal, 10 Dhu al-Hijja, 1 Muharram, 12 Rabi I
  const table: Record<number, [string[], string, string, string, string]> = {
    2024: [['03-11'], '04-10', '06-16', '07-07', '09-15'],
    2025: [['03-01'], '03-30', '06-06', '06-26', '09-04'],
    2026: [['02-18'], '03-20', '05-27', '06-16', '08-25'],
    2027: [['02-08'], '03-09', '05-16', '06-06', '08-14'],
    2028: [['01-28'], '02-26', '05-05', '05-25', '08-03'],
    2029: [['01-16'], '02-14', '04-24', '05-14', '07-24'],
    2030: [['01-05', '12-26'], '02-04', '04-13', '05-04', '07-13'],
  }
  for (const [text, [ramadan, korite, tabaski, newYear, mouloud]] of Object.entries(table)) {
    const year = Number(text)
    const full = (days: string[]): string[] => days.map(day => `${year}-${day}`)
    t.deepEqual(hijriDatesIn(year, 9, 1), full(ramadan))
    t.deepEqual(hijriDatesIn(year, 10, 1), full([korite]))
    t.deepEqual(hijriDatesIn(year, 12, 10), full([tabaski]))
    t.deepEqual(hijriDatesIn(year, 1, 1), full([newYear]))
    t.deepEqual(hijriDatesIn(year, 3, 12), full([mouloud]))
  }
})

test('the months found by their starts agree with Intl on every day of ten years', t => {
  const format = new Intl.DateTimeFormat('en-u-ca-islamic-umalqura-nu-latn', {
    timeZone: 'UTC',
    day: 'numeric',
  })
  for (let day = toDayNumber('2024-01-01'); day < toDayNumber('2034-01-01'); day += 1) {
    const shown = format.format(day * 86_400_000 + 43_200_000)
    if (Number.parseInt(shown, 10) !== hijriOf(fromDayNumber(day)).day) t.fail(fromDayNumber(day))
  }
  t.pass()
})

test('a year can hold the same feast twice', t => {
  t.deepEqual(
    feastDays('isra', 'BF', 2027, noOverrides).map(day => [day.date, day.occurrence]),
    [
      ['2027-01-05', 1],
      ['2027-12-25', 2],
    ],
  )
})

test('the announced Tabaski of Senegal is a day after that of Burkina', t => {
  t.is(feastDays('tabaski', 'BF', 2023, noOverrides)[0]?.date, '2023-06-28')
  t.is(feastDays('tabaski', 'SN', 2023, noOverrides)[0]?.date, '2023-06-29')
  t.is(feastDays('tabaski', 'SN', 2024, noOverrides)[0]?.date, '2024-06-17')
})

test('an Islamic day is estimated until it is confirmed, another day is sure', t => {
  t.is(feastDays('tabaski', 'BF', 2027, noOverrides)[0]?.status, 'estimated')
  t.is(feastDays('christmas', 'BF', 2027, noOverrides)[0]?.status, 'confirmed')
  const overrides = calendarOverridesSchema.parse({
    confirmedDays: [{ country: 'BF', id: 'tabaski', year: 2027, date: '2027-05-17' }],
  })
  t.like(feastDays('tabaski', 'BF', 2027, overrides)[0], { date: '2027-05-17', status: 'confirmed' })
  t.is(feastDays('tabaski', 'ML', 2027, overrides)[0]?.status, 'estimated')
})

test('a confirmation can carry a feast over New Year without losing or doubling it', t => {
  const overrides = calendarOverridesSchema.parse({
    confirmedDays: [{ country: 'BF', id: 'ramadan-start', year: 2030, occurrence: 2, date: '2031-01-01' }],
  })
  t.deepEqual(
    feastDays('ramadan-start', 'BF', 2030, overrides).map(day => day.date),
    ['2030-01-05'],
  )
  t.like(feastDays('ramadan-start', 'BF', 2031, overrides)[0], {
    date: '2031-01-01',
    year: 2030,
    occurrence: 2,
  })
})

test('a feast can be cancelled and the usual shift changed', t => {
  const overrides = calendarOverridesSchema.parse({
    confirmedDays: [{ country: 'TG', id: 'korite', year: 2027, date: null }],
    hijriShiftDays: { TG: 0 },
  })
  t.deepEqual(feastDays('korite', 'TG', 2027, overrides), [])
  t.is(feastDays('tabaski', 'TG', 2027, overrides)[0]?.date, '2027-05-16')
})

test('the national day is the country’s own', t => {
  t.is(feastDays('national-day', 'BF', 2027, noOverrides)[0]?.date, '2027-12-11')
  t.is(feastDays('national-day', 'NE', 2027, noOverrides)[0]?.date, '2027-12-18')
})

test('a weekday of a month is counted from either end, and may be missing', t => {
  const rule = { kind: 'nth-weekday', month: 1, weekday: 5, nth: 2, offsetDays: -1 } as const
  t.deepEqual(datesOf(rule, 2026, 0), ['2026-01-08'])
  t.deepEqual(datesOf({ ...rule, nth: -1, offsetDays: 0 }, 2027, 0), ['2027-01-29'])
  t.deepEqual(datesOf({ ...rule, month: 2, nth: 5 }, 2027, 0), [])
  t.deepEqual(datesOf({ kind: 'fixed', month: 2, day: 29 }, 2027, 0), [])
})

test('years without Islamic tables are refused by name', t => {
  t.throws(() => hijriDatesIn(1700, 1, 1), { message: /known from 1883 to 2173/ })
  t.deepEqual(hijriOf('2027-05-16'), { year: 1448, month: 12, day: 10 })
})

test('overrides from outside are refused when unreal', t => {
  const parse = (date: string, country = 'BF') =>
    calendarOverridesSchema.safeParse({ extraDays: [{ country, date, name: 'x' }] }).success
  t.true(parse('2027-06-01'))
  t.false(parse('2027-02-30'))
  t.false(parse('2027-06-01', 'XX'))
})
