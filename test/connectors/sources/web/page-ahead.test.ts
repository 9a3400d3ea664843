/** The page that is on its way while the rows before it are taken. */
import type { ServerResponse } from 'node:http'
import test, { type ExecutionContext } from 'ava'
import type { SourceRow } from '../../../../connectors/source.ts'
import { collect, failureOf } from '../contract-fixture.ts'
import { everything, json, restSource, type WebServer, webServer } from './web-server.ts'

const pageRows = 100
const pages = 4
/** Makes a page longer than an empty one may be, so that it is known for a full one before it is read. */
const note = 'x'.repeat(400)

function rowsOf(page: number): SourceRow[] {
  return Array.from({ length: pageRows }, (_, index) => ({ id: (page - 1) * pageRows + index, note }))
}

type Way = 'by number' | 'by Link header' | 'by cursor'
const ways: Record<Way, { paging: object; requests: number }> = {
  // The empty page is asked for as well.
  'by number': { paging: { kind: 'page', param: 'page' }, requests: pages + 1 },
  'by Link header': { paging: { kind: 'link' }, requests: pages },
  'by cursor': { paging: { kind: 'cursor', param: 'page', path: 'next' }, requests: pages },
}

/** Four full pages; `instead` answers in their place where it wants to. */
async function served(
  t: ExecutionContext,
  instead: (page: number, response: ServerResponse) => boolean = () => false,
): Promise<WebServer> {
  return await webServer(t, ({ url }, response) => {
    const page = Number(new URL(url, 'http://x').searchParams.get('page') ?? 1)
    if (instead(page, response)) return
    const items = page > pages ? [] : rowsOf(page)
    const headers = page < pages ? { link: `<?page=${page + 1}>; rel="next"` } : {}
    json(response, { items, next: page < pages ? page + 1 : null }, headers as Record<string, string>)
  })
}

function sourceOf(t: ExecutionContext, server: WebServer, way: Way, more: object = {}) {
  return restSource(t, server, { request: { rowsPath: 'items', paging: ways[way].paging }, ...more })
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(resolve => setImmediate(resolve))
}

for (const way of Object.keys(ways) as Way[]) {
  test(`long pages are asked for ahead ${way}: each once, in their order, none after the last`, async t => {
    const server = await served(t)
    const rows = await collect(sourceOf(t, server, way).read(everything))
    t.deepEqual(rows, [1, 2, 3, 4].flatMap(rowsOf))
    const asked = server.asked.map(({ url }) =>
      Number(new URL(url, 'http://x').searchParams.get('page') ?? 1),
    )
    t.deepEqual(asked, [1, 2, 3, 4, 5].slice(0, ways[way].requests))
  })

  test(`no more than one page is on its way ${way}, also in the middle of a list`, async t => {
    const server = await served(t)
    const read = sourceOf(t, server, way).read(everything)[Symbol.asyncIterator]()
    for (let taken = 0; taken < pageRows + 1; taken += 1) await read.next()
    await until(() => server.asked.length === 3 && server.running() === 0)
    for (let turn = 0; turn < 50; turn += 1) await new Promise(resolve => setImmediate(resolve))
    t.is(server.asked.length, 3)
    await read.return?.()
  })

  test(`what is wrong with a page is told after the rows before it ${way}, and before what is wrong with the next`, async t => {
    const server = await served(t, (page, response) => {
      if (page === 3) json(response, `{"items": [${' '.repeat(40_000)}`, { link: '<?page=4>; rel="next"' })
      if (page === 4) response.writeHead(500).end()
      return page > 2
    })
    const { error, before } = await failureOf(t, sourceOf(t, server, way).read(everything))
    t.regex(error.message, /page 3.*no whole JSON/)
    t.deepEqual(before, [1, 2].flatMap(rowsOf))
  })

  test(`a read that is cancelled while the next page hangs ends at once ${way}, and so does the request`, async t => {
    const server = await served(t, page => page === 2)
    const stop = new AbortController()
    const reason = new Error('no longer wanted')
    const taken: SourceRow[] = []
    const read = (async () => {
      for await (const row of sourceOf(t, server, way).read(everything, stop.signal)) taken.push(row)
    })()
    await until(() => server.running() === 1 && taken.length === pageRows)
    stop.abort(reason)
    t.is(await t.throwsAsync(read), reason)
    await until(() => server.running() === 0)
    t.is(server.asked.length, 2)
  })

  test(`a reader that leaves while the next page hangs leaves nothing running ${way}`, async t => {
    const server = await served(t, page => page === 2)
    const read = sourceOf(t, server, way).read(everything)[Symbol.asyncIterator]()
    for (let taken = 0; taken < pageRows; taken += 1) await read.next()
    void read.next().catch(() => {})
    await until(() => server.running() === 1)
    await read.return?.()
    await until(() => server.running() === 0)
    t.is(server.asked.length, 2)
  })
}

test('the page ahead waits when the service is busy, and comes in its turn', async t => {
  let busy = 2
  const server = await served(t, (page, response) => {
    if (page !== 3 || busy === 0) return false
    busy -= 1
    response.writeHead(429, { 'retry-after': '0' }).end()
    return true
  })
  const rows = await collect(sourceOf(t, server, 'by number').read(everything))
  t.deepEqual(rows, [1, 2, 3, 4].flatMap(rowsOf))
  t.is(server.asked.length, pages + 1 + 2)
})

test('a token that ends between two pages is bought anew for the page ahead', async t => {
  let token = 0
  let left = 0
  const server = await webServer(t, ({ url, headers }, response) => {
    if (url === '/token') {
      token += 1
      left = 2
      return json(response, { access_token: `token-${token}`, token_type: 'bearer', expires_in: 3_600 })
    }
    if (headers.authorization !== `Bearer token-${token}` || left === 0) return response.writeHead(401).end()
    left -= 1
    const page = Number(new URL(url, 'http://x').searchParams.get('page'))
    return json(response, page > pages ? [] : rowsOf(page))
  })
  const source = restSource(t, server, {
    auth: { kind: 'oauth2', tokenUrl: `${server.url}/token`, clientId: 'rappel' },
    password: 'not a real secret',
    request: { paging: { kind: 'page', param: 'page' } },
  })
  t.deepEqual(await collect(source.read(everything)), [1, 2, 3, 4].flatMap(rowsOf))
  t.is(token, 3)
})

test('no page is asked for that the row limit does not need', async t => {
  for (const way of Object.keys(ways) as Way[]) {
    const limited = await served(t)
    const sql = `SELECT id FROM contrats LIMIT ${2 * pageRows}`
    t.is((await collect(sourceOf(t, limited, way).read({ sql }))).length, 2 * pageRows)
    t.is(limited.asked.length, 2, way)
    const capped = await served(t)
    const { error, before } = await failureOf(t, sourceOf(t, capped, way, { maxRows: 150 }).read(everything))
    t.is(error.code, 'source-row-cap')
    t.is(before.length, 150)
    t.is(capped.asked.length, 2, way)
  }
})

test('a list of just as many rows as the limit is whole: one more page says so', async t => {
  const server = await served(t)
  const rows = await collect(sourceOf(t, server, 'by number', { maxRows: pages * pageRows }).read(everything))
  t.is(rows.length, pages * pageRows)
  t.is(server.asked.length, pages + 1)
})
