/** Sources of templates and the values of hostile rows. */
import { isDeepStrictEqual } from 'node:util'
import test from 'ava'
import fc from 'fast-check'
import { previewTemplate } from '../../templates/preview.ts'
import { compileTemplate, renderMessage, type TemplateValues } from '../../templates/render.ts'
import { fuzz } from './fuzz.ts'
import { assembled, mutated } from './mutations.ts'

const corpus = [
  '{{civilite}} {{nom}}, votre contrat {{immat}} expire le {{date echeance}}. Prime: {{montant prime}} F CFA.',
  '{{#if prime}}Prime {{montant prime decimales=0}}{{else}}Sans prime{{/if}} {{defaut agence "Siège"}}',
  '{{tronque nom 20}} {{majuscule nom}} {{titre nom}} {{jours echeance}} {{pluriel n "jour" "jours"}}',
  '{{#unless a}}{{si b "oui" "non"}}{{/unless}} {{date (defaut echeance "2027-01-01") "long"}}',
]
const pieces = [
  '{{',
  '}}',
  '{{{',
  '}}}',
  '{{#if a}}',
  '{{#each a}}',
  '{{#with a}}',
  '{{/if}}',
  '{{else}}',
  '{{a}}',
  '(',
  ')',
  '"',
  "'",
  '=',
  '../',
  '@root',
  '[',
  ']',
  'this',
  '.',
  '__proto__',
  'constructor',
  'lookup ',
  '{{!--',
  '{{> x}}',
  '\\',
  '~',
  '|',
  'as |x|',
  '\0',
  '\ud800',
  'montant ',
  'tronque ',
  '1e999 ',
]

const source = fc.oneof(mutated(corpus, pieces), assembled(pieces), fc.string({ unit: 'binary' }))
const name = fc.constantFrom(
  'a',
  'b',
  'n',
  'nom',
  'prime',
  'echeance',
  '__proto__',
  'constructor',
  'toString',
)
const value = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.constantFrom('2027-03-15', '145500', '1e308', '{{nom}}', 'x'.repeat(5_000)),
  fc.double(),
  fc.bigInt(),
  fc.boolean(),
  fc.constantFrom(null, undefined),
  fc.uint8Array({ maxLength: 20 }),
)
/** Rows as drivers give them, and rows whose prototype somebody has prepared. */
const leaked = 'LEAKED-FROM-A-PROTOTYPE'
const values: fc.Arbitrary<TemplateValues> = fc
  .tuple(fc.array(fc.tuple(name, value), { maxLength: 6 }), fc.constantFrom('plain', 'null', 'prepared'))
  .map(([entries, prototype]) => {
    const base = { plain: Object.prototype, null: null, prepared: { nom: leaked, a: leaked, prime: leaked } }
    const row: Record<string, unknown> = Object.create(base[prototype])
    for (const [key, cell] of entries)
      Object.defineProperty(row, key, { value: cell, configurable: true, enumerable: true })
    return row as TemplateValues
  })

const message = {
  policy: 'smart',
  maxParts: 6,
  tooLong: 'truncate',
  today: { year: 2027, month: 3, day: 8 },
} as const
const language = fc.constantFrom('fr' as const, 'en' as const)

test('any template is refused in words, or renders any row within its limits', async t => {
  const own = Object.getOwnPropertyNames(Object.prototype).length
  await fuzz(t, fc.tuple(source, values, language), ([written, row, spoken]) => {
    const options = { language: spoken, country: 'BF', ...message } as const
    const preview = previewTemplate(written, [row], options)
    if (preview.kind === 'template-refused') return preview.code !== '' && preview.found.length < 1_000
    const rendered = renderMessage(compileTemplate(written, options), row, message)
    if (!isDeepStrictEqual(preview.rows, [rendered])) return false
    if (rendered.kind !== 'ready') return ['missing', 'failed', 'refused'].includes(rendered.kind)
    return rendered.parts.length <= message.maxParts && !rendered.text.includes(leaked)
  })
  t.is(Object.getOwnPropertyNames(Object.prototype).length, own, 'no prototype was written to')
})
