import test from 'ava'
import fc from 'fast-check'
import Handlebars from 'handlebars'
import { TemplateError } from '../../templates/parse.ts'
import {
  compileTemplate,
  type RenderOutcome,
  renderMessage,
  type TemplateValues,
} from '../../templates/render.ts'

const options = { language: 'fr', country: 'BF' } as const
const render = (source: string, values: TemplateValues): RenderOutcome =>
  compileTemplate(source, options).render(values)
const text = (source: string, values: TemplateValues): string => {
  const outcome = render(source, values)
  return outcome.kind === 'text' ? outcome.text : JSON.stringify(outcome)
}

test('a template is filled with the values of a row, unescaped', t => {
  const compiled = compileTemplate("{{civilite}} {{nom}}, l'échéance & {{prime}}", options)
  t.deepEqual(compiled.variables, ['civilite', 'nom', 'prime'])
  t.deepEqual(compiled.render({ civilite: 'M.', nom: "N'DA <b>", prime: 0 }), {
    kind: 'text',
    text: "M. N'DA <b>, l'échéance & 0",
  })
})

test('numbers, bigints and booleans are written; blanks around a value are not', t => {
  t.is(text('{{a}}|{{b}}|{{c}}|{{d}}', { a: 12.5, b: 12n, c: false, d: '  x  ' }), '12.5|12|false|x')
})

test('a column is also reached as this.name, ./name or [a name with spaces]', t => {
  t.is(text('{{this.a}} {{./a}} {{[NOM ASSU]}} {{{a}}} {{&a}}', { a: 1, 'NOM ASSU': 'X' }), '1 1 X 1 1')
})

test('a column named as a helper is the column when nothing follows it', t => {
  t.is(
    text('{{date}} {{montant}} {{jours}} {{montant montant}}', { date: 'd', montant: 1000, jours: 3 }),
    'd 1000 3 1 000',
  )
})

test('every missing value is named once, and no text comes out', t => {
  for (const empty of [undefined, null, '', '  \u00a0 ', Number.NaN]) {
    t.deepEqual(render('{{a}} {{b}} {{a}} {{montant c}}', { a: empty, b: 'x' }), {
      kind: 'missing',
      variables: ['a', 'c'],
    })
  }
})

test('a value used under a guard may be missing', t => {
  t.is(text('{{defaut a "client"}}', {}), 'client')
  t.is(text('{{defaut (titre a) "client"}}', { a: 'JEAN' }), 'Jean')
  t.is(text('{{#if a}}{{a}} {{/if}}fin', { a: '  ' }), 'fin')
  t.is(text('{{#si a}}oui{{else}}non{{/si}}', {}), 'non')
  t.is(text('{{#unless a}}non{{/unless}}', {}), 'non')
  t.is(text('{{si a "oui" "non"}}', { a: true }), 'oui')
  t.is(text('{{si a "oui"}}.', {}), '.')
})

test('a guard holds the message when its fallback is missing too, or another value is', t => {
  t.deepEqual(render('{{defaut a b}}', {}), { kind: 'missing', variables: ['b'] })
  t.deepEqual(render('{{#if a}}{{b}}{{/if}}', { a: 1 }), { kind: 'missing', variables: ['b'] })
  t.deepEqual(render('{{majuscule (defaut a b)}}', {}), { kind: 'missing', variables: ['b'] })
  t.is(text('{{defaut a b}}', { a: 'x' }), 'x')
})

test('else chains, includeZero, comments and white-space control read as in Handlebars', t => {
  const source =
    '{{#if a}}A{{else if b}}B{{else}}C{{/if}}{{! note }}{{!-- note --}} {{~#if z includeZero=true}} zero {{~/if}}'
  t.is(text(source, { a: 1, z: 0 }), 'A zero')
  t.is(text(source, { b: 1 }), 'B')
  t.is(text(source, {}), 'C')
})

test('a value that is no text, or is endless, fails the row with its place and without its content', t => {
  const binary = render('x {{photo}}', { photo: new Uint8Array(3) })
  t.like(binary, {
    kind: 'failed',
    code: 'value-not-text',
    detail: { line: 1, column: 5, variable: 'photo' },
  })
  t.like(render('{{a}}', { a: {} as never }), { kind: 'failed', code: 'value-not-text' })
  t.like(render('{{a}}', { a: 10n ** 9_999n }), { kind: 'failed', code: 'value-not-text' })
  t.like(render('{{a}}', { a: 'x'.repeat(10_001) }), { kind: 'failed', code: 'value-too-long' })
  t.like(render('{{a}}{{a}}', { a: 'x'.repeat(6_000) }), { kind: 'failed', code: 'output-too-long' })
})

const refusals: [source: string, code: string, line: number, column: number][] = [
  ['Bonjour {{nom', 'template-syntax', 1, 11],
  ['a\nb {{#if x}}y', 'template-syntax', 2, 13],
  ['{{#if a}}x{{/unless}}', 'template-syntax', 1, 4],
  ['{{{a}}', 'template-syntax', 1, 5],
  ['{{else}}', 'template-syntax', 1, 1],
  ['x\n  {{tronqe nom 5}}', 'template-helper-unknown', 2, 5],
  ['{{majuscule (lookup this "x")}}', 'template-helper-unknown', 1, 14],
  ['{{log "x" level="error"}}', 'template-helper-unknown', 1, 3],
  ['{{#each rows}}x{{/each}}', 'template-helper-unknown', 1, 1],
  ['{{#with a}}x{{/with}}', 'template-helper-unknown', 1, 1],
  ['{{#nom}}x{{/nom}}', 'template-helper-unknown', 1, 1],
  ['{{^nom}}x{{/nom}}', 'template-helper-unknown', 1, 1],
  ['{{{{raw}}}} x {{{{/raw}}}}', 'template-helper-unknown', 1, 1],
  ['{{#if a as |b|}}x{{/if}}', 'template-helper-arguments', 1, 1],
  ['{{#if a b}}x{{/if}}', 'template-helper-arguments', 1, 1],
  ['{{#if a foo=1}}x{{/if}}', 'template-helper-arguments', 1, 9],
  ['{{tronque nom}}', 'template-helper-arguments', 1, 1],
  ['{{tronque nom 0}}', 'template-helper-arguments', 1, 15],
  ['{{date d "american"}}', 'template-helper-arguments', 1, 10],
  ['{{montant a foo=1}}', 'template-helper-arguments', 1, 13],
  ['{{> pied}}', 'template-construct-forbidden', 1, 1],
  ['{{#> pied}}x{{/pied}}', 'template-construct-forbidden', 1, 1],
  ['{{* deco}}', 'template-construct-forbidden', 1, 1],
  ['{{#*inline "x"}}y{{/inline}}', 'template-construct-forbidden', 1, 1],
  ['{{majuscule undefined}}', 'template-construct-forbidden', 1, 13],
  ['{{client.nom}}', 'template-path-forbidden', 1, 3],
  ['{{../nom}}', 'template-path-forbidden', 1, 3],
  ['{{@root.nom}}', 'template-path-forbidden', 1, 3],
  ['{{this}}', 'template-path-forbidden', 1, 3],
  ['{{"texte"}}', 'template-path-forbidden', 1, 3],
]

for (const [source, code, line, column] of refusals) {
  test(`${JSON.stringify(source)} is refused as ${code} at ${line}:${column}`, t => {
    const error = t.throws(() => compileTemplate(source, options), { instanceOf: TemplateError })
    t.like(error, { code, line, column })
    t.true(error!.expected.length > 0)
  })
}

test('an unknown helper is named, with those that exist', t => {
  const error = t.throws<TemplateError>(() => compileTemplate('{{tronqe nom 5}}', options))
  t.is(error?.found, 'tronqe')
  t.regex(error?.expected ?? '', /tronque/)
})

test('a template that is too long, too full or too deep is refused', t => {
  const code = (source: string): string =>
    t.throws<TemplateError>(() => compileTemplate(source, options))!.code
  t.is(code('x'.repeat(4_001)), 'template-too-long')
  t.is(code('{{a}}'.repeat(700)), 'template-too-complex')
  t.is(code('{{#if a}}'.repeat(12) + '{{/if}}'.repeat(12)), 'template-too-deep')
  t.is(code(`{{${'majuscule ('.repeat(12)}titre a${')'.repeat(12)}}}`), 'template-too-deep')
})

test('renderMessage goes from the row to the parts', t => {
  const compiled = compileTemplate('{{nom}}, bonne fête', options)
  const message = { policy: 'smart', maxParts: 1, tooLong: 'refuse' } as const
  t.like(renderMessage(compiled, { nom: 'Zoé' }, message), {
    kind: 'ready',
    text: 'Zoé, bonne fete',
    encoding: 'gsm7',
  })
  t.deepEqual(renderMessage(compiled, {}, message), { kind: 'missing', variables: ['nom'] })
  t.like(renderMessage(compiled, { nom: 'x'.repeat(200) }, message), {
    kind: 'refused',
    code: 'text-too-long',
  })
})

test('what is allowed renders exactly as Handlebars itself renders it', t => {
  const handlebars = Handlebars.create()
  handlebars.registerHelper('majuscule', (value: unknown) => String(value).toUpperCase())
  const leaf = fc.constantFrom(
    '{{a}}',
    '{{ b }}',
    '{{~a}}',
    '{{b~}}',
    '{{majuscule a}}',
    ' x ',
    '\n',
    'é',
    '{{! c }}',
    '\\{{a}}',
    '{{{b}}}',
  )
  const { body } = fc.letrec<{ body: string; block: string }>(tie => ({
    body: fc
      .array(fc.oneof({ maxDepth: 3 }, leaf, tie('block')), { maxLength: 5 })
      .map(pieces => pieces.join('')),
    block: fc
      .tuple(fc.constantFrom('if', 'unless'), fc.constantFrom('a', 'z', 'n', 'f'), tie('body'), tie('body'))
      .map(([name, variable, yes, no]) => `{{#${name} ${variable}}}${yes}{{else}}${no}{{/${name}}}`),
  }))
  // Texts only: without escaping, Handlebars adds two numbers side by side, which the next test forbids.
  const values = { a: 'Aa', b: '12', z: 0, n: null, f: false }
  fc.assert(
    fc.property(body, source => {
      t.is(text(source, values), handlebars.compile(source, { noEscape: true })(values), source)
    }),
    { numRuns: 400 },
  )
})

test('two numbers side by side are written, not added', t => {
  t.is(text('{{a}}{{b}}', { a: 1, b: 2 }), '12')
})
