import test from 'ava'
import fc from 'fast-check'
import type { TriggerDefinition } from '../../scheduler/alerts/triggers/kinds.ts'
import { judgeRow, triggerKinds, triggerSchema } from '../../scheduler/alerts/triggers/kinds.ts'
import { addDays } from '../../scheduler/calendar/local-date.ts'
import { feastResolver } from '../../scheduler/calendar/observed.ts'
import { calendarOverridesSchema } from '../../scheduler/calendar/overrides.ts'
import { keysOf, runOn } from './trigger-support.ts'

const row = { values: { police: '1010-2027-000001', etat: 'O' } }

function trigger(definition: object): TriggerDefinition {
  return triggerSchema.parse(definition)
}

test('new-row: the first run only remembers, later rows are written to once', t => {
  const definition = trigger({ kind: 'new-row' })
  const baseline = judgeRow(definition, row, runOn('2027-01-08', { isBaseline: true }), null)
  t.deepEqual(baseline, { occurrences: [], memory: 'baseline' })
  t.deepEqual(keysOf(judgeRow(definition, row, runOn('2027-01-09'), 'baseline')), [])
  const fresh = judgeRow(definition, row, runOn('2027-01-09'), null)
  t.deepEqual(keysOf(fresh), ['new'])
  t.deepEqual(keysOf(judgeRow(definition, row, runOn('2027-01-10'), fresh.memory ?? null)), [])
})

test('changed-row: a change of a watched column is one occurrence, another column none', t => {
  const definition = trigger({ kind: 'changed-row', watchColumns: ['avenant'] })
  const seen = (avenant: string | null, autre: string, memory: string | null, isBaseline = false) =>
    judgeRow(definition, { values: { avenant, autre } }, runOn('2027-01-08', { isBaseline }), memory)
  const first = seen('1', 'a', null, true)
  t.deepEqual(keysOf(first), [])
  t.deepEqual(keysOf(seen('1', 'b', first.memory!)), [])
  const second = seen('2', 'b', first.memory!)
  t.is(second.occurrences.length, 1)
  const back = seen('1', 'b', second.memory!)
  const again = seen('2', 'b', back.memory!)
  t.is(new Set([...keysOf(second), ...keysOf(back), ...keysOf(again)]).size, 3)
  t.is(seen(null, 'b', seen('null', 'b', null, true).memory!).occurrences.length, 1)
  t.deepEqual(keysOf(seen('9', 'b', null)), [], 'a new row is no change')
})

test('changed-row: becomes waits for one of its values, also on a row that arrives with it', t => {
  const definition = trigger({
    kind: 'changed-row',
    watchColumns: ['etat'],
    becomes: { column: 'etat', values: ['Payé', 'reglé'] },
  })
  const seen = (etat: string, memory: string | null, isBaseline = false) =>
    judgeRow(definition, { values: { etat } }, runOn('2027-01-08', { isBaseline }), memory)
  t.deepEqual(keysOf(seen('PAYE', null, true)), [], 'silent in the baseline')
  t.is(seen('paye', null).occurrences.length, 1)
  const open = seen('ouvert', null)
  t.deepEqual(keysOf(open), [])
  const expertise = seen('expertise', open.memory!)
  t.deepEqual(keysOf(expertise), [])
  const paid = seen('PAYÉ', expertise.memory!)
  t.is(paid.occurrences.length, 1)
  t.deepEqual(keysOf(seen('PAYÉ', paid.memory!)), [])
})

test('changed-row: a column the query does not give rejects the row', t => {
  const definition = trigger({ kind: 'changed-row', watchColumns: ['etta'] })
  t.is(judgeRow(definition, row, runOn('2027-01-08'), null).rejected?.code, 'column-missing')
})

test('calendar: a fixed feast is written on its day and its eve', t => {
  const women = trigger({ kind: 'calendar', on: { feast: 'womens-day' }, time: '08:30' })
  const verdict = judgeRow(women, row, runOn('2027-03-08'), null)
  t.like(verdict.occurrences[0], {
    occurrenceKey: 'womens-day:2027',
    plannedTime: '08:30',
    isFeastEstimated: false,
  })
  t.like(verdict.occurrences[0]?.extraValues, { annee: 2027, feast: "International Women's Day" })
  t.deepEqual(keysOf(judgeRow(women, row, runOn('2027-03-07'), null)), [])
  const eve = trigger({ kind: 'calendar', on: { feast: 'new-year' }, offsetDays: -1 })
  t.deepEqual(keysOf(judgeRow(eve, row, runOn('2026-12-31'), null)), ['new-year:2027'])
  const day = trigger({ kind: 'calendar', on: { month: 6, day: 15 } })
  t.deepEqual(keysOf(judgeRow(day, row, runOn('2027-06-15'), null)), ['day:2027-06-15'])
})

test('calendar: a moving feast says that it is estimated until confirmed, and keeps its key when it moves', t => {
  const tabaski = trigger({ kind: 'calendar', on: { feast: 'tabaski' } })
  const estimated = judgeRow(tabaski, row, runOn('2027-05-16'), null)
  t.like(estimated.occurrences[0], { occurrenceKey: 'tabaski:2027', isFeastEstimated: true })
  const overrides = calendarOverridesSchema.parse({
    confirmedDays: [{ country: 'BF', id: 'tabaski', year: 2027, date: '2027-05-17' }],
  })
  const confirmed = judgeRow(
    tabaski,
    row,
    runOn('2027-05-17', { feasts: feastResolver('BF', overrides) }),
    null,
  )
  t.like(confirmed.occurrences[0], { occurrenceKey: 'tabaski:2027', isFeastEstimated: false })
})

test('calendar: a feast that comes twice in a year is two occurrences', t => {
  const ramadan = trigger({ kind: 'calendar', on: { feast: 'ramadan-start' } })
  t.deepEqual(keysOf(judgeRow(ramadan, row, runOn('2030-01-05'), null)), ['ramadan-start:2030'])
  t.deepEqual(keysOf(judgeRow(ramadan, row, runOn('2030-12-26'), null)), ['ramadan-start:2030:2'])
})

test('calendar: wishes are made up for two days, not a week', t => {
  const christmas = trigger({ kind: 'calendar', on: { feast: 'christmas' } })
  const late = (today: string) => judgeRow(christmas, row, runOn(today, { coveredUntil: '2026-12-24' }), null)
  t.deepEqual(keysOf(late('2026-12-27')), ['christmas:2026'])
  t.deepEqual(keysOf(late('2026-12-28')), [])
  t.false(triggerSchema.safeParse({ kind: 'calendar', on: { month: 2, day: 30 } }).success)
  t.false(triggerSchema.safeParse({ kind: 'calendar', on: { feast: 'constructor' } }).success)
})

const dunning = trigger({
  kind: 'dunning',
  dateColumn: 'due',
  firstAfterDays: 5,
  everyDays: 10,
  maxReminders: 3,
})

function remind(due: string, today: string, memory: string | null) {
  return judgeRow(dunning, { values: { due } }, runOn(today), memory)
}

test('dunning: reminders follow their steps and stop at the last', t => {
  let memory: string | null = null
  const sent: [string, string][] = []
  for (let today = '2027-01-01'; today < '2027-04-01'; today = addDays(today, 1)) {
    const verdict = remind('2027-01-01', today, memory)
    memory = verdict.memory ?? memory
    for (const key of keysOf(verdict)) sent.push([today, key])
  }
  t.deepEqual(sent, [
    ['2027-01-06', '2027-01-01:R1'],
    ['2027-01-16', '2027-01-01:R2'],
    ['2027-01-26', '2027-01-01:R3'],
  ])
  t.true((memory ?? '').length <= 500)
})

test('dunning: after a stop one reminder leaves, the one of the present step', t => {
  const verdict = remind('2027-01-01', '2027-01-28', '2027-01-01:1')
  t.deepEqual(keysOf(verdict), ['2027-01-01:R3'])
  t.deepEqual(verdict.occurrences[0]?.extraValues, { relance: 3, retard: 27, jours: 27 })
})

test('dunning: another due date starts afresh, unreadable memory is none', t => {
  t.deepEqual(keysOf(remind('2027-02-01', '2027-02-06', '2027-01-01:3')), ['2027-02-01:R1'])
  t.deepEqual(keysOf(remind('2027-02-01', '2027-02-06', '2027-02-01:x')), ['2027-02-01:R1'])
})

test('dunning: an old debt seen for the first time is listed once and not written to', t => {
  const verdict = remind('2020-01-01', '2027-02-06', null)
  t.deepEqual(keysOf(verdict), [])
  t.is(verdict.rejected?.code, 'reminder-too-late')
  t.deepEqual(remind('2020-01-01', '2027-02-07', verdict.memory!), { occurrences: [] })
})

test('dunning: over sixty days with random stops no step is sent twice', t => {
  const stops = fc.array(fc.boolean(), { minLength: 60, maxLength: 60 })
  fc.assert(
    fc.property(stops, isUp => {
      let memory: string | null = null
      const sent: string[] = []
      isUp.forEach((up, index) => {
        if (!up) return
        const verdict = remind('2027-01-01', addDays('2027-01-01', index), memory)
        memory = verdict.memory ?? memory
        sent.push(...keysOf(verdict))
      })
      return new Set(sent).size === sent.length && sent.length <= 3
    }),
  )
  t.pass()
})

test('once: every row, always under one key', t => {
  const definition = trigger({ kind: 'once' })
  t.deepEqual(keysOf(judgeRow(definition, row, runOn('2027-01-08'), null)), ['once'])
  t.deepEqual(keysOf(judgeRow(definition, row, runOn('2027-02-08'), null)), ['once'])
})

test('the kinds say themselves what they need', t => {
  const withMemory = Object.entries(triggerKinds).filter(([, kind]) => kind.usesMemory)
  t.deepEqual(withMemory.map(([name]) => name).sort(), ['changed-row', 'dunning', 'new-row'])
  const withBaseline = Object.entries(triggerKinds).filter(([, kind]) => kind.hasBaseline)
  t.deepEqual(withBaseline.map(([name]) => name).sort(), ['changed-row', 'new-row'])
})

test('no row makes a trigger throw, and memory stays within its limit', t => {
  const value = fc.oneof(
    fc.string(),
    fc.double(),
    fc.bigInt(),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array(),
  )
  const definitions = [
    trigger({ kind: 'due-date', dateColumn: 'a', offsetsDays: [-30, 0, 30] }),
    trigger({ kind: 'due-date', dateColumn: 'a', offsetsDays: [0], isYearly: true }),
    trigger({ kind: 'new-row' }),
    trigger({ kind: 'changed-row', watchColumns: ['a'], becomes: { column: 'a', values: ['x', 1] } }),
    trigger({ kind: 'calendar', on: { feast: 'korite' } }),
    trigger({ kind: 'dunning', dateColumn: 'a', firstAfterDays: 0, everyDays: 1, maxReminders: 24 }),
    trigger({ kind: 'once' }),
  ]
  const memory = fc.option(fc.string({ maxLength: 500 }), { nil: null })
  fc.assert(
    fc.property(fc.constantFrom(...definitions), value, memory, (definition, a, remembered) => {
      const verdict = judgeRow(definition, { values: { a } }, runOn('2027-03-08'), remembered)
      return (
        (verdict.memory?.length ?? 0) <= 500 &&
        verdict.occurrences.every(each => each.occurrenceKey.length <= 200)
      )
    }),
    { numRuns: 500 },
  )
  t.pass()
})
