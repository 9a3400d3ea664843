/** The text of a start-up file. */
import { readFileSync } from 'node:fs'
import test from 'ava'
import fc from 'fast-check'
import { settings } from '../../server/config/settings.ts'
import { loadConfig } from '../../server/config.ts'
import { fuzz } from './fuzz.ts'
import { assembled, mutated } from './mutations.ts'

const example = readFileSync(new URL('../../rappel.example.yaml', import.meta.url), 'utf8')
const corpus = [
  example,
  example.replaceAll(/^#(?= ?\w+:)/gm, ''),
  'http:\n  port: 8080\ndatabase:\n  kind: sqlite\n',
  '{"http": {"port": 8080}}',
]
const pieces = [
  ': ',
  '\n',
  '  ',
  '\t',
  '- ',
  '? ',
  '[',
  ']',
  '{',
  '}',
  ',',
  '&a ',
  '*a',
  '<<: ',
  '!!binary ',
  '|',
  '>',
  '"',
  "'",
  '#',
  '%YAML 1.1',
  '---',
  '...',
  '~',
  '.inf',
  '\u2028',
  '\0',
  '__proto__: ',
  ...settings.map(({ path }) => `${path.at(-1)}: `),
]

test('any start-up file is read, or refused in readable lines', async t => {
  const own = Object.getOwnPropertyNames(Object.prototype).length
  const text = fc.oneof(mutated(corpus, pieces), assembled(pieces), fc.string({ unit: 'binary' }))
  await fuzz(t, text, written => {
    const readFile = () => ({ kind: 'text', text: written }) as const
    const outcome = loadConfig({ options: {}, environment: {}, workingDirectory: '/srv', readFile })
    if (outcome.kind === 'config') return true
    const { problems } = outcome
    return (
      problems.length > 0 &&
      problems.length <= 21 &&
      problems.every(({ line }) => !/\p{Cc}/u.test(line) && line.length < 1_000)
    )
  })
  t.is(Object.getOwnPropertyNames(Object.prototype).length, own, 'no prototype was written to')
})
