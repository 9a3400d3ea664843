import test from 'ava'
import fc from 'fast-check'
import { isGsm7 } from '../../templates/text/gsm-alphabet.ts'
import { encodingPolicies, prepareText } from '../../templates/text/policy.ts'

const one = { maxParts: 1, tooLong: 'refuse' } as const
const six = { maxParts: 6, tooLong: 'refuse' } as const

test('smart replaces typography and accents when that makes the text GSM-7', t => {
  t.like(prepareText('Bonne fête, l’ami…', 'smart', one), {
    kind: 'ready',
    text: "Bonne fete, l'ami...",
    encoding: 'gsm7',
    units: 20,
    parts: ["Bonne fete, l'ami..."],
  })
})

test('smart keeps the accents when the text is UCS-2 anyway', t => {
  t.like(prepareText('Bonne fête 🎉', 'smart', one), {
    text: 'Bonne fête 🎉',
    encoding: 'ucs2',
    replacements: [],
  })
})

test('simple writes one question mark for each character left', t => {
  const prepared = prepareText('Fête 🎉👨‍👩‍👧 عيد', 'simple', one)
  t.like(prepared, { kind: 'ready', text: 'Fete ?? ???', encoding: 'gsm7' })
})

test('ucs2 keeps accents, and replaces typography only when that avoids UCS-2', t => {
  t.like(prepareText('Bonne fête l’ami', 'ucs2', one), { text: 'Bonne fête l’ami', encoding: 'ucs2' })
  t.like(prepareText('Cher ami, l’agence', 'ucs2', one), { text: "Cher ami, l'agence", encoding: 'gsm7' })
})

test('reject names the characters and where they stand', t => {
  t.deepEqual(prepareText('fête 🎉 tête', 'reject', one), {
    kind: 'refused',
    code: 'text-not-encodable',
    details: {
      characters: [
        { character: 'ê', codePoint: 'U+00EA', positions: [1, 9] },
        { character: '🎉', codePoint: 'U+1F389', positions: [5] },
      ],
    },
  })
  t.is(prepareText('e\u0301te\u0301', 'reject', one).kind, 'ready')
})

test('an empty or blank text is refused', t => {
  for (const text of ['', '  \n', '\u200b', '\u00a0'])
    t.like(prepareText(text, 'smart', one), { code: 'text-empty' })
})

test('a text over its limit is refused with its size, or cut and told', t => {
  const text = 'a'.repeat(200)
  t.like(prepareText(text, 'smart', one), {
    kind: 'refused',
    code: 'text-too-long',
    details: { units: 200, maxParts: 1 },
  })
  t.like(prepareText(text, 'smart', { maxParts: 1, tooLong: 'truncate' }), {
    kind: 'ready',
    units: 160,
    truncated: 40,
  })
  t.is(prepareText(text, 'smart', six).kind, 'ready')
})

test('a text of megabytes is refused or cut at once', t => {
  const text = 'ê'.repeat(20_000_000)
  t.like(prepareText(text, 'smart', six), { code: 'text-too-long' })
  t.like(prepareText(text, 'ucs2', { maxParts: 2, tooLong: 'truncate' }), { kind: 'ready', units: 134 })
})

test('any text under any policy is ready within its limit or refused, and simple is always GSM-7', t => {
  const text = fc.string({
    unit: fc.oneof(
      fc.constantFrom('ê', '€', '😀', '\r\n', '«', ' '),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    ),
    maxLength: 300,
  })
  fc.assert(
    fc.property(
      text,
      fc.constantFrom(...encodingPolicies),
      fc.integer({ min: 1, max: 3 }),
      (any, policy, maxParts) => {
        const prepared = prepareText(any, policy, { maxParts, tooLong: 'truncate' })
        if (prepared.kind === 'refused') {
          t.true(prepared.code === 'text-empty' || policy === 'reject')
          return
        }
        t.true(prepared.parts.length <= maxParts)
        t.is(prepared.parts.join(''), prepared.text)
        t.is(prepared.encoding === 'gsm7', isGsm7(prepared.text))
        if (policy === 'simple' || policy === 'reject') t.is(prepared.encoding, 'gsm7')
      },
    ),
  )
})
