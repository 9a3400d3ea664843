/** Cells of a phone column, as hostile as a file can hold them. */
import test from 'ava'
import fc from 'fast-check'
import { countryCodes } from '../../templates/text/country-presets.ts'
import { parsePhones } from '../../templates/text/phone.ts'
import { fuzz } from './fuzz.ts'
import { assembled, mutated } from './mutations.ts'

const corpus = [
  '70 00 00 01',
  '+226 70 00 00 01',
  '0022670000001',
  '70 00 00 01/76 00 00 02',
  '70000001.0',
  'Tel: 70 00 00 01 (bureau)',
  '7,01E+07',
  '07 00 00 00 01 ou 05 00 00 00 02',
  '70.00.00.01 - 76-00-00-02',
  '+33 6 00 00 00 01; +229 01 90 00 00 01',
]
const pieces = [
  '+',
  '00',
  '(',
  ')',
  '/',
  ' ou ',
  ' - ',
  '.',
  ',',
  'E+07',
  '\u200b',
  '\u202e',
  '٧',
  '７',
  '70',
  '\n',
  'Tel: ',
  '226',
  '\ud800',
]

const text = fc.oneof(mutated(corpus, pieces), assembled(pieces, 120), fc.string({ unit: 'binary' }))
const cell = fc.oneof(
  { weight: 8, arbitrary: text },
  fc.double(),
  fc.integer(),
  fc.bigInt(),
  fc.boolean(),
  fc.constantFrom(null, undefined, 10n ** 5_000n),
  fc.uint8Array(),
)

test('any cell gives numbers that can be dialled, or a reason for each piece', async t => {
  await fuzz(t, fc.tuple(cell, fc.constantFrom(...countryCodes)), ([value, country]) => {
    const read = parsePhones(value, { country })
    const phones = read.kind === 'phones' ? read.phones : []
    const numbers = phones.map(phone => phone.e164Digits)
    return (
      (read.kind === 'phones' ? phones.length > 0 : read.rejected.length > 0) &&
      numbers.every(digits => /^[1-9]\d{6,14}$/.test(digits)) &&
      new Set(numbers).size === numbers.length &&
      read.rejected.every(({ raw, reason }) => raw.length <= 40 && reason.length > 0)
    )
  })
})
