import test from 'ava'
import { triggerSchema } from '../../scheduler/alerts/triggers/kinds.ts'
import { compileTemplate, renderMessage } from '../../templates/render.ts'
import { sampleToday } from '../../templates/starters/starter.ts'
import { starterTemplates } from '../../templates/starters/starters.ts'
import { isGsm7 } from '../../templates/text/gsm-alphabet.ts'

/** Septets of each French sample row: a change of wording that costs a part must be seen. */
const frenchLengths: Readonly<Record<string, number>> = {
  T01: 151,
  T02: 154,
  T03: 133,
  T04: 137,
  T05: 141,
  T06: 127,
  T07: 137,
  T08: 138,
  T09: 122,
  T10: 134,
  T11: 153,
  T12: 143,
  T13: 147,
  T14: 119,
  T15: 110,
  T16: 99,
  T17: 144,
  T18: 103,
}

for (const { id, language, name, source, sampleRows } of starterTemplates) {
  test(`${id} ${language} (${name}) is GSM-7 and renders in one part`, t => {
    t.true(isGsm7(source.replace(/\{\{[^}]*\}\}/g, '')))
    t.true(sampleRows.length > 0)
    const compiled = compileTemplate(source, { language, country: 'BF' })
    for (const row of sampleRows) {
      const message = { policy: 'reject', maxParts: 1, tooLong: 'refuse', today: sampleToday } as const
      const rendered = renderMessage(compiled, row, message)
      t.like(rendered, { kind: 'ready', encoding: 'gsm7' })
      if (rendered.kind !== 'ready') continue
      t.is(rendered.parts.length, 1)
      if (language === 'fr') t.is(rendered.units, frenchLengths[id]!)
    }
    t.deepEqual(
      Object.keys(sampleRows[0]!).sort(),
      [...compiled.variables].sort(),
      'the sample has what is read',
    )
  })
}

test('the same eighteen exist in both languages, with the same trigger, category and columns', t => {
  const of = (language: string) => starterTemplates.filter(starter => starter.language === language)
  const french = of('fr')
  const english = of('en')
  t.deepEqual(
    french.map(s => s.id),
    Object.keys(frenchLengths),
  )
  t.deepEqual(
    english.map(s => s.id),
    french.map(s => s.id),
  )
  for (const [index, starter] of french.entries()) {
    const other = english[index]!
    t.deepEqual([other.category, other.trigger], [starter.category, starter.trigger], starter.id)
    const columns = (source: string) =>
      [...compileTemplate(source, { language: 'fr', country: 'BF' }).variables].sort()
    t.deepEqual(columns(other.source), columns(starter.source), starter.id)
  }
})

test('the trigger of each is one that an alert takes as it stands', t => {
  for (const { id, trigger } of starterTemplates) {
    if (trigger === null) t.is(id, 'T18', 'only a code is asked for by a person')
    else t.like(triggerSchema.parse(trigger), trigger, id)
  }
})

test('a company without civility gets its message, a contract without date does not', t => {
  const starter = starterTemplates.find(s => s.id === 'T01' && s.language === 'fr')!
  const compiled = compileTemplate(starter.source, { language: 'fr', country: 'BF' })
  const company = compiled.render({ ...starter.sampleRows[0], civilite: null, nom: 'SAHEL TRANS' })
  t.true(company.kind === 'text' && company.text.startsWith('SAHEL TRANS, votre assurance'))
  t.deepEqual(compiled.render({ ...starter.sampleRows[0], echeance: '' }), {
    kind: 'missing',
    variables: ['echeance'],
  })
})
