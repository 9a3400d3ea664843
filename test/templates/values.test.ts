import test from 'ava'
import fc from 'fast-check'
import { daysBetween, parseAmountValue, parseLocalDate, type TemplateValue } from '../../templates/values.ts'

const dates: [value: TemplateValue, year: number, month: number, day: number][] = [
  ['2027-03-15', 2027, 3, 15],
  ['2027-03-15 23:59:59', 2027, 3, 15],
  ['2027-03-15T00:00:00.000Z', 2027, 3, 15],
  ['15/03/2027', 2027, 3, 15],
  ['5/3/2027', 2027, 3, 5],
  ['15-03-2027', 2027, 3, 15],
  ['15.03.2027', 2027, 3, 15],
  ['15/03/2027 08:00', 2027, 3, 15],
  ['  15/03/2027 ', 2027, 3, 15],
  ['20270315', 2027, 3, 15],
  [20270315, 2027, 3, 15],
  [46461, 2027, 3, 15],
  [46461.75, 2027, 3, 15],
  ['46461', 2027, 3, 15],
  ['46461.0', 2027, 3, 15],
  [46461n, 2027, 3, 15],
  ['29/02/2028', 2028, 2, 29],
]

for (const [value, year, month, day] of dates) {
  test(`${JSON.stringify(String(value))} (${typeof value}) is the date ${year}-${month}-${day}`, t => {
    t.deepEqual(parseLocalDate(value), { kind: 'date', year, month, day })
  })
}

test('what is not a date is not read as one', t => {
  const values: TemplateValue[] = [
    '31/02/2027',
    '29/02/2027',
    '2027-13-01',
    '00/00/0000',
    '0000-00-00',
    '15/03/27',
    '1/2',
    'demain',
    '',
    null,
    undefined,
    true,
    7,
    365,
    0,
    -1,
    Number.NaN,
    Infinity,
    1e300,
    '15/03/20277',
    '2027-03/15',
    new Uint8Array(2),
    10n ** 100n,
    '1'.repeat(1_000_000),
    '2027-03-15 '.repeat(100_000),
    31_12_2027,
  ]
  for (const value of values) t.is(parseLocalDate(value).kind, 'not-a-date', String(value).slice(0, 30))
})

test('days between dates cross months, leap days and years', t => {
  t.is(daysBetween({ year: 2028, month: 2, day: 28 }, { year: 2028, month: 3, day: 1 }), 2)
  t.is(daysBetween({ year: 2027, month: 12, day: 31 }, { year: 2028, month: 1, day: 1 }), 1)
  t.is(daysBetween({ year: 2027, month: 3, day: 15 }, { year: 2027, month: 3, day: 8 }), -7)
})

const amounts: [value: TemplateValue, isNegative: boolean, whole: string, fraction: string][] = [
  ['145500.00', false, '145500', '00'],
  ['145 500,00 F', false, '145500', '00'],
  ['145\u202f500\u00a0F\u202fCFA', false, '145500', ''],
  ['145 500 FCFA', false, '145500', ''],
  ['1.145.500', false, '1145500', ''],
  ['1.145.500,50', false, '1145500', '50'],
  ['145.500,50', false, '145500', '50'],
  ['1,145,500.25', false, '1145500', '25'],
  ['145,500.25', false, '145500', '25'],
  ['0.125', false, '0', '125'],
  ['145500.000', false, '145500', '000'],
  ['XOF 145500', false, '145500', ''],
  ['12,50 €', false, '12', '50'],
  ['-300', true, '300', ''],
  ['-0,00', false, '0', '00'],
  ['007', false, '7', ''],
  [145500, false, '145500', ''],
  [0.1, false, '0', '1'],
  [1e-9, false, '0', ''],
  [145500n, false, '145500', ''],
]

for (const [value, isNegative, whole, fraction] of amounts) {
  test(`${JSON.stringify(String(value))} (${typeof value}) is the amount ${isNegative ? '-' : ''}${whole},${fraction}`, t => {
    t.deepEqual(parseAmountValue(value), { kind: 'amount', isNegative, whole, fraction })
  })
}

test('what is not an amount, or could be two amounts, is not read', t => {
  const values: TemplateValue[] = [
    '145.500',
    '145,500',
    '-1.500',
    '',
    'F',
    'gratuit',
    '1,2,3',
    '1.2.3',
    '12 F 50',
    '1e5',
    null,
    undefined,
    true,
    Number.NaN,
    Infinity,
    1e15,
    10n ** 20n,
    '9'.repeat(16),
    '9'.repeat(1_000_000),
    new Uint8Array(1),
    '--5',
    '1.145.50',
  ]
  for (const value of values) t.is(parseAmountValue(value).kind, 'not-an-amount', String(value).slice(0, 30))
})

test('every date and whole amount survives being written and read', t => {
  const day = fc.date({
    min: new Date('1902-01-01T00:00:00Z'),
    max: new Date('2199-12-31T00:00:00Z'),
    noInvalidDate: true,
  })
  fc.assert(
    fc.property(day, fc.integer({ min: 1_000_000, max: 10 ** 12 }), (date, amount) => {
      const iso = date.toISOString()
      const [year, month, dayText] = iso.slice(0, 10).split('-') as [string, string, string]
      const expected = parseLocalDate(iso)
      t.like(expected, { kind: 'date', year: Number(year), month: Number(month), day: Number(dayText) })
      t.deepEqual(parseLocalDate(`${dayText}/${month}/${year}`), expected)
      t.deepEqual(parseLocalDate(year + month + dayText), expected)
      const grouped = new Intl.NumberFormat('fr-FR').format(amount)
      t.like(parseAmountValue(grouped), { kind: 'amount', whole: String(amount) })
      t.like(parseAmountValue(grouped.replace(/\s/g, '.')), { kind: 'amount', whole: String(amount) })
    }),
  )
})
