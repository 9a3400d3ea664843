/** Hostile start-up files: no crash, no hang, one line per problem. */
import test from 'ava'
import fc from 'fast-check'
import { settings } from '../../server/config/settings.ts'
import { loadConfig } from '../../server/config.ts'

function load(text: string, environment: Record<string, string> = {}) {
  const readFile = () => ({ kind: 'text', text }) as const
  return loadConfig({ options: {}, environment, workingDirectory: '/srv', readFile })
}

/** Ten times what the slowest takes on a slow machine; a hang takes minutes. */
const longestMs = 5_000

function isFastAndReadable(text: string, environment?: Record<string, string>): boolean {
  const start = performance.now()
  const outcome = load(text, environment)
  if (performance.now() - start > longestMs) return false
  if (outcome.kind === 'config') return true
  return (
    outcome.problems.length > 0 &&
    outcome.problems.length <= 21 &&
    outcome.problems.every(({ line }) => !/\p{Cc}/u.test(line) && line.length < 1_000)
  )
}

const fragments = fc.constantFrom(
  ...[
    'http:',
    'port',
    ': ',
    '\n',
    '  ',
    '- ',
    '? ',
    '[',
    ']',
    '{',
    '}',
    ',',
    '&a ',
    '*a',
    '!!set ',
    '<<: ',
    '|',
    '>',
  ],
  ...[
    '"',
    "'",
    '#',
    '%YAML 1.1',
    '---',
    '...',
    '\t',
    '__proto__: ',
    'constructor: ',
    '.nan',
    '0x1F',
    '~',
    '\u2028',
  ],
  ...settings.map(({ path }) => `${path.at(-1)}: `),
)

test('text made of pieces of YAML is read or refused', t => {
  const text = fc.array(fragments, { maxLength: 60 }).map(parts => parts.join(''))
  fc.assert(
    fc.property(text, written => isFastAndReadable(written)),
    { numRuns: 2_000 },
  )
  t.pass()
})

test('any text in the file and in every variable is read or refused', t => {
  const variables = fc.dictionary(
    fc.oneof(
      fc.constantFrom(...settings.map(({ variable }) => variable)),
      fc.string().map(name => `RAPPEL_${name}`),
    ),
    fc.string({ unit: 'binary' }),
  )
  const property = fc.property(fc.string({ unit: 'binary', maxLength: 400 }), variables, isFastAndReadable)
  fc.assert(property, { numRuns: 1_000 })
  t.pass()
})

test('any value under a known key is read or refused', t => {
  const entries = fc.constantFrom(...settings.map(({ path }) => path))
  const property = fc.property(entries, fc.jsonValue(), (path, value) => {
    const tree = path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value)
    return isFastAndReadable(JSON.stringify(tree))
  })
  fc.assert(property, { numRuns: 1_000 })
  t.pass()
})

const laughs = [
  'a: &a [x,x,x,x,x,x,x,x,x]',
  ...'bcdefghi'.split('').map((name, i) => {
    const before = 'abcdefgh'[i]
    return `${name}: &${name} [${Array(9).fill(`*${before}`).join(',')}]`
  }),
].join('\n')

test('a billion laughs is refused by its anchors', t => {
  const outcome = load(laughs)
  t.is(outcome.kind, 'refused')
  if (outcome.kind === 'refused') t.regex(outcome.problems[0]!.line, /anchors \(&name\) are not accepted/)
})

const bombs: Record<string, string> = {
  'opened brackets': '['.repeat(60_000),
  'opened braces': '{'.repeat(60_000),
  'nested keys': '? '.repeat(30_000),
  'keys that are maps': `${'{? '.repeat(300)}a${'}'.repeat(300)}: 1`,
  'nested lists': '- '.repeat(30_000),
  'nested maps': '{a: '.repeat(15_000),
  quotes: '"'.repeat(60_000),
  tags: '! '.repeat(30_000),
  commas: `[${','.repeat(60_000)}`,
  'thousands of keys': Array.from({ length: 8_000 }, (_, i) => `k${i}: 1`).join('\n'),
  'one key a thousand times': 'http: {}\n'.repeat(7_000),
  'a merge of itself': '&a\nhttp: *a\n<<: *a',
  'a digit for every byte': `http: {port: ${'9'.repeat(60_000)}}`,
  'a key as long as the file': `${'k'.repeat(60_000)}: 1`,
}
for (const [name, text] of Object.entries(bombs)) {
  test(`${name} as start-up file end in a refusal, soon`, t => {
    t.is(load(text).kind, 'refused')
    t.true(isFastAndReadable(text))
  })
}

test('a key named __proto__ or constructor is an unknown setting like any other', t => {
  for (const text of ['__proto__: {country: CI}', 'constructor: 1', 'http: {__proto__: {port: 1}}']) {
    const outcome = load(text)
    t.is(outcome.kind, 'refused', text)
  }
  t.is(Object.getOwnPropertyDescriptor(Object.prototype, 'country'), undefined)
})
