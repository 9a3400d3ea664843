/** The scanner and the rules find what they are meant to find: each is shown an offence. */
import test from 'ava'
import * as rules from './rules.ts'
import { codeOf, importsOf } from './scanner.ts'

const at = (path: string, text: string) => [{ path, text }]

test('comments, strings, regular expressions and template texts are no code; what stands in their holes is', t => {
  const source = [
    "const a = 'Date.now()' // Date.now()",
    '/* Date.now() */ const b = /Date.now()[/]"/.test(a)',
    'const c = `Date.now() §{live({ d: `x §{inner} Date.now()` })} Date.now()`'.replaceAll('§', '$'),
    "const e = 4 / 2 / 1 + 'it\\'s' + \"'\"",
    'last()',
  ].join('\n')
  const code = codeOf(source)
  t.is(code.length, source.length)
  t.false(code.includes('Date.now'))
  for (const kept of ['live({ d:', 'inner', 'last()', '4 / 2 / 1', '.test(a)'])
    t.true(code.includes(kept), kept)
})

test('every form of import is found with its line', t => {
  const source = `#!/usr/bin/env node
// import x from 'comment'
import type { A } from './a.ts'
import {
  b,
} from './b.ts'
import 'node:side'
export { c } from "./c.ts"
export const text = "import d from 'string'"
const e = await import('./e.ts')
export const from = { import: 1 }
`
  t.deepEqual(
    importsOf(source).map(one => [one.specifier, one.line, one.isType, one.isReExport]),
    [
      ['./a.ts', 3, true, false],
      ['./b.ts', 6, false, false],
      ['node:side', 7, false, false],
      ['./c.ts', 8, false, true],
      ['./e.ts', 10, false, false],
    ],
  )
})

const wrongImports: [path: string, specifier: string][] = [
  ['connectors/a.ts', '../scheduler/b.ts'],
  ['connectors/a.ts', '../templates/render.ts'],
  ['templates/render.ts', '../connectors/clock.ts'],
  ['templates/text/a.ts', '../render.ts'],
  ['templates/text/a.ts', 'node:fs'],
  ['templates/text/a.ts', 'zod'],
  ['scheduler/a.ts', '../server/errors.ts'],
  ['server/api/contract/a.ts', '../../errors.ts'],
  ['server/api/contract/a.ts', 'express'],
  ['web/pages/a.tsx', '../../server/errors.ts'],
  ['installer/a.ts', '../server/errors.ts'],
  ['server/a.ts', '../test/support/fake-clock.ts'],
  ['server/a.ts', './b'],
]
for (const [path, specifier] of wrongImports) {
  test(`${path} importing ${specifier} is an offence`, t => {
    t.is(rules.wrongImports(at(path, `import { x } from '${specifier}'`)).length, 1)
  })
}

test('imports along the direction are none', t => {
  const right: [string, string][] = [
    ['server/a.ts', '../scheduler/b.ts'],
    ['server/a.ts', './api/contract/b.ts'],
    ['scheduler/a.ts', '../templates/render.ts'],
    ['connectors/a.ts', '../templates/text/b.ts'],
    ['connectors/a.ts', 'node:net'],
    ['server/api/contract/a.ts', 'zod'],
    ['server/api/contract/a.ts', '../../../templates/text/b.ts'],
    ['templates/text/a.ts', 'libphonenumber-js/mobile'],
    ['server/a.ts', '../package.json'],
    ['test/server/a.test.ts', '../../server/b.ts'],
  ]
  for (const [path, specifier] of right) {
    t.deepEqual(rules.wrongImports(at(path, `import { x } from '${specifier}'`)), [])
  }
})

test('a ring of three files is found once', t => {
  const file = (name: string, to: string) => ({ path: `server/${name}.ts`, text: `import './${to}.ts'` })
  const ring = [file('a', 'b'), file('b', 'c'), file('c', 'a'), file('d', 'a')]
  t.deepEqual(rules.cycles(ring), ['server/a.ts -> server/b.ts -> server/c.ts -> server/a.ts'])
  t.deepEqual(rules.cycles([file('a', 'b'), file('b', 'c'), file('d', 'b')]), [])
})

test('a file of 401 lines is too long, one of 400 is not', t => {
  t.is(rules.longerThanAllowed(at('server/a.ts', 'x\n'.repeat(401))).length, 1)
  t.deepEqual(rules.longerThanAllowed(at('server/a.ts', 'x\n'.repeat(400))), [])
  t.deepEqual(rules.longerThanAllowed(at('web/locales/fr.json', 'x\n'.repeat(900))), [])
})

test('every way to the time is an offence, a date of a value is not', t => {
  const offences = [
    'Date.now()',
    'const now = Date.now',
    'new Date()',
    'new Date( )',
    'x(new Date)',
    'setTimeout(f, 1)',
    'setInterval(f)',
    'AbortSignal.timeout(5)',
    'performance.now()',
    'process.hrtime.bigint()',
    "import { setTimeout } from 'node:timers/promises'",
  ]
  for (const text of offences) t.true(rules.clockUses(at('server/a.ts', text)).length > 0, text)
  const fine = [
    'new Date(atMs)',
    'clock.now()',
    'setImmediate(f)',
    "'new Date()'",
    '// setTimeout(',
    'let at: Date',
  ]
  for (const text of fine) t.deepEqual(rules.clockUses(at('server/a.ts', text)), [], text)
  t.deepEqual(rules.clockUses(at('connectors/clock.ts', 'Date.now()')), [])
})

test('reading variables is an offence outside the configuration', t => {
  t.is(rules.environmentUses(at('server/main.ts', 'const a = process.env.HOME')).length, 1)
  t.is(rules.environmentUses(at('server/main.ts', "import { env } from 'node:process'")).length, 1)
  t.deepEqual(rules.environmentUses(at('server/config.ts', 'process.env')), [])
})

test('drawers, barrels and default exports are found', t => {
  for (const path of [
    'server/utils.ts',
    'server/utils/a.ts',
    'web/shared/a.ts',
    'server/types.ts',
    'server/a/lib/b.ts',
  ]) {
    t.is(rules.drawers(at(path, '')).length, 1, path)
  }
  for (const path of ['server/calibre.ts', 'server/types-of-sms.ts'])
    t.is(rules.drawers(at(path, '')).length, 0, path)
  t.is(rules.barrels(at('server/a.ts', "export * from './b.ts'")).length, 1)
  t.is(rules.barrels(at('server/a.ts', "export type { B } from './b.ts'")).length, 1)
  t.is(rules.defaultExports(at('server/a.ts', 'export default 1')).length, 1)
  t.is(rules.defaultExports(at('server/a.ts', 'export { a as default }')).length, 1)
})

test('paths of a machine and marks of unfinished work are found, in comments too', t => {
  const slash = '/'
  t.is(rules.machinePaths(at('a.md', `see ${slash}home/someone/file`)).length, 1)
  t.is(rules.machinePaths(at('a.md', `'${slash}tmp/x'`)).length, 1)
  t.deepEqual(rules.machinePaths(at('a.md', 'https://example.org/home/x ./work/y')), [])
  t.is(rules.unfinishedMarks(at('a.ts', `// ${'TO'}${'DO'}: later`)).length, 1)
  t.deepEqual(rules.unfinishedMarks(at('a.ts', 'const TODOS = XXXX')), [])
})

test('a table is read below its heading only', t => {
  const page =
    '# A\n| x | y |\n|---|---|\n| `a` | 1 |\n\n## B\n\n| x | y |\n|---|---|\n| b | 2 |\n| c | 3 |\n'
  t.deepEqual(rules.tableRows(page, 'A'), [['a', '1']])
  t.deepEqual(rules.tableRows(page, 'B'), [
    ['b', '2'],
    ['c', '3'],
  ])
  t.deepEqual(rules.tableRows(page, 'C'), [])
})
