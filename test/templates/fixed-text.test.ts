import test from 'ava'
import { fixedTextOf } from '../../templates/fixed-text.ts'
import { TemplateError } from '../../templates/parse.ts'

test('words stand as written, known values in their places, and a sign for what only a row knows', t => {
  t.is(
    fixedTextOf('{{cie}}: cher {{nom}}, STOP{{[NO COURT]}}', { cie: 'NOM ASSUR' }),
    'NOM ASSUR: cher 1, STOP1',
  )
  t.is(fixedTextOf('', {}), '')
  t.is(fixedTextOf('{{constructor}}', {}), '1')
})

test('every branch and every text given to a helper is looked at, what it decides by is not', t => {
  const fixed = fixedTextOf(
    '{{#si nom}}Cher {{defaut nom "client STOP"}}{{else}}Bonjour{{/si}}{{! STOP }} le {{date jour "long"}}, {{montant prime devise="XAF" decimales=cents}}',
    {},
  )
  for (const word of ['Cher', 'client STOP', 'Bonjour', 'le', 'long', 'XAF'])
    t.true(fixed.includes(word), word)
  t.false(fixed.includes('nom'))
  t.is(fixed.match(/STOP/g)?.length, 1)
})

test('what is no template is refused as everywhere', t => {
  t.throws(() => fixedTextOf('{{nom', {}), { instanceOf: TemplateError })
})
