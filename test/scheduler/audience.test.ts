import test from 'ava'
import fc from 'fast-check'
import type { SourceRow } from '../../connectors/source.ts'
import type { AudienceFilter } from '../../scheduler/alerts/audience.ts'
import { audienceSchema, explainAudience, isInAudience } from '../../scheduler/alerts/audience.ts'

const row: SourceRow = {
  nom: 'Société Générale d’Élevage',
  agence: '007',
  etat: 'O',
  prime: '145 500,50',
  montant: 2000,
  echeance: '2027-03-15',
  effet: '15/03/2026',
  email: null,
  note: '  ',
}

function holds(filter: AudienceFilter): boolean {
  return isInAudience(audienceSchema.parse(filter), row)
}

test('texts compare without case, accents or typographic apostrophes', t => {
  t.true(holds({ column: 'nom', op: 'eq', value: "SOCIETE GENERALE D'ELEVAGE" }))
  t.true(holds({ column: 'nom', op: 'contains', value: 'générale' }))
  t.true(holds({ column: 'nom', op: 'startsWith', value: 'societe' }))
  t.false(holds({ column: 'nom', op: 'ne', value: 'societe generale d’elevage' }))
  t.true(holds({ column: 'agence', op: 'in', value: ['001', '007'] }))
})

test('amounts compare as numbers and days as days, however they are written', t => {
  t.true(holds({ column: 'prime', op: 'gt', value: 99_999 }))
  t.true(holds({ column: 'prime', op: 'eq', value: 145_500.5 }))
  t.true(holds({ column: 'montant', op: 'lt', value: '10 000' }))
  t.true(holds({ column: 'echeance', op: 'gte', value: '15/03/2027' }))
  t.true(holds({ column: 'effet', op: 'lt', value: '2026-12-31' }))
  t.true(holds({ column: 'effet', op: 'eq', value: '2026-03-15' }))
  t.true(holds({ column: 'etat', op: 'eq', value: true }))
})

test('a code with leading zeros is not the number', t => {
  t.false(holds({ column: 'agence', op: 'eq', value: '7' }))
  t.true(holds({ column: 'agence', op: 'eq', value: 7 }))
})

test('an empty value is empty, and neither more nor less than anything', t => {
  t.true(holds({ column: 'email', op: 'empty' }))
  t.true(holds({ column: 'note', op: 'empty' }))
  t.false(holds({ column: 'email', op: 'lt', value: 5 }))
  t.false(holds({ column: 'email', op: 'contains', value: '' }))
  t.true(holds({ column: 'email', op: 'ne', value: 'x' }))
})

test('groups combine, and empty ones mean everybody and nobody', t => {
  const isYes = { column: 'etat', op: 'eq', value: 'o' } as const
  const isOther = { column: 'etat', op: 'eq', value: 'n' } as const
  t.true(holds({ all: [isYes, { not: isOther }] }))
  t.true(holds({ any: [isOther, isYes] }))
  t.false(holds({ all: [isYes, isOther] }))
  t.true(holds({ all: [] }))
  t.false(holds({ any: [] }))
})

test('who is left out is told by which condition', t => {
  const filter: AudienceFilter = { all: [{ column: 'montant', op: 'gt', value: 5000 }] }
  t.deepEqual(explainAudience(filter, row), {
    kind: 'excluded',
    because: { code: 'condition-failed', column: 'montant', op: 'gt', expected: '5000', actual: '2000' },
  })
  t.like(explainAudience({ not: { column: 'etat', op: 'eq', value: 'O' } }, row), {
    because: { code: 'must-not-match', column: 'etat' },
  })
  t.like(explainAudience({ any: [{ column: 'etat', op: 'empty' }] }, row), {
    because: { code: 'none-matched' },
  })
})

test('a column that the query does not give excludes everybody, also under not', t => {
  const misspelt: AudienceFilter = { not: { column: 'etta', op: 'eq', value: 'N' } }
  t.like(explainAudience(misspelt, row), {
    kind: 'excluded',
    because: { code: 'column-missing', column: 'etta' },
  })
  t.false(isInAudience({ column: 'constructor', op: 'notEmpty' }, row))
})

test('a filter from outside is refused when unknown, too deep or too large', t => {
  const leaf = { column: 'a', op: 'empty' }
  const deep = (levels: number): unknown => (levels === 0 ? leaf : { not: deep(levels - 1) })
  t.true(audienceSchema.safeParse(deep(4)).success)
  t.false(audienceSchema.safeParse(deep(5)).success)
  t.false(audienceSchema.safeParse(deep(3000)).success)
  t.false(audienceSchema.safeParse({ all: Array(101).fill(leaf) }).success)
  t.false(audienceSchema.safeParse({ all: Array(60).fill({ all: [leaf, leaf] }) }).success)
  for (const bad of [
    null,
    'x',
    [],
    {},
    { column: 'a' },
    { column: 'a', op: 'eq' },
    { column: 'a', op: 'like', value: 1 },
  ]) {
    t.false(audienceSchema.safeParse(bad).success)
  }
  t.false(audienceSchema.safeParse({ ...leaf, all: [] }).success)
})

test('not is the opposite, and no value makes a comparison throw', t => {
  const value = fc.oneof(
    fc.string(),
    fc.double(),
    fc.bigInt(),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array(),
  )
  const op = fc.constantFrom('eq', 'ne', 'contains', 'startsWith', 'lt', 'lte', 'gt', 'gte')
  const operand = fc.oneof(fc.string(), fc.double({ noNaN: true }), fc.boolean())
  fc.assert(
    fc.property(value, op, operand, (held, operator, wanted) => {
      const filter = { column: 'a', op: operator, value: wanted } as AudienceFilter
      return isInAudience(filter, { a: held }) !== isInAudience({ not: filter }, { a: held })
    }),
  )
  t.pass()
})
