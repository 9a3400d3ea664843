import test from 'ava'
import fc from 'fast-check'
import {
  countSeptets,
  decodeGsm7,
  encodeGsm7,
  encodeGsm7Into,
  fillBitsAfterHeader,
  gsmDefaultTable,
  gsmExtensionTable,
  isGsm7,
  packSeptets,
  unpackSeptets,
} from '../../templates/text/gsm-alphabet.ts'

/** TS 23.038 table 6.2.1.1 where it differs from ASCII, and the extension table: code and code point. */
const differing =
  '00:0040 01:00A3 02:0024 03:00A5 04:00E8 05:00E9 06:00F9 07:00EC 08:00F2 09:00C7 0A:000A 0B:00D8 0C:00F8 0D:000D ' +
  '0E:00C5 0F:00E5 10:0394 11:005F 12:03A6 13:0393 14:039B 15:03A9 16:03A0 17:03A8 18:03A3 19:0398 1A:039E 1C:00C6 ' +
  '1D:00E6 1E:00DF 1F:00C9 24:00A4 40:00A1 5B:00C4 5C:00D6 5D:00D1 5E:00DC 5F:00A7 60:00BF 7B:00E4 7C:00F6 7D:00F1 ' +
  '7E:00FC 7F:00E0'
const extension = '0A:000C 14:005E 28:007B 29:007D 2F:005C 3C:005B 3D:007E 3E:005D 40:007C 65:20AC'

const pairs = (list: string): [number, string][] =>
  list.split(' ').map(pair => {
    const [code, point] = pair.split(':') as [string, string]
    return [Number.parseInt(code, 16), String.fromCodePoint(Number.parseInt(point, 16))]
  })
const hex = (octets: Uint8Array): string => Buffer.from(octets).toString('hex').toUpperCase()
const gsmText = fc.string({
  unit: fc.constantFrom(...gsmDefaultTable.replace('\u001b', ''), ...gsmExtensionTable.map(([, c]) => c)),
  maxLength: 400,
})

test('every code of the default table is the character of TS 23.038', t => {
  const expected = new Map(pairs(differing))
  t.is(gsmDefaultTable.length, 128)
  for (let code = 0; code < 128; code++) {
    if (code === 0x1b) continue
    const character = expected.get(code) ?? String.fromCharCode(code)
    t.is(gsmDefaultTable[code], character, code.toString(16))
    t.deepEqual(encodeGsm7(character), Uint8Array.of(code))
    t.is(decodeGsm7(Uint8Array.of(code)), character)
  }
})

test('every extension character is an escape and its code, and costs two septets', t => {
  for (const [code, character] of pairs(extension)) {
    t.deepEqual(encodeGsm7(character), Uint8Array.of(0x1b, code))
    t.is(decodeGsm7(Uint8Array.of(0x1b, code)), character)
    t.is(countSeptets(character), 2)
  }
})

test('French letters of the alphabet are in, the others are out', t => {
  for (const letter of 'àäæéèöùüñÄÆÇÉÖÜÑåìòßÅØø£¥§¿¡¤$@&#%€') t.true(isGsm7(letter), letter)
  for (const letter of 'âçêëîïôœûÿÀÂÈÊËÎÏÔŒÙÛŸ’“”«»…–—°`\t\u00a0\u202f\u001b') t.false(isGsm7(letter), letter)
  t.is(countSeptets('fête'), -1)
  t.is(encodeGsm7('fête'), null)
  t.is(countSeptets(''), 0)
})

test('a small ç is written as 09 only when the connection asks for it', t => {
  t.is(encodeGsm7('ça'), null)
  t.deepEqual(encodeGsm7('ça', { smallCedillaAs09: true }), Uint8Array.of(9, 0x61))
})

test('09 reads as Ç, as ç, or by its neighbours', t => {
  const septets = Uint8Array.from([0x67, 0x61, 0x72, 0x09, 0x6f, 0x6e, 0x20, 0x09, 0x41])
  t.is(decodeGsm7(septets), 'garÇon ÇA')
  t.is(decodeGsm7(septets, { cedilla: 'small' }), 'garçon çA')
  t.is(decodeGsm7(septets, { cedilla: 'context' }), 'garçon ÇA')
})

test('an unknown extension code shows the default character, a lone escape a space', t => {
  t.is(decodeGsm7(Uint8Array.of(0x1b, 0x41)), 'A')
  t.is(decodeGsm7(Uint8Array.of(0x41, 0x1b)), 'A ')
  t.is(decodeGsm7(Uint8Array.of(0x1b, 0x1b)), ' ')
})

test('encoding into a target writes at the offset and tells how much', t => {
  const target = new Uint8Array(8).fill(0xff)
  t.is(encodeGsm7Into('a€', target, 2), 3)
  t.deepEqual([...target], [0xff, 0xff, 0x61, 0x1b, 0x65, 0xff, 0xff, 0xff])
  t.is(encodeGsm7Into('ê', target, 0), -1)
  t.is(encodeGsm7Into('\ud83d', target, 0), -1)
  t.throws(() => encodeGsm7Into('123456789', target, 0), { instanceOf: RangeError })
})

test('packing gives the published vectors', t => {
  t.is(hex(packSeptets(encodeGsm7('hellohello')!)), 'E8329BFD4697D9EC37')
  t.is(hex(packSeptets(encodeGsm7('ORANGE')!)), '4F69D0792C02')
  t.is(fillBitsAfterHeader(6), 1)
  t.is(fillBitsAfterHeader(7), 0)
  t.is(fillBitsAfterHeader(0), 0)
})

test('any text of the alphabet survives encoding and packing, with any fill bits', t => {
  fc.assert(
    fc.property(gsmText, fc.integer({ min: 0, max: 6 }), (text, fillBits) => {
      const septets = encodeGsm7(text)!
      t.is(septets.length, countSeptets(text))
      t.is(decodeGsm7(septets), text)
      const packed = packSeptets(septets, fillBits)
      t.is(packed.length, Math.ceil((septets.length * 7 + fillBits) / 8))
      t.deepEqual(unpackSeptets(packed, septets.length, fillBits), septets)
    }),
  )
})

test('any text at all is counted as it is encoded, and any octets decode', t => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.uint8Array({ maxLength: 300 }),
      (text, octets) => {
        t.is(encodeGsm7(text)?.length ?? -1, countSeptets(text))
        t.is(typeof decodeGsm7(octets, { cedilla: 'context' }), 'string')
        t.true(unpackSeptets(octets, 1_000_000).length <= (octets.length * 8) / 7)
      },
    ),
  )
})
