import type { ServerResponse } from 'node:http'
import test from 'ava'
import { testSourceContract } from '../contract.ts'
import { type ContractTable, failureOf, openFixture, people, type TypesColumn } from '../contract-fixture.ts'
import { type ServerFixture, testServerContract } from '../server-contract.ts'
import {
  countOf,
  namesInBytes,
  padOf,
  sendBytes,
  type WebDatabase,
  type WebFixture,
  webServerFixture,
} from './web-fixture.ts'
import { soapSource, webServer } from './web-server.ts'

const envelope = (operation: string): string =>
  `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><${operation}/></s:Body></s:Envelope>`

const head = '<E:Envelope xmlns:E="e" xmlns:i="i"><E:Body><rows>'
const end = '</rows></E:Body></E:Envelope>'
const types = `<r><code>AB    </code><due>2027-01-01</due><seen>2027-03-28 02:30:00</seen>
  <premium>12345678901234567.89</premium><policy>9007199254740993</policy><age>42</age><active>true</active>
  <absent i:nil="true"/><rate>0.1</rate><name>Ouédraogo œ ’</name></r>`

/** @param declaration what the document says of its letters; most say nothing and mean UTF-8 */
function answer(operation: string, response: ServerResponse, declaration = ''): unknown {
  response.writeHead(200, { 'content-type': 'text/xml' })
  if (operation === 'silent') return undefined
  const start = `${declaration}${head}`
  if (operation === 'legacy' || operation === 'dos') {
    const [first, second] = namesInBytes[operation]
    const rest = '</name></r>'
    const one = '<r><id>1</id><name>'
    const two = '<r><id>2</id><name>'
    return sendBytes(response, start, one, { hex: first }, rest, two, { hex: second }, rest, end)
  }
  return response.end(`${start}${rowsOf(operation as ContractTable)}${end}`)
}

function rowsOf(table: ContractTable): string {
  if (table === 'contract_types') return types
  const count = countOf(table)
  if (count === undefined) {
    return people.map(({ id, name }) => `<r><id>${id}</id><name>${name}</name></r>`).join('')
  }
  const row = (n: number): string => `<r><n>${n}</n><pad>${padOf(n)}</pad></r>`
  return Array.from({ length: count }, (_, index) => row(index + 1)).join('')
}

const text = 'XML has no types, and a number may be a policy or a phone: everything stays as written'
const asText = (value: string): { value: string; why: string } => ({ value, why: text })
const differs: Partial<Record<TypesColumn, { value?: string; why: string }>> = {
  photo: { why: 'XML has no bytes; a service sends pictures as text' },
  age: asText('42'),
  active: asText('true'),
  rate: asText('0.1'),
}

const service: WebFixture = {
  address: 'endpoint',
  tables: ['people'],
  answer: ({ body }, response) => answer(/<s:Body><(\w+)\/>/.exec(body)?.[1] ?? '', response),
  request: table => ({ envelope: envelope(table), rowsPath: 'rows/r' }),
  // 100,000 rows are 24 MB of XML.
  settings: { maxBodyBytes: 67_108_864 },
}
const shared = webServerFixture(service)

const fixture: ServerFixture<WebDatabase> = {
  kind: 'soap',
  serverTest: test,
  ...shared,
  yes: 'true',
  differs,
  numbers: count => `SELECT n, pad FROM numbers_${count}`,
  streamedRows: 100_000,
  silent: 'SELECT * FROM silent',
  anything: 'SELECT id FROM people LIMIT 1',
  numericId: 'CAST(id AS INTEGER)',
  textType: /text/,
  lacks: {
    ...shared.lacks,
    'stopped-mid-stream':
      'the first row comes after the last byte of the answer; one cut short is tested by itself',
  },
}

testSourceContract(fixture)
testServerContract(fixture)

test('soap: the connection test warns that an operation may write', async t => {
  const { config } = await fixture.database(t)
  const steps = await openFixture(t, fixture, config).test()
  t.deepEqual(
    steps.map(({ step, outcome }) => `${step} ${outcome}`),
    ['resolve ok', 'connect ok', 'tls warning', 'login ok', 'read-only warning', 'select ok'],
  )
})

test('soap: a service that stops in the middle of its answer ends the read with an error', async t => {
  const server = await webServer(t, (_, response) => {
    response.writeHead(200, { 'content-type': 'text/xml' })
    response.write(`${head}${rowsOf('numbers_1000')}`, () => void server.stop())
  })
  const requests = { contrats: { envelope: envelope('x'), rowsPath: 'rows/r' } }
  const rows = soapSource(t, server, { requests }).read({ sql: 'SELECT n FROM contrats' })
  const { error, before } = await failureOf(t, rows)
  t.is(error.code, 'source-unreachable', error.message)
  t.regex(error.message, /cut/)
  t.deepEqual(before, [])
})

test('soap: the letters that the document declares are read', async t => {
  const declared = { legacy: 'windows-1252', dos: 'cp850' } as const
  const server = await webServer(t, ({ url }, response) => {
    const table = url.slice(1) as keyof typeof declared
    answer(table, response, `<?xml version="1.0" encoding="${declared[table]}"?>`)
  })
  for (const [table, names] of [
    ['legacy', ['Aïcha N’Guessan œ €', 'Zoé']],
    ['dos', ['Zoé Çç ü', 'Aïcha']],
  ] as const) {
    const requests = { contrats: { envelope: envelope('x'), rowsPath: 'rows/r' } }
    const source = soapSource(t, server, { endpoint: `${server.url}/${table}`, requests })
    const rows = await Array.fromAsync(source.read({ sql: 'SELECT name FROM contrats' }))
    t.deepEqual(
      rows.map(row => row.name),
      names,
    )
  }
})
