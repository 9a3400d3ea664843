import test from 'ava'
import fc from 'fast-check'
import {
  afterRow,
  type Incremental,
  incrementalSchema,
  laterWatermark,
  watermarkParams,
  watermarkProblem,
  wrongColumn,
} from '../../scheduler/alerts/watermark.ts'

const byNumber = (more: object = {}): Incremental =>
  incrementalSchema.parse({ kind: 'number', column: 'id', ...more })
const byTime = (more: object = {}): Incremental =>
  incrementalSchema.parse({ kind: 'time', column: 'modifie', ...more })
const limit = { now: new Date('2027-03-08T12:00:00Z'), zone: 'Africa/Ouagadougou' }

/** The watermark after rows with these values. */
function after(incremental: Incremental, ...values: Parameters<typeof afterRow>[2][]): string | null {
  return values.reduce<string | null>((watermark, value) => {
    const step = afterRow(incremental, watermark, value, limit)
    return step.kind === 'read' ? step.watermark : watermark
  }, null)
}

test('the first read begins at the start, the next ones at the watermark less the overlap', t => {
  t.deepEqual(watermarkParams(byNumber(), null), { watermark: 0, lastId: 0 })
  t.deepEqual(watermarkParams(byNumber({ start: '500', overlap: 20 }), null), { watermark: 500, lastId: 500 })
  t.deepEqual(watermarkParams(byNumber({ overlap: 20 }), '1000'), { watermark: 980, lastId: 980 })
  const since = '1970-01-01 00:00:00'
  t.deepEqual(watermarkParams(byTime(), null), { watermark: since, since })
  t.deepEqual(watermarkParams(byTime(), '2027-03-08 00:30:00'), {
    watermark: '2027-03-07 23:30:00',
    since: '2027-03-07 23:30:00',
  })
})

test('numbers above 2^53 stay exact', t => {
  const watermark = after(byNumber(), '9007199254740993', 12, 9007199254740993n)
  t.is(watermark, '9007199254740993')
  t.is(watermarkParams(byNumber({ overlap: 1 }), watermark).lastId, '9007199254740992')
})

test('the largest value counts, in whatever order the rows come', t => {
  t.is(after(byNumber(), 3, '20', 7n, null), '20')
  t.is(after(byTime(), '2027-01-02 10:00:00', '2027-01-03', '2027-01-02 23:59:59.5'), '2027-01-03')
  t.is(after(byTime(), '2027-01-02T10:00:00+02:00', '2027-01-02T09:00:00Z'), '2027-01-02T09:00:00Z')
  t.is(laterWatermark(byNumber(), '1000', '998'), '1000')
  t.is(laterWatermark(byNumber(), '998', '1000'), '1000')
  t.is(laterWatermark(byTime(), null, '2027-01-03'), '2027-01-03')
})

test('the ways in which servers write numbers and zones are read', t => {
  t.is(after(byNumber(), '12.0', '13.000', '-0.0', '7'), '13')
  t.is(after(byNumber(), '12.5'), null)
  t.is(after(byTime(), '2027-01-01 07:30:00 +01:00'), '2027-01-01 07:30:00 +01:00')
  const precise = '2027-01-01 07:30:00.1234567 +01:00'
  t.is(after(byTime(), '2027-01-01 06:30:00Z', precise), precise)
  t.is(watermarkParams(byTime({ overlapMinutes: 60 }), precise).since, '2027-01-01 06:30:00.123456 +01:00')
  t.is(after(byTime(), '2099-01-01 00:00:00 +01:00'), '2027-03-08 13:00:00 +01:00')
  t.is(after(byTime(), '2027-01-01 07:30:00 01:00'), null)
})

test('a column that cannot be a watermark is named with an example and what it should be', t => {
  const dates = wrongColumn(byTime(), [null, '31/01/2027', '01/02/2027'])
  t.regex(dates ?? '', /modifie .*"31\/01\/2027".*2027-01-31 07:30:00.*day first/)
  t.regex(wrongColumn(byNumber(), ['AB12', true]) ?? '', /id .*"AB12".*whole numbers/)
  t.is(wrongColumn(byTime(), ['31/01/2027', '2027-01-31']), null, 'one that can be read is enough')
  t.is(wrongColumn(byTime(), [null, undefined, '']), null)
})

test('a time goes back in the way it is written', t => {
  const back = (watermark: string) => watermarkParams(byTime({ overlapMinutes: 90 }), watermark).since
  t.is(back('2027-03-08T01:00:00.250Z'), '2027-03-07T23:30:00.250Z')
  t.is(back('2027-03-08 01:00'), '2027-03-07 23:30')
  t.is(back('2027-03-08 01:00:00+01'), '2027-03-07 23:30:00+01')
  t.is(back('2027-03-08'), '2027-03-07', 'a day without a time goes back a whole day')
  t.is(watermarkParams(byTime({ overlapMinutes: 0 }), '2027-03-08').since, '2027-03-08')
})

test('a time in the future is a clock that went wrong and hides nothing', t => {
  t.is(after(byTime(), '2099-01-01 00:00:00'), '2027-03-08 12:00:00')
  t.is(after(byTime(), '9999-12-31'), '2027-03-08')
  t.is(after(byTime(), '2099-01-01T00:00:00.000+01:00'), '2027-03-08T13:00:00.000+01:00')
})

test('what is no number or time is told, and moves nothing', t => {
  for (const value of ['12a', 1.5, true, new Uint8Array(8), '1e3', '9'.repeat(39)]) {
    t.deepEqual(afterRow(byNumber(), '5', value, limit), { kind: 'unreadable' }, String(value))
  }
  for (const value of [
    '08/03/2027',
    20270308,
    '2027-02-30',
    '2027-01-01 25:00:00',
    '2027-01-01Z',
    'x'.repeat(100),
  ]) {
    t.deepEqual(afterRow(byTime(), null, value, limit), { kind: 'unreadable' }, String(value))
  }
  for (const value of [null, undefined, '']) {
    t.deepEqual(afterRow(byNumber(), '5', value, limit), { kind: 'read', watermark: '5' })
  }
  t.is(watermarkProblem(byNumber(), '12'), null)
  t.is(watermarkProblem(byNumber(), '2027-01-01'), 'a whole number')
  t.is(watermarkProblem(byTime(), '2027-01-01'), null)
  t.not(watermarkProblem(byTime(), '12'), null)
})

test('no row is skipped: what a read gives is never behind what the next one asks for', t => {
  const time = fc
    .record({
      at: fc.integer({ min: 0, max: limit.now.getTime() / 1_000 }),
      overlap: fc.integer({ min: 0, max: 10_080 }),
    })
    .map(({ at, overlap }) => ({
      overlap,
      text: new Date(at * 1_000).toISOString().slice(0, 19).replace('T', ' '),
    }))
  fc.assert(
    fc.property(time, ({ text, overlap }) => {
      const { since } = watermarkParams(byTime({ overlapMinutes: overlap }), after(byTime(), text))
      return String(since) <= text && (overlap === 0 ? since === text : since !== text)
    }),
  )
  fc.assert(
    fc.property(fc.bigInt(-(10n ** 38n) + 1n, 10n ** 38n - 1n), fc.nat(1_000_000), (id, overlap) => {
      const { lastId } = watermarkParams(byNumber({ overlap }), after(byNumber(), String(id)))
      return BigInt(lastId!) === id - BigInt(overlap)
    }),
  )
  t.pass()
})
