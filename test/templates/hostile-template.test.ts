import test from 'ava'
import fc from 'fast-check'
import { TemplateError } from '../../templates/parse.ts'
import { previewTemplate } from '../../templates/preview.ts'
import { compileTemplate, renderMessage, type TemplateValues } from '../../templates/render.ts'

const options = { language: 'fr', country: 'BF' } as const
const message = { policy: 'smart', maxParts: 6, tooLong: 'refuse' } as const

test('no prototype is reached by any name', t => {
  for (const name of [
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '__defineGetter__',
    'valueOf',
    'prototype',
  ]) {
    for (const source of [`{{${name}}}`, `{{this.${name}}}`, `{{[${name}]}}`, `{{majuscule ${name}}}`]) {
      t.deepEqual(compileTemplate(source, options).render({}), { kind: 'missing', variables: [name] }, source)
    }
    t.throws(() => compileTemplate(`{{a.${name}}}`, options), { instanceOf: TemplateError })
    t.throws(() => compileTemplate(`{{${name} "x"}}`, options), { instanceOf: TemplateError })
    t.throws(() => compileTemplate(`{{#${name}}}x{{/${name}}}`, options), { instanceOf: TemplateError })
    t.throws(() => compileTemplate(`{{montant 1 ${name}=2}}`, options), { instanceOf: TemplateError })
  }
})

test('published ways out of the Handlebars sandbox are refused', t => {
  const attacks = [
    '{{#with "s" as |string|}}{{#with "e"}}{{lookup string.sub "constructor"}}{{/with}}{{/with}}',
    '{{#with (lookup this "constructor")}}{{this}}{{/with}}',
    '{{helperMissing "x"}}',
    '{{blockHelperMissing "x"}}',
    '{{constructor.constructor "return process"}}',
    '{{#each (lookup . "__proto__")}}x{{/each}}',
    '{{{{raw}}}}{{{{/raw}}}}',
    '{{@partial-block}}',
    '{{> (lookup . "x")}}',
  ]
  for (const source of attacks)
    t.throws(() => compileTemplate(source, options), { instanceOf: TemplateError }, source)
})

test('a syntax tree in place of a text is not accepted', t => {
  const tree = { type: 'Program', body: [], length: 1, replace: () => '' } as never
  t.throws(() => compileTemplate(tree, options), { instanceOf: TemplateError })
})

test('a bomb of blocks, calls or values ends in an error', t => {
  const bombs = [
    '{{#each a}}'.repeat(100) + '{{/each}}'.repeat(100),
    '{{#if a}}'.repeat(250) + '{{/if}}'.repeat(250),
    `{{${'majuscule ('.repeat(300)}a${')'.repeat(300)}}}`,
    '{{a (a '.repeat(500),
    '{{!--'.repeat(800),
    '{{'.repeat(2_000),
    '('.repeat(4_000),
    '{'.repeat(1_000_000),
  ]
  for (const source of bombs) {
    try {
      const rendered = compileTemplate(source, options).render({ a: 'x' })
      t.is(rendered.kind, 'text')
    } catch (error) {
      t.true(error instanceof TemplateError, String(error))
    }
  }
  const wide = compileTemplate('{{upper a}}'.repeat(200), options)
  t.like(wide.render({ a: 'ß'.repeat(10_000) }), { kind: 'failed', code: 'output-too-long' })
})

const piece = fc.oneof(
  fc.constantFrom(
    '{{',
    '}}',
    '{{{',
    '}}}',
    '{{#if a}}',
    '{{/if}}',
    '{{else}}',
    '{{a}}',
    '{{b',
    '(',
    ')',
    '"',
    "'",
    '|',
    'as |x|',
    '=',
    '../',
    './',
    '@root',
    '@index',
    '[',
    ']',
    'this',
    '__proto__',
    'constructor',
    'each',
    'lookup',
    '{{!--',
    '--}}',
    '{{>',
    '{{*',
    '~',
    '&',
    'date',
    'montant',
    'tronque',
    ' ',
    '\n',
    '\u2028',
    '\u0000',
    '\ud83d',
    '0',
    '1e999',
    'null',
    'undefined',
    'true',
    '\\',
  ),
  fc.string({ unit: 'binary', maxLength: 4 }),
)
const value = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.double(),
  fc.bigInt(),
  fc.boolean(),
  fc.constantFrom(null, undefined, '2027-03-15', '145500.00', new Uint8Array(4)),
)

test('any source compiles or is refused with a place, and what compiles renders any row without throwing', t => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 25 }), value, value, (pieces, a, b) => {
      const source = pieces.join('')
      const rows: TemplateValues[] = [
        { a, b },
        Object.create(null),
        JSON.parse('{"__proto__": "x", "a": "y"}'),
      ]
      const preview = previewTemplate(source, rows, { ...options, ...message })
      if (preview.kind === 'template-refused') {
        t.true(preview.line >= 1 && preview.column >= 1)
        t.true(preview.line <= source.split('\n').length, source)
      } else {
        t.is(preview.rows.length, rows.length)
      }
    }),
    { numRuns: 1_500 },
  )
})

test('helpers take any value without throwing, and nothing that leaves exceeds the limits', t => {
  const sources = [
    '{{date a}}',
    '{{date a "long"}}',
    '{{montant a}}',
    '{{montant a decimales=b}}',
    '{{tronque a b}}',
    '{{tronque a 3}}',
    '{{titre a}}',
    '{{majuscule a}}',
    '{{jours a}}',
    '{{pluriel a b}}',
    '{{defaut a b}}',
    '{{si a b a}}',
    '{{#if a}}{{b}}{{/if}}',
  ].map(source => compileTemplate(source, options))
  fc.assert(
    fc.property(fc.constantFrom(...sources), value, value, (compiled, a, b) => {
      const rendered = renderMessage(
        compiled,
        { a, b },
        { ...message, today: { year: 2027, month: 3, day: 8 } },
      )
      if (rendered.kind === 'ready')
        t.true(rendered.parts.length <= message.maxParts && rendered.text.trim() !== '')
      else t.true(['missing', 'failed', 'refused'].includes(rendered.kind))
    }),
    { numRuns: 1_000 },
  )
})
