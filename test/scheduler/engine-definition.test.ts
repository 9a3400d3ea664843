import test from 'ava'
import { alertDefinitionSchema } from '../../scheduler/alerts/alert.ts'

const plain = {
  sourceId: 1,
  sql: 'select * from contrats',
  keyColumns: ['police'],
  phoneColumn: 'telephone',
  country: 'BF',
  trigger: { kind: 'due-date', dateColumn: 'echeance', offsetsDays: [-30, -7, 0] },
  templates: [{ templateId: 1 }],
  schedule: { cron: '0 8 * * 1-6', zone: 'Africa/Ouagadougou' },
}

function problemsOf(changes: Record<string, unknown>): string[] {
  const parsed = alertDefinitionSchema.safeParse({ ...plain, ...changes })
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
}

test('a plain definition is taken, and says what was left to the defaults', t => {
  const definition = alertDefinitionSchema.parse(plain)
  t.like(definition, {
    category: 'reminder',
    service: 'default',
    schedule: { catchUp: 'once' },
    validityHours: 48,
  })
})

for (const [what, schedule, expected] of [
  [
    'a cron field out of its range',
    { cron: '0 25 * * *', zone: 'Africa/Ouagadougou' },
    /^schedule\.cron: .*hour must be 0-23/,
  ],
  [
    'a cron that is a sentence',
    { cron: 'every day', zone: 'Africa/Ouagadougou' },
    /^schedule\.cron: .*five fields/,
  ],
  [
    'a cron that never runs',
    { cron: '0 8 30 2 *', zone: 'Africa/Ouagadougou' },
    /^schedule\.cron: .*never runs/,
  ],
  ['a zone that does not exist', { cron: '0 8 * * *', zone: 'Africa/Ouaga' }, /^schedule\.zone: .*IANA/],
] as const) {
  test(`${what} is refused in one sentence`, t => {
    const problems = problemsOf({ schedule })
    t.is(problems.length, 1)
    t.regex(problems[0]!, expected)
  })
}

for (const [what, changes] of [
  ['no key column', { keyColumns: [] }],
  ['the same key column twice', { keyColumns: ['police', 'police'] }],
  ['a column with blanks around it', { phoneColumn: ' telephone' }],
  ['a column named __proto__', { keyColumns: ['__proto__'] }],
  ['a column with a control character', { phoneColumn: 'tel\u0000' }],
  ['a country without a plan', { country: 'ZZ' }],
  ['an unknown trigger', { trigger: { kind: 'magic' } }],
] as const) {
  test(`${what} is refused`, t => {
    t.true(problemsOf(changes).length > 0)
  })
}

test('an offset without a template is refused, by its number', t => {
  const templates = [{ templateId: 1, offsetsDays: [-30, -7] }]
  t.deepEqual(problemsOf({ templates }), ['templates: a template for every offset; none for 0'])
  t.deepEqual(problemsOf({ templates: [...templates, { templateId: 2 }] }), [])
})

test('a dunning alert needs a template for each of its letters', t => {
  const trigger = { kind: 'dunning', dateColumn: 'date', firstAfterDays: 3, everyDays: 10, maxReminders: 3 }
  const templates = [{ templateId: 1, offsetsDays: [1, 2] }]
  t.deepEqual(problemsOf({ trigger, templates }), ['templates: a template for every offset; none for 3'])
})

test('a trigger without offsets needs a template for all', t => {
  const changes = { trigger: { kind: 'new-row' }, templates: [{ templateId: 1, offsetsDays: [0] }] }
  t.regex(problemsOf(changes)[0] ?? '', /^templates: a template without offsetsDays/)
})

test('two templates for all leave open which is meant, and are refused', t => {
  const templates = [{ templateId: 1 }, { templateId: 2 }]
  t.deepEqual(problemsOf({ templates }), ['templates: at most one template without offsetsDays'])
})
