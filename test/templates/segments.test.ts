import test from 'ava'
import fc from 'fast-check'
import { countSeptets } from '../../templates/text/gsm-alphabet.ts'
import {
  limitParts,
  measure,
  splitText,
  TextNotEncodable,
  TextTooLong,
} from '../../templates/text/segments.ts'

const a = (n: number): string => 'a'.repeat(n)
const e = (n: number): string => 'ê'.repeat(n)
const euro = (n: number): string => '€'.repeat(n)
const smile = (n: number): string => '😀'.repeat(n)

const vectors: [text: string, encoding: 'gsm7' | 'ucs2', units: number, parts: number][] = [
  ['', 'gsm7', 0, 1],
  [a(160), 'gsm7', 160, 1],
  [a(161), 'gsm7', 161, 2],
  [a(306), 'gsm7', 306, 2],
  [a(307), 'gsm7', 307, 3],
  [a(459), 'gsm7', 459, 3],
  [a(460), 'gsm7', 460, 4],
  [a(918), 'gsm7', 918, 6],
  [`${a(158)}€`, 'gsm7', 160, 1],
  [`${a(159)}€`, 'gsm7', 161, 2],
  [`${a(152)}€${a(152)}`, 'gsm7', 306, 3],
  [euro(80), 'gsm7', 160, 1],
  [euro(81), 'gsm7', 162, 2],
  [euro(153), 'gsm7', 306, 3],
  [e(70), 'ucs2', 70, 1],
  [e(71), 'ucs2', 71, 2],
  [e(134), 'ucs2', 134, 2],
  [e(135), 'ucs2', 135, 3],
  [`${e(66)}😀${e(66)}`, 'ucs2', 134, 3],
  [smile(35), 'ucs2', 70, 1],
  [smile(36), 'ucs2', 72, 2],
  ['éèùàÉÇ', 'gsm7', 6, 1],
]

for (const [text, encoding, units, parts] of vectors) {
  const title = text.length > 12 ? `${text.slice(0, 3)}… (${text.length})` : `"${text}"`
  test(`${title} takes ${units} units of ${encoding} in ${parts} parts`, t => {
    t.deepEqual(measure(text), { encoding, units, parts })
    const split = splitText(text)
    t.is(split.parts.length, parts)
    t.is(split.parts.join(''), text)
  })
}

test('an escape pair and a surrogate pair start the next part whole', t => {
  const septets = splitText(`${a(152)}€${a(152)}`).parts
  t.deepEqual(septets.map(countSeptets), [152, 153, 1])
  const units = splitText(`${e(66)}😀${e(66)}`).parts
  t.deepEqual(
    units.map(part => part.length),
    [66, 67, 1],
  )
  t.deepEqual(
    splitText(euro(153)).parts.map(part => part.length),
    [76, 76, 1],
  )
})

test('a 16-bit reference takes one octet more from each part', t => {
  t.deepEqual(
    splitText(a(305), { referenceBits: 16 }).parts.map(part => part.length),
    [152, 152, 1],
  )
  t.deepEqual(
    splitText(e(133), { referenceBits: 16 }).parts.map(part => part.length),
    [66, 66, 1],
  )
  t.is(measure(a(304), { referenceBits: 16 }).parts, 2)
})

test('a family of emoji and a flag are not cut when they fit in a part', t => {
  const family = '👨‍👩‍👧‍👦'
  t.deepEqual(splitText(e(60) + family + e(20)).parts, [e(60), family + e(20)])
  t.deepEqual(splitText(`${e(65)}🇧🇫${e(5)}`).parts, [e(65), `🇧🇫${e(5)}`])
  t.deepEqual(splitText(`${e(66)}ɛ\u0303${e(5)}`).parts, [e(66), `ɛ\u0303${e(5)}`])
})

test('a grapheme longer than a part is cut, but never inside a surrogate pair', t => {
  const tower = `ê${'\u{1F3FB}'.repeat(100)}`
  const { parts } = splitText(tower)
  t.is(parts.join(''), tower)
  for (const part of parts) t.true(part.isWellFormed())
})

test('more than 255 parts is refused, quickly even for a text of megabytes', t => {
  t.is(splitText(a(255 * 153)).parts.length, 255)
  t.throws(() => splitText(a(255 * 153 + 1)), { instanceOf: TextTooLong })
  t.throws(() => measure(a(255 * 153 + 1)), { instanceOf: TextTooLong })
  t.throws(() => measure(euro(255 * 76 + 1)), { instanceOf: TextTooLong })
  t.throws(() => measure(e(5_000_000)), { instanceOf: TextTooLong })
})

test('an encoding that is asked for is taken, or refused when it cannot be', t => {
  t.deepEqual(measure('abc', { encoding: 'ucs2' }), { encoding: 'ucs2', units: 3, parts: 1 })
  t.throws(() => splitText('ê', { encoding: 'gsm7' }), { instanceOf: TextNotEncodable })
})

test('a text over its limit of parts is refused or cut, and a single part keeps its 160', t => {
  t.is(limitParts(a(160), { maxParts: 1, tooLong: 'refuse' }).kind, 'fits')
  t.is(limitParts(a(306), { maxParts: 2, tooLong: 'refuse' }).kind, 'fits')
  t.like(limitParts(a(307), { maxParts: 2, tooLong: 'refuse' }), {
    kind: 'too-long',
    units: 307,
    maxParts: 2,
  })
  t.like(limitParts(a(200), { maxParts: 1, tooLong: 'truncate' }), {
    kind: 'truncated',
    text: a(160),
    removed: 40,
  })
  t.like(limitParts(`${a(159)}€`, { maxParts: 1, tooLong: 'truncate' }), { text: a(159), removed: 1 })
  t.like(limitParts(`${e(69)}😀`, { maxParts: 1, tooLong: 'truncate' }), { text: e(69), removed: 2 })
})

const anyText = fc.string({
  unit: fc.constantFrom('a', 'é', '€', '[', 'ê', '😀', '👨‍👩‍👧‍👦', '\u0301', '🇧🇫', 'ɛ', '\n', 'ع'),
  maxLength: 500,
})
const bits = fc.constantFrom<8 | 16>(8, 16)

test('parts join back to the text, none exceeds its size, none is torn, and measure agrees', t => {
  fc.assert(
    fc.property(anyText, bits, (text, referenceBits) => {
      const { encoding, units, parts } = splitText(text, { referenceBits })
      t.is(parts.join(''), text)
      t.deepEqual(measure(text, { referenceBits }), { encoding, units, parts: parts.length })
      const perPart = encoding === 'gsm7' ? { 8: 153, 16: 152 } : { 8: 67, 16: 66 }
      const single = encoding === 'gsm7' ? 160 : 70
      for (const part of parts) {
        const size = encoding === 'gsm7' ? countSeptets(part) : part.length
        t.true(size >= 0 && size <= (parts.length === 1 ? single : perPart[referenceBits]))
        t.true(part.isWellFormed())
      }
    }),
  )
})

test('a truncated text is a beginning of the text and fits', t => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 1, max: 4 }), (text, maxParts) => {
      const limited = limitParts(text, { maxParts, tooLong: 'truncate' })
      t.not(limited.kind, 'too-long')
      if (limited.kind === 'too-long') return
      t.true(text.startsWith(limited.text))
      t.true(limited.split.parts.length <= maxParts)
      t.is(limited.split.parts.join(''), limited.text)
    }),
  )
})
