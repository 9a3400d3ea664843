import test from 'ava'
import fc from 'fast-check'
import { dueDate } from '../../scheduler/alerts/triggers/due-date.ts'
import { triggerSchema } from '../../scheduler/alerts/triggers/kinds.ts'
import { addDays, daysBetween } from '../../scheduler/calendar/local-date.ts'
import { keysOf, runOn } from './trigger-support.ts'

const definition = {
  kind: 'due-date',
  dateColumn: 'echeance',
  offsetsDays: [-30, -15, -7, -1, 0, 7],
  isYearly: false,
} as const
const reminders = { ...definition, offsetsDays: [...definition.offsetsDays] }

function rowDue(echeance: string | number | null) {
  return { values: { police: '1010-2027-000001', echeance } }
}

test('a contract is reminded on each of its days, with the days that remain', t => {
  const expected: Record<string, [string, number, number]> = {
    '2027-02-13': ['2027-03-15:J-30', 30, 0],
    '2027-02-28': ['2027-03-15:J-15', 15, 0],
    '2027-03-08': ['2027-03-15:J-7', 7, 0],
    '2027-03-14': ['2027-03-15:J-1', 1, 0],
    '2027-03-15': ['2027-03-15:J0', 0, 0],
    '2027-03-22': ['2027-03-15:J+7', 7, 7],
  }
  for (let day = '2027-02-01'; day < '2027-04-15'; day = addDays(day, 1)) {
    const verdict = dueDate.judge(
      reminders,
      rowDue('15/03/2027'),
      runOn(day, { coveredUntil: addDays(day, -1) }),
      null,
    )
    const wanted = expected[day]
    t.deepEqual(keysOf(verdict), wanted === undefined ? [] : [wanted[0]], day)
    if (wanted !== undefined) {
      t.deepEqual(verdict.occurrences[0]?.extraValues, { jours: wanted[1], retard: wanted[2] })
      t.is(verdict.occurrences[0]?.dueDate, '2027-03-15')
    }
  }
})

test('the first run looks at today only', t => {
  t.deepEqual(keysOf(dueDate.judge(reminders, rowDue('2027-03-15'), runOn('2027-03-09'), null)), [])
  t.deepEqual(keysOf(dueDate.judge(reminders, rowDue('2027-03-15'), runOn('2027-03-08'), null)), [
    '2027-03-15:J-7',
  ])
})

test('after days off only the reminder closest to today leaves', t => {
  const run = runOn('2027-03-14', { coveredUntil: '2027-03-06' })
  t.deepEqual(keysOf(dueDate.judge(reminders, rowDue('2027-03-15'), run, null)), ['2027-03-15:J-1'])
  const earlier = runOn('2027-03-10', { coveredUntil: '2027-03-06' })
  t.deepEqual(keysOf(dueDate.judge(reminders, rowDue('2027-03-15'), earlier, null)), ['2027-03-15:J-7'])
})

test('catch-up stops at its limit', t => {
  const run = runOn('2027-03-12', { coveredUntil: '2027-01-01', maxCatchUpDays: 3 })
  t.deepEqual(keysOf(dueDate.judge(reminders, rowDue('2027-03-15'), run, null)), [])
  const wider = runOn('2027-03-12', { coveredUntil: '2027-01-01', maxCatchUpDays: 4 })
  t.deepEqual(keysOf(dueDate.judge(reminders, rowDue('2027-03-15'), wider, null)), ['2027-03-15:J-7'])
})

test('a reminder before the due date never leaves after it, and is listed as too late', t => {
  const run = runOn('2027-03-17', { coveredUntil: '2027-03-13' })
  const verdict = dueDate.judge(reminders, rowDue('2027-03-15'), run, null)
  t.deepEqual(verdict.occurrences, [])
  t.is(verdict.rejected?.code, 'reminder-too-late')
})

test('a second run of the day and a clock set back find today’s reminder again under the same key', t => {
  for (const coveredUntil of ['2027-03-08', '2027-06-01']) {
    const verdict = dueDate.judge(
      reminders,
      rowDue('2027-03-15'),
      runOn('2027-03-08', { coveredUntil }),
      null,
    )
    t.deepEqual(keysOf(verdict), ['2027-03-15:J-7'])
  }
})

test('a renewed contract is a new occurrence', t => {
  const run = runOn('2027-03-08')
  t.deepEqual(keysOf(dueDate.judge(reminders, rowDue('2027-03-15'), run, null)), ['2027-03-15:J-7'])
  t.deepEqual(keysOf(dueDate.judge(reminders, rowDue('2027-03-23'), run, null)), ['2027-03-23:J-15'])
})

test('before days without sending, reminders up to the due date leave ahead, later ones wait', t => {
  const saturday = runOn('2027-03-13', { coveredUntil: '2027-03-12', aheadUntil: '2027-03-14' })
  t.deepEqual(keysOf(dueDate.judge(reminders, rowDue('2027-03-15'), saturday, null)), ['2027-03-15:J-1'])
  t.deepEqual(keysOf(dueDate.judge(reminders, rowDue('2027-03-07'), saturday, null)), [])
  const monday = runOn('2027-03-15', { coveredUntil: '2027-03-13' })
  t.deepEqual(keysOf(dueDate.judge(reminders, rowDue('2027-03-07'), monday, null)), ['2027-03-07:J+7'])
})

test('a birthday comes every year but not on the day of birth, and on 28 February for 29', t => {
  const birthdays = { ...reminders, offsetsDays: [0], isYearly: true }
  const key = (date: string, today: string) =>
    keysOf(dueDate.judge(birthdays, rowDue(date), runOn(today), null))
  t.deepEqual(key('1980-03-08', '2027-03-08'), ['2027-03-08:J0'])
  t.deepEqual(key('2027-03-08', '2027-03-08'), [])
  t.deepEqual(key('2000-02-29', '2027-02-28'), ['2027-02-28:J0'])
  t.deepEqual(key('2000-02-29', '2028-02-29'), ['2028-02-29:J0'])
  const eve = { ...birthdays, offsetsDays: [-1] }
  t.deepEqual(keysOf(dueDate.judge(eve, rowDue('1980-01-01'), runOn('2026-12-31'), null)), ['2027-01-01:J-1'])
})

test('a row whose date cannot be read is rejected with its reason', t => {
  const code = (row: { values: Record<string, string | number | null> }) =>
    dueDate.judge(reminders, row, runOn('2027-03-08'), null).rejected?.code
  t.is(code(rowDue('31/02/2027')), 'date-invalid')
  t.is(code(rowDue('x'.repeat(1_000_000))), 'date-invalid')
  t.is(code(rowDue(null)), 'date-missing')
  t.is(code(rowDue('  ')), 'date-missing')
  t.is(code({ values: { police: 'x' } }), 'column-missing')
  const long = dueDate.judge(reminders, rowDue('x'.repeat(1_000_000)), runOn('2027-03-08'), null)
  t.true((long.rejected?.detail.length ?? 0) <= 60)
})

test('definitions from outside are bounded', t => {
  t.true(triggerSchema.safeParse({ kind: 'due-date', dateColumn: 'd', offsetsDays: [-30, 0] }).success)
  for (const offsetsDays of [[], [1.5], [1000], Array(31).fill(0)]) {
    t.false(triggerSchema.safeParse({ kind: 'due-date', dateColumn: 'd', offsetsDays }).success)
  }
  t.false(triggerSchema.safeParse({ kind: 'later', dateColumn: 'd' }).success)
})

test('over sixty days with random stops nobody is written to twice and no last reminder is lost', t => {
  const start = '2027-02-01'
  const stops = fc.array(fc.boolean(), { minLength: 60, maxLength: 60 })
  const dues = fc.array(fc.integer({ min: -10, max: 90 }), { minLength: 1, maxLength: 12 })
  const offsets = fc.uniqueArray(fc.integer({ min: -30, max: 30 }), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(stops, dues, offsets, (isUp, dueDays, offsetsDays) => {
      const trigger = { ...reminders, offsetsDays }
      const sent = new Map<string, number>()
      let covered: string | null = null
      isUp.forEach((up, index) => {
        if (!up) return
        const today = addDays(start, index)
        const context = runOn(today, { coveredUntil: covered, maxCatchUpDays: 60 })
        dueDays.forEach((dueDay, row) => {
          const due = addDays(start, dueDay)
          const verdict = dueDate.judge(trigger, rowDue(due), context, null)
          if (verdict.occurrences.length > 1) throw new Error('two messages for one row')
          for (const key of keysOf(verdict)) sent.set(`${row}|${key}`, (sent.get(`${row}|${key}`) ?? 0) + 1)
          const window = covered ?? addDays(today, -1)
          const inWindow = offsetsDays
            .map(offset => ({ offset, day: addDays(due, offset) }))
            .filter(each => each.day > window && each.day <= today)
            .filter(each => each.offset > 0 || today <= due)
          const latest = inWindow.sort((a, b) => daysBetween(a.day, b.day)).at(0)
          if (
            latest !== undefined &&
            !sent.has(`${row}|${due}:J${latest.offset > 0 ? '+' : ''}${latest.offset}`)
          ) {
            throw new Error(`${due} J${latest.offset} was lost on ${today}`)
          }
        })
        covered = today
      })
      return [...sent.values()].every(times => times === 1)
    }),
    { numRuns: 60 },
  )
  t.pass()
})
