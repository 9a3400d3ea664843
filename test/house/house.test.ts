/** The rules of the house, on the files of the project. What each means: CONTRIBUTING, "How rooms import". */
import test from 'ava'
import { errorCatalogue } from '../../server/errors.ts'
import { exists, isWithin, productFiles, projectFiles, readProjectFile, sourceFiles } from './files.ts'
import { roomsWithReadme } from './rooms.ts'
import * as rules from './rules.ts'
import { importsOf } from './scanner.ts'

const product = productFiles()
const sources = sourceFiles()
/** Its snippets are the offences that the rules must find. */
const judged = sources.filter(({ path }) => path !== 'test/house/scanner.test.ts')
const everything = projectFiles()

test('there are files to judge', t => {
  t.true(product.length > 50)
  t.true(product.some(({ path }) => path === 'connectors/clock.ts'))
  t.true(everything.some(({ path }) => path === '.ci/run'))
})

test('the scanner sees every import that begins a line', t => {
  for (const { path, text } of judged) {
    const written =
      text.match(/^(?:import|export|\})[^\n'"`]* from '[^']+'(?: with .*)?$|^import '[^']+'$/gm) ?? []
    const seen = importsOf(text).filter(({ line }) =>
      /^(import|export|\})/.test(text.split('\n')[line - 1] ?? ''),
    )
    t.is(seen.length, written.length, path)
  }
})

test('imports go one way', t => t.deepEqual(rules.wrongImports(judged), []))
test('no files import each other in a ring', t => t.deepEqual(rules.cycles(sources), []))
test('no file is longer than a discussion', t => t.deepEqual(rules.longerThanAllowed(sources), []))
test('only the clock knows the time', t => t.deepEqual(rules.clockUses(product), []))
test('only the configuration reads variables', t => t.deepEqual(rules.environmentUses(product), []))
test('there are no drawers', t => t.deepEqual(rules.drawers(everything), []))
test('there are no barrels', t => t.deepEqual(rules.barrels(judged), []))
test('there are no default exports', t => t.deepEqual(rules.defaultExports(judged), []))
test('no file names a directory of a machine', t => t.deepEqual(rules.machinePaths(everything), []))
test('no file holds a mark of unfinished work', t => t.deepEqual(rules.unfinishedMarks(everything), []))

test('every room says what it is', t => {
  const rooms = roomsWithReadme.filter(room =>
    product.concat(sources).some(({ path }) => isWithin(path, room)),
  )
  t.true(rooms.length > 0)
  t.deepEqual(
    rooms.filter(room => !exists(`${room}/README.md`)),
    [],
  )
})

test('the API reference lists every error with its status, and no other', t => {
  const listed = rules.tableRows(readProjectFile('server/api/README.md'), 'Errors')
  const catalogue = Object.entries(errorCatalogue).map(([code, { status, meaning }]) => [
    code,
    String(status),
    meaning,
  ])
  const byCode = (a: string[], b: string[]): number => a[0]!.localeCompare(b[0]!)
  t.deepEqual(listed.sort(byCode), catalogue.sort(byCode))
})

interface Package {
  dependencies: Record<string, string>
  devDependencies: Record<string, string>
  optionalDependencies: Record<string, string>
}

const { dependencies, devDependencies, optionalDependencies } = JSON.parse(
  readProjectFile('package.json'),
) as Package

test('every package has one exact version', t => {
  const all = { ...dependencies, ...devDependencies, ...optionalDependencies }
  const loose = Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
  t.deepEqual(loose, [])
})

test('every runtime package has its reason in ARCHITECTURE.md', t => {
  const rows = new Map(
    readProjectFile('ARCHITECTURE.md')
      .split('\n')
      .filter(line => line.startsWith('|'))
      .map(line =>
        line
          .split('|')
          .slice(1, -1)
          .map(cell => cell.trim().replaceAll('`', '')),
      )
      .flatMap(([names = '', reason = '']) => names.split(/,\s*/).map(name => [name, reason] as const)),
  )
  t.deepEqual(
    Object.keys(dependencies).filter(name => !rows.get(name)),
    [],
  )
})
