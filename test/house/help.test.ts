/** The guides: the same in both languages, their examples read by the schemas of the product, nothing left unnamed. */
import { posix } from 'node:path'
import test from 'ava'
import { operatorKinds } from '../../connectors/operators/kinds.ts'
import { sourceKinds } from '../../connectors/sources/kinds.ts'
import { odbcPresetNames } from '../../connectors/sources/odbc-presets.ts'
import { alertDefinitionSchema } from '../../scheduler/alerts/alert.ts'
import { triggerKinds } from '../../scheduler/alerts/triggers/kinds.ts'
import { retryPolicyRequest, senderRulesRequest } from '../../server/api/contract/contracts.ts'
import { inboundRuleRequest } from '../../server/api/contract/inbound.ts'
import { operatorAddition } from '../../server/api/contract/operators.ts'
import { routeTableRequest } from '../../server/api/contract/routes.ts'
import { scopes } from '../../server/api/contract/scopes.ts'
import { sourceRequest } from '../../server/api/contract/sources.ts'
import { writeBackRequest } from '../../server/api/contract/write-backs.ts'
import { loadConfig } from '../../server/config.ts'
import { type ProjectFile, projectFiles } from './files.ts'

const languages = ['en', 'fr'] as const
type Language = (typeof languages)[number]

const pages = projectFiles().filter(({ path }) => /^web\/help\/(?:en|fr)\/.*\.md$/.test(path))
const pagesOf = (language: Language): ProjectFile[] =>
  pages.filter(({ path }) => path.startsWith(`web/help/${language}/`))
const nameOf = ({ path }: ProjectFile): string => posix.basename(path)

const fence = /^```([a-z]*)\n([\s\S]*?)^```$/gm
const examplesOf = (text: string) =>
  [...text.matchAll(fence)].map(([, kind, content]) => ({ kind, content: content ?? '' }))

/** `## install`: level and anchor of each heading, in order. */
function headingsOf(text: string): string[] {
  return [...text.replace(fence, '').matchAll(/^(#{1,6}) (?:<a id="([a-z-]+)"><\/a>)?/gm)].map(
    ([, level, anchor]) => `${level} ${anchor ?? 'without an anchor'}`,
  )
}

/** Cells of each row of the tables, in order: a row that one language lacks shows. */
function rowsOf(text: string): number[] {
  return text
    .replace(fence, '')
    .split('\n')
    .filter(line => line.startsWith('|'))
    .map(line => line.split('|').length)
}

test('both languages have the same pages', t => {
  const names = pagesOf('en').map(nameOf)
  t.true(names.includes('administration.md'))
  t.deepEqual(pagesOf('fr').map(nameOf), names)
})

for (const page of pagesOf('en')) {
  const other = pagesOf('fr').find(one => nameOf(one) === nameOf(page))?.text ?? ''
  test(`${nameOf(page)} has the same headings, tables and examples in both languages`, t => {
    t.true(headingsOf(page.text).length > 3)
    t.deepEqual(headingsOf(other), headingsOf(page.text))
    t.deepEqual(rowsOf(other), rowsOf(page.text))
    t.deepEqual(examplesOf(other), examplesOf(page.text))
  })
}

test('every heading has an anchor of its own, and every link leads to one', t => {
  for (const page of pages) {
    const anchors = headingsOf(page.text).map(heading => heading.replace(/^#+ /, ''))
    t.deepEqual([...new Set(anchors)], anchors, page.path)
    t.false(anchors.includes('without an anchor'), page.path)
    for (const [, file = '', anchor] of page.text.matchAll(/\]\(([\w./-]*)(?:#([\w-]+))?\)/g)) {
      const path = file === '' ? page.path : posix.join(posix.dirname(page.path), file)
      const target = pages.find(one => one.path === path)
      t.truthy(target, `${page.path}: ${path}`)
      if (anchor !== undefined)
        t.true(target?.text.includes(`<a id="${anchor}">`), `${page.path}: #${anchor}`)
    }
  }
})

for (const language of languages) {
  const text = pagesOf(language)
    .map(page => page.text)
    .join('\n')

  test(`every source kind has its section and an example (${language})`, t => {
    const sources = pagesOf(language).find(page => nameOf(page) === 'sources.md')?.text ?? ''
    for (const kind of Object.keys(sourceKinds)) {
      t.true(sources.includes(`<a id="${kind}">`), `no section ${kind}`)
      t.true(sources.includes(`"kind": "${kind}",\n  "config"`), `no example of ${kind}`)
    }
  })

  test(`every operator protocol, ODBC preset, trigger and scope is named (${language})`, t => {
    for (const protocol of Object.keys(operatorKinds)) t.true(text.includes(`<a id="${protocol}">`), protocol)
    for (const name of [...odbcPresetNames, ...Object.keys(triggerKinds), ...scopes]) {
      t.true(text.includes(`\`${name}\``), name)
    }
  })
}

/** Which schema reads an example, told by a field that only its kind has. */
const readers: { field: string; read(example: Record<string, unknown>): unknown }[] = [
  {
    field: 'kind',
    read: example => {
      const { kind, config } = sourceRequest.parse(example)
      return sourceKinds[kind].configSchema.parse(config)
    },
  },
  {
    field: 'protocol',
    read: example => {
      const { protocol, config } = operatorAddition.parse(example)
      return operatorKinds[protocol!].configSchema.parse(config)
    },
  },
  { field: 'definition', read: example => alertDefinitionSchema.parse(example.definition) },
  { field: 'sql', read: example => writeBackRequest.parse(example) },
  { field: 'policy', read: example => retryPolicyRequest.parse(example) },
  { field: 'actions', read: example => inboundRuleRequest.parse(example) },
  { field: 'fallbackAfterMinutes', read: example => routeTableRequest.parse(example) },
  { field: 'rules', read: example => senderRulesRequest.parse(example) },
]

test('the product takes every example of the guides', t => {
  const examples = pages.flatMap(page => examplesOf(page.text).filter(({ kind }) => kind === 'json'))
  t.true(examples.length > 10)
  for (const { content } of examples) {
    const example = JSON.parse(content) as Record<string, unknown>
    const reader = readers.find(({ field }) => field in example)
    t.truthy(reader, content)
    t.notThrows(() => reader?.read(example), content)
  }
})

test('the server starts with every start-up file of the guides', t => {
  const files = pages.flatMap(page => examplesOf(page.text).filter(({ kind }) => kind === 'yaml'))
  t.true(files.length > 1)
  for (const { content } of files) {
    const outcome = loadConfig({
      options: { config: 'rappel.yaml' },
      environment: {},
      workingDirectory: '.',
      readFile: () => ({ kind: 'text', text: content }),
    })
    t.is(outcome.kind, 'config', JSON.stringify(outcome))
  }
})
