import test from 'ava'
import type { TemplateLanguage } from '../../templates/helpers/helper.ts'
import { compileTemplate, type RenderOutcome, type TemplateValues } from '../../templates/render.ts'
import type { CountryCode } from '../../templates/text/country-presets.ts'

const today = { year: 2027, month: 3, day: 8 }
const outcome = (
  source: string,
  values: TemplateValues,
  language: TemplateLanguage = 'fr',
  country: CountryCode = 'BF',
): RenderOutcome => compileTemplate(source, { language, country }).render(values, today)

const rows: [
  source: string,
  values: TemplateValues,
  text: string,
  language?: TemplateLanguage,
  country?: CountryCode,
][] = [
  ['{{date d}}', { d: '2027-03-15' }, '15/03/2027'],
  ['{{date d}}', { d: 46461 }, '15/03/2027'],
  ['{{date d "court"}}', { d: '20270301' }, '01/03/2027'],
  ['{{date d "long"}}', { d: '15/03/2027' }, '15 mars 2027'],
  ['{{date d "long"}}', { d: '2027-03-01' }, '1er mars 2027'],
  ['{{date d "long"}}', { d: '2027-08-09' }, '9 aout 2027'],
  ['{{date d "long"}}', { d: '2027-03-01' }, '1 March 2027', 'en'],
  ['{{date d "short"}}', { d: '2027-03-01' }, '01/03/2027', 'en'],
  ['{{montant m}}', { m: '145500.00' }, '145 500'],
  ['{{montant m}}', { m: '145 500,00 F' }, '145 500'],
  ['{{montant m}}', { m: '999999.50' }, '1 000 000'],
  ['{{montant m}}', { m: '999.49' }, '999'],
  ['{{montant m}}', { m: 0 }, '0'],
  ['{{montant m}}', { m: -1500 }, '-1 500'],
  ['{{montant m}}', { m: '-0.4' }, '0'],
  ['{{montant m}}', { m: '999999999999999' }, '999 999 999 999 999'],
  ['{{montant m devise=true}}', { m: 145500 }, '145 500 F CFA'],
  ['{{amount m currency=true}}', { m: 145500.5 }, '145 500.50 EUR', 'en', 'FR'],
  ['{{montant m}}', { m: 0.999 }, '1,00', 'fr', 'FR'],
  ['{{montant m decimales=1}}', { m: '12.06' }, '12,1'],
  ['{{tronque n 25}}', { n: 'OUEDRAOGO' }, 'OUEDRAOGO'],
  ['{{tronque n 20}}', { n: 'SOCIETE DE TRANSPORT DU SAHEL' }, 'SOCIETE DE TRANSPORT'],
  ['{{tronque n 18}}', { n: 'SOCIETE DE TRANSPORT DU SAHEL' }, 'SOCIETE DE'],
  ['{{tronque n 10}}', { n: 'LE TRANSPORTEUR' }, 'LE TRANSPO'],
  ['{{truncate n 3}}', { n: 'ab👨‍👩‍👧cd' }, 'ab'],
  ['{{majuscule n}}', { n: 'zoé' }, 'ZOÉ'],
  ['{{upper n}}', { n: 'zoé' }, 'ZOÉ', 'en'],
  ['{{titre n}}', { n: "OUEDRAOGO JEAN-BAPTISTE N'DA" }, "Ouedraogo Jean-Baptiste N'Da"],
  ['{{title n}}', { n: 'élodie' }, 'Élodie', 'en'],
  ['{{jours d}}', { d: '2027-03-15' }, '7'],
  ['{{days d}}', { d: '2027-03-01' }, '7', 'en'],
  ['{{jours d}}', { d: '2027-03-08 23:59:59' }, '0'],
  ['{{pluriel n "jour" "jours"}}', { n: 1 }, 'jour'],
  ['{{pluriel n "jour"}}', { n: 2 }, 'jours'],
  ['{{pluriel n "jour"}}', { n: '0' }, 'jour'],
  ['{{plural n "day"}}', { n: 0 }, 'days', 'en'],
  ['{{plural n "day" "days"}}', { n: 1 }, 'day', 'en'],
  ['{{jours d}} {{pluriel (jours d) "jour"}}', { d: '2027-03-09' }, '1 jour'],
  ['{{tronque (titre n) 8}}', { n: 'AMINATA TRAORE' }, 'Aminata'],
  ['{{default p "client"}}', {}, 'client', 'en'],
]

for (const [index, [source, values, text, language, country]] of rows.entries()) {
  test(`${index + 1}. ${source} with ${JSON.stringify(Object.values(values))} writes ${text} (${language ?? 'fr'})`, t => {
    t.deepEqual(outcome(source, values, language, country), { kind: 'text', text })
  })
}

test('a value that does not suit fails the row and says what was expected and where', t => {
  const failed = outcome('le {{date d}}', { d: '31/02/2027' })
  t.like(failed, { kind: 'failed', code: 'value-not-a-date', detail: { line: 1, column: 4, helper: 'date' } })
  t.like(outcome('{{montant m}}', { m: '145.500' }), { kind: 'failed', code: 'value-not-an-amount' })
  t.like(outcome('{{jours d}}', { d: 'demain' }), { kind: 'failed', code: 'value-not-a-date' })
  t.like(outcome('{{tronque n l}}', { n: 'abc', l: 'x' }), { kind: 'failed', code: 'value-not-a-number' })
  t.like(outcome('{{pluriel n "jour"}}', { n: 'x' }), { kind: 'failed', code: 'value-not-a-number' })
})

test('days without the day of the message fail the row', t => {
  const compiled = compileTemplate('{{jours d}}', { language: 'fr', country: 'BF' })
  t.like(compiled.render({ d: '2027-03-15' }), { kind: 'failed', code: 'today-missing' })
})
