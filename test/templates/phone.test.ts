import test from 'ava'
import fc from 'fast-check'
import type { CountryCode } from '../../templates/text/country-presets.ts'
import { firstMobile, parsePhones } from '../../templates/text/phone.ts'
import type { PhoneCell, PhoneRejection } from '../../templates/text/phone-cell.ts'
import { formatPhone, guessOperator } from '../../templates/text/phone-numbers.ts'

const read: [cell: PhoneCell, country: CountryCode, digits: string[]][] = [
  ['70 00 00 01', 'BF', ['22670000001']],
  ['70.00.00.01', 'BF', ['22670000001']],
  ['70\u00a000\u202f00 01', 'BF', ['22670000001']],
  ['70-00-00-01', 'BF', ['22670000001']],
  ['+226 70 00 00 01', 'BF', ['22670000001']],
  ['0022670000001', 'BF', ['22670000001']],
  ['22670000001', 'BF', ['22670000001']],
  ['(+226) 70000001', 'BF', ['22670000001']],
  ['７０００００01', 'BF', ['22670000001']],
  ['\u202a+226 70 00 00 01\u202c', 'BF', ['22670000001']],
  ['70000001.0', 'BF', ['22670000001']],
  ['70000001,0', 'BF', ['22670000001']],
  [70000001, 'BF', ['22670000001']],
  [70000001n, 'BF', ['22670000001']],
  ['70000001/76000002', 'BF', ['22670000001', '22676000002']],
  ['70 00 00 01 - 76 00 00 02', 'BF', ['22670000001', '22676000002']],
  ['70000001-76000002', 'BF', ['22670000001', '22676000002']],
  ['70 00 00 01 76 00 00 02', 'BF', ['22670000001', '22676000002']],
  ['70000001;76000002|70000003,76000004', 'BF', ['22670000001', '22676000002', '22670000003', '22676000004']],
  ['70000001\n76000002', 'BF', ['22670000001', '22676000002']],
  ['70 00 00 01 ou 76 00 00 02', 'BF', ['22670000001', '22676000002']],
  ['70000001/+226 70 00 00 01', 'BF', ['22670000001']],
  ['25 30 00 00 / 70 00 00 01', 'BF', ['22670000001']],
  ['Tel: 70000001 (bureau)', 'BF', ['22670000001']],
  ['+33 (0)6 12 00 00 01', 'BF', ['33612000001']],
  ['33612000001', 'BF', ['33612000001']],
  ['+44 7400 000001', 'BF', ['447400000001']],
  ['0612000001', 'FR', ['33612000001']],
  [612000001, 'FR', ['33612000001']],
  ['0701020304', 'CI', ['2250701020304']],
  [701020304, 'CI', ['2250701020304']],
  ['07000001', 'CI', ['2250707000001']],
  ['45000001', 'CI', ['2250545000001']],
  ['01000001', 'CI', ['2250101000001']],
  ['+225 08 00 00 01', 'CI', ['2250708000001']],
  ['96000001', 'BJ', ['2290196000001']],
  ['+229 96 00 00 01', 'BJ', ['2290196000001']],
  ['+22996000001', 'BF', ['2290196000001']],
  ['77000001', 'CM', ['237677000001']],
  ['99000001', 'CM', ['237699000001']],
  ['77 000 00 01', 'SN', ['221770000001']],
  ['90000001', 'NE', ['22790000001']],
  ['66000001', 'ML', ['22366000001']],
  ['90000001', 'TG', ['22890000001']],
]

for (const [index, [cell, country, digits]] of read.entries()) {
  test(`${index + 1}. ${country} ${JSON.stringify(String(cell))} (${typeof cell}) reads ${digits.join(' and ')}`, t => {
    const result = parsePhones(cell, { country })
    t.deepEqual(result.kind === 'phones' ? result.phones.map(p => p.e164Digits) : [], digits)
    t.is(firstMobile(result)?.e164Digits, digits[0])
    t.true(firstMobile(result)?.isMobile)
  })
}

const refused: [cell: PhoneCell, country: CountryCode, reasons: PhoneRejection[]][] = [
  [null, 'BF', ['empty']],
  [undefined, 'BF', ['empty']],
  ['', 'BF', ['empty']],
  [' - ', 'BF', ['empty']],
  ['7,01E+07', 'BF', ['scientific-notation']],
  ['7.01e7', 'BF', ['scientific-notation']],
  [7.5, 'BF', ['invalid']],
  [Number.NaN, 'BF', ['invalid']],
  [-70000001, 'BF', ['invalid']],
  [1e21, 'BF', ['invalid']],
  [10n ** 400n, 'BF', ['invalid']],
  [true, 'BF', ['not-a-number']],
  [new Uint8Array(3), 'BF', ['not-a-number']],
  ['7000', 'BF', ['too-short']],
  ['700000011', 'BF', ['too-long']],
  ['9'.repeat(20), 'BF', ['too-long']],
  ['25 30 00 00', 'BF', ['fixed-line']],
  ['+226 25 30 00 00', 'BF', ['fixed-line']],
  ['31000000', 'BF', ['invalid']],
  ['20000001', 'CI', ['fixed-line']],
  ['2720000001', 'CI', ['fixed-line']],
  ['0140000001', 'FR', ['fixed-line']],
  ['néant', 'BF', ['not-a-number']],
  ['70O00001', 'BF', ['not-a-number']],
  ['36180', 'FR', ['too-short']],
  ['25300000/7000', 'BF', ['fixed-line', 'too-short']],
  ['x'.repeat(251), 'BF', ['too-long']],
]

for (const [index, [cell, country, reasons]] of refused.entries()) {
  const name = cell instanceof Uint8Array ? 'binary' : String(cell).slice(0, 30)
  test(`refusal ${index + 1}. ${country} ${JSON.stringify(name)} (${typeof cell}) is refused: ${reasons.join(', ')}`, t => {
    const result = parsePhones(cell, { country })
    t.is(result.kind, 'none')
    t.deepEqual(
      result.rejected.map(r => r.reason),
      reasons,
    )
    t.is(firstMobile(result), null)
  })
}

test('a number is shown in the groups of its country', t => {
  t.is(formatPhone('22670000001'), '+226 70 00 00 01')
  t.is(formatPhone('2250701020304'), '+225 07 01 02 03 04')
  t.is(formatPhone('221770000001'), '+221 77 000 00 01')
  t.is(formatPhone('237677000001'), '+237 6 77 00 00 01')
  t.is(formatPhone('33612000001'), '+33 6 12 00 00 01')
  t.is(formatPhone('447400000001'), '+447400000001')
})

test('the longest prefix gives the operator', t => {
  const operators: [string, string | undefined][] = [
    ['22670000001', 'moov'],
    ['22676000001', 'orange'],
    ['22678000001', 'telecel'],
    ['2290151000001', 'mtn'],
    ['2290155000001', 'moov'],
    ['2290140000001', 'celtiis'],
    ['2290142000001', 'mtn'],
    ['2290145000001', 'moov'],
    ['237684000001', 'nexttel'],
    ['237680000001', 'mtn'],
    ['33612000001', undefined],
    ['447400000001', undefined],
  ]
  for (const [digits, operator] of operators) t.is(guessOperator(digits)?.operator, operator, digits)
})

test('no cell throws, and what is read is E.164', t => {
  const piece = fc.oneof(
    fc.constantFrom(
      '70000001',
      '+226',
      '/',
      ' ',
      '.',
      '-',
      ' - ',
      'ou',
      '(0)',
      'e+',
      '\u00a0',
      '００',
      '٧',
      '\u202e',
      ',',
    ),
    fc.string({ unit: 'binary', maxLength: 5 }),
    fc.nat().map(String),
  )
  const cell: fc.Arbitrary<PhoneCell> = fc.oneof(
    fc.array(piece, { maxLength: 40 }).map(pieces => pieces.join('')),
    fc.double(),
    fc.bigInt(),
    fc.uint8Array({ maxLength: 4 }),
  )
  fc.assert(
    fc.property(cell, fc.constantFrom<CountryCode>('BF', 'CI', 'FR', 'BJ', 'CM'), (any, country) => {
      const result = parsePhones(any, { country })
      if (result.kind === 'phones') for (const p of result.phones) t.regex(p.e164Digits, /^[1-9]\d{6,14}$/)
      else t.true(result.rejected.length > 0)
    }),
    { numRuns: 1_000 },
  )
})

test('a huge cell is refused at once', t => {
  for (const unit of ['7', ' ', '/', '7/', 'a', '(', '7 ', 'e+']) {
    t.is(parsePhones(unit.repeat(5_000_000), { country: 'BF' }).kind, 'none')
  }
})
