import test from 'ava'
import fc from 'fast-check'
import {
  isZone,
  localDateAt,
  offsetMsAt,
  parseTimeOfDay,
  startOfDay,
  toInstant,
  toWallTime,
} from '../../scheduler/calendar/zoned.ts'

const hour = 3600

function iso(date: string, secondOfDay: number, zone: string): string {
  return toInstant({ date, secondOfDay }, zone).toISOString()
}

test('an instant shows the wall time of its zone', t => {
  const instant = new Date('2027-07-01T22:30:00Z')
  t.deepEqual(toWallTime(instant, 'Africa/Ouagadougou'), { date: '2027-07-01', secondOfDay: 22.5 * hour })
  t.deepEqual(toWallTime(instant, 'Africa/Douala'), { date: '2027-07-01', secondOfDay: 23.5 * hour })
  t.deepEqual(toWallTime(instant, 'Europe/Paris'), { date: '2027-07-02', secondOfDay: 0.5 * hour })
  t.deepEqual(toWallTime(instant, 'Asia/Kolkata'), { date: '2027-07-02', secondOfDay: 4 * hour })
  t.is(localDateAt(instant, 'America/St_Johns'), '2027-07-01')
})

test('a wall time that the clocks skip becomes the first instant after the gap', t => {
  t.is(iso('2027-03-28', 2 * hour, 'Europe/Paris'), '2027-03-28T01:00:00.000Z')
  t.is(iso('2027-03-28', 2.5 * hour, 'Europe/Paris'), '2027-03-28T01:00:00.000Z')
  t.is(iso('2027-03-28', 3 * hour, 'Europe/Paris'), '2027-03-28T01:00:00.000Z')
  t.is(iso('2027-03-28', 2 * hour - 1, 'Europe/Paris'), '2027-03-28T00:59:59.000Z')
})

test('a wall time that comes twice is the first of the two', t => {
  t.is(iso('2027-10-31', 2.5 * hour, 'Europe/Paris'), '2027-10-31T00:30:00.000Z')
  t.is(iso('2027-10-31', 3 * hour, 'Europe/Paris'), '2027-10-31T02:00:00.000Z')
})

test('a day that starts with a gap starts after it, and a skipped day is the next', t => {
  t.is(startOfDay('2018-11-04', 'America/Sao_Paulo').toISOString(), '2018-11-04T03:00:00.000Z')
  t.is(startOfDay('2011-12-30', 'Pacific/Apia').toISOString(), '2011-12-30T10:00:00.000Z')
})

test('half-hour daylight saving is exact to the second', t => {
  const zone = 'Australia/Lord_Howe'
  t.is(offsetMsAt(Date.parse('2027-04-03T14:59:59.999Z'), zone), 11 * hour * 1000)
  t.is(offsetMsAt(Date.parse('2027-04-03T15:00:00Z'), zone), 10.5 * hour * 1000)
})

test('a zone is an IANA name and nothing else', t => {
  t.true(isZone('Africa/Porto-Novo'))
  t.true(isZone('UTC'))
  for (const name of ['', '+02:00', 'Africa/Nowhere', '../etc', 'x'.repeat(100_000)])
    t.false(isZone(name), name)
})

test('times of day are read strictly', t => {
  t.is(parseTimeOfDay('08:30'), 30_600)
  t.is(parseTimeOfDay('24:00'), 86_400)
  for (const text of ['8:30', '24:01', '12:60', '', '-1:00']) t.is(parseTimeOfDay(text), null, text)
})

test('wall time and instant agree in every zone outside gaps, and instants never run backwards', t => {
  const zones = [
    'Europe/Paris',
    'Africa/Casablanca',
    'Australia/Lord_Howe',
    'America/St_Johns',
    'Asia/Kathmandu',
  ]
  const seconds = fc.integer({ min: Date.UTC(2020, 0) / 1000, max: Date.UTC(2035, 0) / 1000 })
  fc.assert(
    fc.property(fc.constantFrom(...zones), seconds, (zone, second) => {
      const instant = new Date(second * 1000)
      const back = toInstant(toWallTime(instant, zone), zone)
      // Equal, or the first of the two instants that show the same time.
      const earlier = instant.getTime() - back.getTime()
      return earlier === 0 || (earlier > 0 && earlier <= 3_600_000)
    }),
    { numRuns: 2000 },
  )
  t.pass()
})

test('Intl agrees with the cached offsets around every change of a year', t => {
  const format = new Intl.DateTimeFormat('en-US-u-hc-h23', {
    timeZone: 'Europe/Paris',
    hour: '2-digit',
    minute: '2-digit',
  })
  for (const change of ['2027-03-28T01:00:00Z', '2027-10-31T01:00:00Z']) {
    for (let minutes = -90; minutes <= 90; minutes += 15) {
      const instant = new Date(Date.parse(change) + minutes * 60_000)
      const { secondOfDay } = toWallTime(instant, 'Europe/Paris')
      const shown = `${String(Math.floor(secondOfDay / hour)).padStart(2, '0')}:${String((secondOfDay % hour) / 60).padStart(2, '0')}`
      t.is(shown, format.format(instant))
    }
  }
})
