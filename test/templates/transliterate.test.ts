import test from 'ava'
import fc from 'fast-check'
import { isGsm7 } from '../../templates/text/gsm-alphabet.ts'
import { noReplacements, transliterate } from '../../templates/text/transliterate.ts'

const typographic: [from: string, to: string][] = [
  ...[...'\u2018\u2019\u201a\u201b\u02bc\u2032\u00b4\u0060\uff07‹›'].map((c): [string, string] => [c, "'"]),
  ...[...'\u201c\u201d\u201e\u201f\u2033\uff02«'].map((c): [string, string] => [c, '"']),
  ...[...'\u2013\u2014\u2015\u2010\u2011\u2012\u2212•·‣●▪'].map((c): [string, string] => [c, '-']),
  ['\u2026', '...'],
  ...[...'\u00a0\u202f\u2009\u2007\u2008\u200a\u2002\u2003\u2004\u2005\u2006\u3000\t'].map(
    (c): [string, string] => [c, ' '],
  ),
  ...[...'\u200b\u200c\u200d\ufeff\u2060\u00ad'].map((c): [string, string] => [c, '']),
  ...[...'\u2028\u2029\u000b'].map((c): [string, string] => [c, '\n']),
  ['Ａｂ１！', 'Ab1!'],
  ['⁄', '/'],
  ['×', 'x'],
  ['÷', '/'],
  ['n°12', 'no 12'],
  ['N° 12', 'No 12'],
  ['25°', '25 deg'],
  ['ª', 'a'],
  ['№', 'No'],
  ['©®™', '(c)(r)(tm)'],
  ['½ ¼ ¾', '1/2 1/4 3/4'],
  ['²³¹', '231'],
  ['→←', '-><-'],
  ['✓✔', 'okok'],
  ['₣', 'F'],
  ['₦₵', 'NGNGHS'],
  ['mot»', 'mot"'],
  ['« mot »', '"mot"'],
  ['«\u00a0mot\u202f»', '"mot"'],
  ['45\u202f000\u00a0F\u202fCFA', '45 000 F CFA'],
]

for (const [from, to] of typographic) {
  const codes = [...from].map(c => c.codePointAt(0)!.toString(16).toUpperCase()).join(' ')
  const title = `level 1 writes ${JSON.stringify(to)} for ${codes}`
  test(title, t => {
    t.is(transliterate(`x ${from}y`, 1).text, `x ${to}y`)
  })
}

const letters: [from: string, to: string][] = [
  ['âÂÀ', 'aAA'],
  ['çÇ', 'cÇ'],
  ['êë', 'ee'],
  ['ÈÊËÉ', 'EEEÉ'],
  ['îïíì', 'iiiì'],
  ['ÎÏÍÌ', 'IIII'],
  ['ôóõöò', 'oooöò'],
  ['ÔÓÒÕ', 'OOOO'],
  ['ûúùü', 'uuùü'],
  ['ÛÙÚ', 'UUU'],
  ['ÿýŸÝ', 'yyYY'],
  ['œŒ', 'oeOE'],
  ['ĳﬁﬂﬀ', 'ijfiflff'],
  ['áãÁÃ', 'aaAA'],
  ['ñÑňń', 'ñÑnn'],
  ['šžčřćźşţ', 'szcrczst'],
  ['łđħ', 'ldh'],
  ['€', '€'],
  ['ɛƐɔƆŋŊɲƝɩƖʋƲɓƁɗƊɖƉƙƘƴƳƒƑɣƔ', 'eEoOnNnyNyiIuUbBdDdDkKyYfFgG'],
  ['ẽĩũãõ', 'eiuao'],
  ['ǎɛ\u0303ɔ\u0300ɔ\u0301\u0302', 'aeoo'],
  ['e\u0301', 'é'],
]

for (const [from, to] of letters) {
  test(`level 2 writes ${to} for ${from}`, t => {
    t.is(transliterate(from).text, to)
  })
}

test('n° at the end of a text has no space after it, and another degree sign is a degree', t => {
  t.is(transliterate('police N°').text, 'police No')
  t.is(transliterate('38°').text, '38 deg')
})

test('level 1 keeps accents and level 0 keeps typography', t => {
  t.is(transliterate('fête d’été…', 1).text, "fête d'été...")
  t.is(transliterate('fête d’été…', 0).text, 'fête d’été…')
})

test('level 3 is plain ASCII', t => {
  t.is(transliterate('Éléonore à Bèré: 5 € ñ ß Ø æ ¿', 3).text, 'Eleonore a Bere: 5 EUR n ss O ae ?')
  t.is(transliterate('Ω', 3).text, 'O')
})

test('Windows-1252 bytes read as Latin-1 are put right before anything else', t => {
  t.is(transliterate('\u0080\u0092\u009c\u0085é', 0).text, '€’œ…é')
  t.is(transliterate('l\u0092\u009cuvre\u0085').text, "l'oeuvre...")
})

test('line ends become one line feed, invisible controls and halves of pairs go', t => {
  t.is(transliterate('a\r\nb\rc').text, 'a\nb\nc')
  t.is(transliterate('a\u0000b\u001bc\u007f\u0081').text, 'abc')
  t.is(transliterate('fin \ud83d').text, 'fin ')
})

test('what was replaced is told with its count', t => {
  t.deepEqual(transliterate('fête, tête’…').replacements, [
    { from: 'ê', to: 'e', count: 2 },
    { from: '’', to: "'", count: 1 },
    { from: '…', to: '...', count: 1 },
  ])
})

test('a text of the alphabet is given back as it is, without a report', t => {
  const text = 'Réglez dès maintenant: 145 500 F CFA [€]'
  t.is(transliterate(text).text, text)
  t.is(transliterate(text).replacements, noReplacements)
})

test('Arabic, Tifinagh, Adlam and N’Ko are left whole, and an emoji keeps its joiners', t => {
  for (const text of ['عِيدٌ', 'ⵜⵉⴼⵉⵏⴰⵖ', '𞤀𞤣𞤤𞤢𞤥', 'ߒߞߏ', '👨‍👩‍👧', '❤️', '👍🏽'])
    t.is(transliterate(text).text, text)
  t.is(transliterate('1️⃣ ✔️').text, '1 ok')
})

test('Latin letters always become GSM-7, and any text becomes well-formed', t => {
  const letter = fc.integer({ min: 0xc0, max: 0x17f }).filter(c => c !== 0xd7 && c !== 0xf7)
  const latin = fc.string({ unit: letter.map(c => String.fromCharCode(c)), maxLength: 200 })
  fc.assert(
    fc.property(latin, fc.string({ unit: 'binary', maxLength: 200 }), (text, anything) => {
      const once = transliterate(text).text
      t.true(isGsm7(once), JSON.stringify(once))
      t.is(transliterate(once).text, once)
      const first = transliterate(anything, 3).text
      t.true(first.isWellFormed())
      t.false(first.includes('\r'))
    }),
  )
})

test('a tower of combining marks is walked in linear time', t => {
  const tower = `a${'\u0301'.repeat(30_000)}`
  t.true(transliterate(tower).text.length <= tower.length)
})
