import type { ServerResponse } from 'node:http'
import test from 'ava'
import { testSourceContract } from '../contract.ts'
import type { Fixture, FixtureDatabase, TypesColumn } from '../contract-fixture.ts'
import { soapSource, webServer } from './web-server.ts'

const envelope = (operation: string): string =>
  `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><${operation}/></s:Body></s:Envelope>`

function answer(operation: string, response: ServerResponse): unknown {
  const send = (rows: string | Buffer, encoding = 'UTF-8'): unknown => {
    response.writeHead(200, { 'content-type': 'text/xml' })
    response.write(
      `<?xml version="1.0" encoding="${encoding}"?><E:Envelope xmlns:E="e" xmlns:i="i"><E:Body><rows>`,
    )
    response.write(rows)
    return response.end('</rows></E:Body></E:Envelope>')
  }
  const numbers = /^numbers_(\d+)$/.exec(operation)
  if (numbers !== null) {
    const row = (n: number): string => `<r><n>${n}</n><pad>${String(n).padStart(200, '0')}</pad></r>`
    return send(Array.from({ length: Number(numbers[1]) }, (_, index) => row(index + 1)).join(''))
  }
  if (operation === 'people') return send('<r><id>1</id><name>Awa</name></r>'.repeat(3))
  if (operation === 'contract_types') {
    return send(`<r><code>AB</code><due>2027-01-01</due><seen>2027-03-28 02:30:00</seen>
      <premium>12345678901234567.89</premium><policy>9007199254740993</policy><age>42</age><active>true</active>
      <absent i:nil="true"/><rate>0.1</rate><name>Ouédraogo œ ’</name></r>`)
  }
  const bytes = { legacy: '41ef636861204e924775657373616e209c2080', dos: '5a6f822080872081' }[operation]
  const second = { legacy: '5a6fe9', dos: '418b636861' }[operation]
  if (bytes === undefined || second === undefined) return undefined
  const name = (hex: string): Buffer[] => [
    Buffer.from('<r><name>'),
    Buffer.from(hex, 'hex'),
    Buffer.from('</name></r>'),
  ]
  return send(
    Buffer.concat([...name(bytes), ...name(second)]),
    operation === 'dos' ? 'cp850' : 'windows-1252',
  )
}

const text = 'XML has no types, and a number may be a policy or a phone: everything stays as written'
const asText = (value: string): { value: string; why: string } => ({ value, why: text })
const differs: Partial<Record<TypesColumn, { value?: string; why: string }>> = {
  photo: { why: 'XML has no bytes; a service sends pictures as text' },
  age: asText('42'),
  active: asText('true'),
  rate: asText('0.1'),
}

const tables = [
  'people',
  'contract_types',
  'legacy',
  'dos',
  'silent',
  'numbers_10',
  'numbers_700',
  'numbers_701',
  'numbers_20000',
]

const fixture: Fixture = {
  kind: 'soap',
  serverTest: test,
  async database(t): Promise<FixtureDatabase> {
    const server = await webServer(t, ({ body }, response) => {
      answer(/<s:Body><(\w+)\/>/.exec(body)?.[1] ?? '', response)
    })
    const request = (name: string): object => ({ envelope: envelope(name), rowsPath: 'rows/r' })
    return {
      config: {
        endpoint: server.url,
        allowLoopback: true,
        requests: Object.fromEntries(tables.map(name => [name, request(name)])),
      },
      execute: async () => {},
      prepare: async () => {},
    }
  },
  typesTable: [],
  yes: 'true',
  differs,
  numbers: count => `SELECT n, pad FROM numbers_${count}`,
  streamedRows: 20_000,
  silent: 'SELECT * FROM silent',
  legacyTable: [],
  lacks: {
    read: 'ids are text here, and the values of parameters are tested with the operations of a description',
    streaming: 'one answer is held in memory whole, up to maxBodyBytes; there are no pages',
    cp1252: 'an XML document names its letters itself; tested for REST, where it need not',
    cp850: 'an XML document names its letters itself; tested for REST, where it need not',
    describe: 'every operation is called, and one of this fixture never answers; tested by itself',
  },
}

testSourceContract(fixture)

test('soap: the letters that the document declares are read', async t => {
  const server = await webServer(t, ({ url }, response) => answer(url.slice(1), response))
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
