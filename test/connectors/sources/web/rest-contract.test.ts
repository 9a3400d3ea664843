import type { ServerResponse } from 'node:http'
import test from 'ava'
import { testSourceContract } from '../contract.ts'
import { collect, type Fixture, failureOf, openFixture } from '../contract-fixture.ts'
import { selfSigned, tlsTest } from './certificate.ts'
import { everything, json, restSource, webServer } from './web-server.ts'

const people = [
  { id: 1, name: 'Awa' },
  { id: 2, name: 'N\'Dri "x" :id' },
  { id: 3, name: 'Koffi' },
]

/** As text: a JavaScript number would not hold these. */
const types = `[{"code":"AB    ","due":"2027-01-01","seen":"2027-03-28 02:30:00","premium":12345678901234567.89,
  "policy":9007199254740993,"age":42,"active":true,"absent":null,"rate":0.1,"name":"Ouédraogo œ ’"}]`

const numbersPath = /^\/numbers_(\d+)\?page=(\d+)$/
const pageRows = 1_000

function answer(url: string, response: ServerResponse): unknown {
  const numbers = numbersPath.exec(url)
  if (url === '/silent') return
  if (url === '/people') return json(response, people)
  if (url === '/contract_types') return json(response, types)
  if (url === '/legacy') {
    const name = Buffer.from('41ef636861204e924775657373616e209c2080', 'hex')
    const rest = Buffer.from('"},{"id":2,"name":"Zo\xe9"}]', 'latin1')
    return response.end(Buffer.concat([Buffer.from('[{"id":1,"name":"'), name, rest]))
  }
  if (url === '/dos') {
    const rest = Buffer.concat([
      Buffer.from('"},{"id":2,"name":"A'),
      Buffer.from([0x8b]),
      Buffer.from('cha"}]'),
    ])
    return response.end(
      Buffer.concat([Buffer.from('[{"id":1,"name":"'), Buffer.from('5a6f822080872081', 'hex'), rest]),
    )
  }
  if (numbers === null) return response.writeHead(404).end()
  const [, count, page] = numbers.map(Number)
  const start = (page! - 1) * pageRows
  const length = Math.max(Math.min(pageRows, count! - start), 0)
  const rows = Array.from({ length }, (_, index) => ({
    n: start + index + 1,
    pad: String(start + index + 1).padStart(200, '0'),
  }))
  return json(response, rows)
}

const numbersTables = [10, 700, 701, 100_000]
const fields = { n: 'n', pad: 'pad' }
const requests = {
  ...Object.fromEntries(
    ['people', 'contract_types', 'legacy', 'dos', 'silent'].map(name => [name, { path: `/${name}` }]),
  ),
  names: { path: '/people', fields: { name: 'name' } },
  ...Object.fromEntries(
    numbersTables.map(count => [
      `numbers_${count}`,
      { path: `/numbers_${count}`, fields, paging: { kind: 'page', param: 'page' } },
    ]),
  ),
}

const fixture: Fixture = {
  kind: 'rest',
  serverTest: test,
  async database(t) {
    const server = await webServer(t, ({ url }, response) => answer(url, response))
    return {
      config: { baseUrl: server.url, allowLoopback: true, requests },
      execute: async () => {},
      prepare: async () => {},
    }
  },
  typesTable: [],
  yes: 1,
  differs: { photo: { why: 'JSON has no bytes; a service sends pictures as text' } },
  numbers: count => `SELECT n, pad FROM numbers_${count}`,
  streamedRows: 100_000,
  silent: 'SELECT * FROM silent',
  legacyTable: [],
  textType: /text/,
  lacks: {
    describe: 'every request is asked, and one of this fixture never answers; it has a test of its own',
  },
}

testSourceContract(fixture)

test('rest: describe asks each request for one page and tells columns and types', async t => {
  const server = await webServer(t, ({ url }, response) => answer(url, response))
  const { silent: _, ...asked } = requests as Record<string, object>
  const source = restSource(t, server, { requests: asked })
  const tables = await source.describe()
  t.deepEqual(tables.find(({ name }) => name === 'people')?.columns, [
    { name: 'id', type: 'number' },
    { name: 'name', type: 'text' },
  ])
  t.deepEqual(tables.find(({ name }) => name === 'numbers_100000')?.columns, [
    { name: 'n', type: 'number' },
    { name: 'pad', type: 'text' },
  ])
  t.is(server.asked.length, Object.keys(asked).length)
})

async function steps(source: { test(): Promise<{ step: string; outcome: string; detail: string }[]> }) {
  return (await source.test()).map(({ step, outcome }) => `${step} ${outcome}`)
}

test('rest: the connection test goes step by step to the first page', async t => {
  const server = await webServer(t, ({ headers }, response) => {
    if (headers.authorization === 'Basic bGVjdGV1cjpzM2NyZXQ=') return json(response, people)
    response.writeHead(401).end()
  })
  t.deepEqual(
    await steps(restSource(t, server, { auth: { kind: 'basic', user: 'lecteur' }, password: 's3cret' })),
    ['resolve ok', 'connect ok', 'tls warning', 'login ok', 'read-only ok', 'select ok'],
  )
  const wrong = restSource(t, server, { auth: { kind: 'basic', user: 'lecteur' }, password: 'x' })
  t.deepEqual(await steps(wrong), ['resolve ok', 'connect ok', 'tls warning', 'login failed'])
  const posts = await restSource(t, server, { request: { method: 'POST' } }).test()
  t.deepEqual(
    posts.map(({ step, outcome }) => `${step} ${outcome}`),
    ['resolve ok', 'connect ok', 'login failed'],
  )
  await server.stop()
  t.deepEqual(await steps(restSource(t, server)), ['resolve ok', 'connect failed'])
  const unknown = restSource(t, { url: 'http://nowhere.invalid' })
  t.deepEqual(await steps(unknown), ['resolve failed'])
  const { error } = await failureOf(t, unknown.read(everything))
  t.is(error.code, 'source-unreachable')
  t.regex(error.message, /nowhere\.invalid.*DNS/)
})

tlsTest('rest: TLS verifies with the given certificate, and refuses a stranger', async t => {
  const { key, cert } = selfSigned(t)
  const server = await webServer(t, (_, response) => json(response, people), { key, cert })
  const verified = restSource(t, server, { tls: { mode: 'verify', caPem: cert } })
  t.is((await collect(verified.read(everything))).length, 3)
  t.deepEqual((await steps(verified)).slice(0, 3), ['resolve ok', 'connect ok', 'tls ok'])
  const required = restSource(t, server, { tls: { mode: 'require' } })
  t.is((await collect(required.read(everything))).length, 3)
  t.deepEqual((await steps(required)).slice(0, 3), ['resolve ok', 'connect ok', 'tls warning'])
  const stranger = restSource(t, server)
  const { error } = await failureOf(t, stranger.read(everything))
  t.is(error.code, 'source-unreachable')
  t.regex(error.message, /self-signed certificate.*authority/)
  t.deepEqual(await steps(stranger), ['resolve ok', 'connect ok', 'tls failed'])
})

test('rest: a service that stops in the middle of the pages ends the read with an error', async t => {
  const server = await webServer(t, ({ url }, response) => answer(url, response))
  const request = { path: '/numbers_100000', fields, paging: { kind: 'page', param: 'page' } }
  const source = restSource(t, server, { request, maxRows: 100_000 })
  let count = 0
  const reading = async (): Promise<void> => {
    for await (const _ of source.read(everything)) {
      count += 1
      if (count === 5_000) await server.stop()
    }
  }
  const error = await t.throwsAsync(reading, { code: 'source-unreachable' })
  t.regex(error!.message, /Nothing listens|cut/)
  t.true(count < 100_000)
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
