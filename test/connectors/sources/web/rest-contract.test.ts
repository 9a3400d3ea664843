import type { ServerResponse } from 'node:http'
import test from 'ava'
import { testSourceContract } from '../contract.ts'
import { collect, openFixture, people } from '../contract-fixture.ts'
import { type ServerFixture, testServerContract } from '../server-contract.ts'
import { selfSigned, tlsTest } from './certificate.ts'
import {
  countOf,
  namesInBytes,
  padOf,
  sendBytes,
  type WebDatabase,
  type WebFixture,
  webServerFixture,
} from './web-fixture.ts'
import { everything, json, restSource, webServer } from './web-server.ts'

/** As text: a JavaScript number would not hold these. */
const types = `[{"code":"AB    ","due":"2027-01-01","seen":"2027-03-28 02:30:00","premium":12345678901234567.89,
  "policy":9007199254740993,"age":42,"active":true,"absent":null,"rate":0.1,"name":"Ouédraogo œ ’"}]`

const pageRows = 1_000
const endlessRows = 100_000

/** @param path the name of a table */
function answer(path: string, page: number, response: ServerResponse): unknown {
  if (path === '/silent') return undefined
  if (path === '/people') return json(response, people)
  if (path === '/contract_types') return json(response, types)
  if (path === '/legacy' || path === '/dos') {
    const [first, second] = namesInBytes[path === '/dos' ? 'dos' : 'legacy']
    return sendBytes(
      response,
      '[{"id":1,"name":"',
      { hex: first },
      '"},{"id":2,"name":"',
      { hex: second },
      '"}]',
    )
  }
  const count = countOf(path.slice(1))
  if (count === undefined) return response.writeHead(404).end()
  const start = (page - 1) * pageRows
  const length = Math.max(Math.min(pageRows, count - start), 0)
  const numbers = Array.from({ length }, (_, index) => start + index + 1)
  return json(
    response,
    numbers.map(n => ({ n, pad: padOf(n) })),
  )
}

const service: WebFixture = {
  address: 'baseUrl',
  tables: ['people', `numbers_${endlessRows}`],
  answer({ url }, response) {
    const { pathname, searchParams } = new URL(url, 'http://service')
    answer(pathname, Number(searchParams.get('page')), response)
  },
  request(table) {
    if (table === 'names') return { path: '/people', fields: { name: 'name' } }
    if (countOf(table) === undefined) return { path: `/${table}` }
    return { path: `/${table}`, fields: { n: 'n', pad: 'pad' }, paging: { kind: 'page', param: 'page' } }
  },
}

const fixture: ServerFixture<WebDatabase> = {
  kind: 'rest',
  serverTest: test,
  ...webServerFixture(service),
  yes: 1,
  differs: { photo: { why: 'JSON has no bytes; a service sends pictures as text' } },
  numbers: count => `SELECT n, pad FROM numbers_${count}`,
  streamedRows: 100_000,
  endlessRows,
  silent: 'SELECT * FROM silent',
  anything: 'SELECT id FROM people LIMIT 1',
  textType: /text/,
}

testSourceContract(fixture)
testServerContract(fixture)

test('rest: describe asks each request for one page and tells columns and types', async t => {
  const { config, server } = await fixture.database(t)
  const tables = await openFixture(t, fixture, config).describe()
  t.deepEqual(
    tables.map(({ name, columns }) => ({ name, columns })),
    [
      {
        name: 'people',
        columns: [
          { name: 'id', type: 'number' },
          { name: 'name', type: 'text' },
        ],
      },
      {
        name: `numbers_${endlessRows}`,
        columns: [
          { name: 'n', type: 'number' },
          { name: 'pad', type: 'text' },
        ],
      },
    ],
  )
  t.is(server.asked.length, tables.length)
})

async function steps(source: { test(): Promise<{ step: string; outcome: string }[]> }): Promise<string[]> {
  return (await source.test()).map(({ step, outcome }) => `${step} ${outcome}`)
}

test('rest: the connection test warns of a login without TLS, and of requests that may write', async t => {
  const { config } = await fixture.database(t)
  t.deepEqual(await steps(openFixture(t, fixture, config)), [
    'resolve ok',
    'connect ok',
    'tls warning',
    'login ok',
    'read-only ok',
    'select ok',
  ])
  const requests = { contrats: { path: '/people', method: 'POST' } }
  t.is((await steps(openFixture(t, fixture, config, { requests })))[4], 'read-only warning')
})

tlsTest('rest: the connection test tells whether anybody asks who answers', async t => {
  const { key, cert } = selfSigned(t)
  const server = await webServer(t, (_, response) => json(response, people), { key, cert })
  const verified = restSource(t, server, { tls: { mode: 'verify', caPem: cert } })
  t.deepEqual((await steps(verified)).slice(0, 3), ['resolve ok', 'connect ok', 'tls ok'])
  const required = restSource(t, server, { tls: { mode: 'require' } })
  t.deepEqual((await steps(required)).slice(0, 3), ['resolve ok', 'connect ok', 'tls warning'])
  t.deepEqual(await steps(restSource(t, server)), ['resolve ok', 'connect ok', 'tls failed'])
})

test('rest: a closed source holds no connection', async t => {
  const server = await webServer(t, (_, response) => json(response, people))
  const source = openFixture(t, fixture, {
    baseUrl: server.url,
    allowLoopback: true,
    requests: { contrats: {} },
  })
  await collect(source.read(everything))
  await collect(source.read(everything))
  t.is(await server.connections(), 1)
  await source.close()
  while ((await server.connections()) > 0) await new Promise(resolve => setImmediate(resolve))
  t.pass()
})
