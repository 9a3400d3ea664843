import test from 'ava'
import fc from 'fast-check'
import { matchRule, ruleCollisions } from '../../../server/gateway/inbound/match.ts'
import { foldKeyword, restAfter, wordsOf } from '../../../server/gateway/inbound/words.ts'

test('words compare without case, accents, punctuation and signs', t => {
  for (const [text, words] of [
    ['STOP', ['stop']],
    [' « Arrêt ! »\n', ['arret']],
    ['désabonnement.', ['desabonnement']],
    ['S’il vous plaît', ['s', 'il', 'vous', 'plait']],
    ['ＳＴＯＰ', ['stop']],
    ['STOP 😡', ['stop']],
    ['STOP\u0000', ['stop']],
    ['Œuvre ɛɔŋ', ['oeuvre', 'eon']],
    ['قف', ['قف']],
    ['...', []],
    ['', []],
  ] as const) {
    t.deepEqual(wordsOf(text), [...words], JSON.stringify(text))
  }
  t.is(foldKeyword(' Opt-Out '), 'opt out')
})

test('what stands after the keyword is given as it was written', t => {
  t.is(restAfter('Code: Été 2027, merci', 1), 'Été 2027, merci')
  t.is(restAfter('CODE', 1), '')
  t.is(restAfter('', 1), '')
})

const rule = (ruleId: number, keywords: string[], extra: object = {}) => ({
  ruleId,
  isActive: true,
  shortCode: null as string | null,
  keywords,
  match: 'whole' as 'whole' | 'first-word',
  ...extra,
})
const ask = (rules: ReturnType<typeof rule>[], text: string, extra: object = {}) => {
  const found = matchRule(rules, {
    shortCode: '38001',
    text,
    hasBeginning: true,
    isComplete: true,
    ...extra,
  })
  return found === null ? null : found.rule.ruleId
}

test('STOP is STOP alone, and not STOP 12345', t => {
  const rules = [rule(1, ['STOP', 'STOP SVP'])]
  for (const text of ['STOP', 'stop', ' Stop. ', '"STOP"', 'stop!!!', 'Stop svp'])
    t.is(ask(rules, text), 1, text)
  for (const text of ['STOP 12345', 'STOPPER', 'ne pas stop', 'STOP ou encore', 'S T O P', ''])
    t.is(ask(rules, text), null, text)
})

test('a first word is a whole word, and may be a phrase', t => {
  const rules = [rule(1, ['INFO'], { match: 'first-word' }), rule(2, ['INFO SANTE'], { match: 'first-word' })]
  t.is(ask(rules, 'info contrat 7'), 1)
  t.is(ask(rules, 'Info santé, svp'), 2, 'the longer one')
  t.is(ask(rules, 'informations'), null)
})

test('rules of the number come before those of every number, defaults last', t => {
  const rules = [
    rule(1, []),
    rule(2, [], { shortCode: '38001' }),
    rule(3, ['OUI', 'OUI MERCI']),
    rule(4, ['OUI'], { shortCode: '38001' }),
    rule(5, ['NON'], { shortCode: '38002' }),
    rule(6, ['PEUT-ETRE'], { isActive: false }),
  ]
  t.is(ask(rules, 'oui'), 4)
  t.is(ask(rules, 'oui merci'), 3)
  t.is(ask(rules, 'non'), 2)
  t.is(ask(rules, 'peut être'), 2)
  t.is(ask(rules, 'non', { shortCode: '38009' }), 1)
  t.is(ask([], 'oui'), null)
})

test('a text without its beginning has no keyword, one with a gap is never whole', t => {
  const rules = [rule(1, ['STOP']), rule(2, ['INFO'], { match: 'first-word' })]
  t.is(ask(rules, 'STOP', { isComplete: false }), null)
  t.is(ask(rules, '[...]info', { hasBeginning: false, isComplete: false }), null)
  t.is(ask(rules, 'info[...]', { isComplete: false }), 2)
})

test('two rules of a number never share a word nor the default', t => {
  const others = [
    { ...rule(1, ['Arrêt']), name: 'A' },
    { ...rule(2, []), name: 'B' },
    { ...rule(3, ['OUI'], { shortCode: '38001' }), name: 'C' },
  ]
  t.is(ruleCollisions(rule(0, ['ARRET']), others, null).length, 1)
  t.is(ruleCollisions(rule(0, []), others, null).length, 1)
  t.deepEqual(ruleCollisions(rule(0, ['ARRET']), others, 1), [])
  t.deepEqual(ruleCollisions(rule(0, ['ARRET'], { shortCode: '38001' }), others, null), [])
  t.deepEqual(ruleCollisions(rule(0, ['ARRET'], { isActive: false }), others, null), [])
})

test('any text has words that are their own, and is read in bounded time', t => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 700 }), text => {
      const words = wordsOf(text)
      t.deepEqual(wordsOf(words.join(' ')), words)
      restAfter(text, words.length)
    }),
  )
})
