import test, { type ExecutionContext } from 'ava'
import type { Source, SourceRow } from '../../../../connectors/source.ts'
import { fakeClock } from '../../../support/fake-clock.ts'
import { collect, failureOf } from '../contract-fixture.ts'
import { everything, json, restSource, type WebServer, webServer } from './web-server.ts'

const rows = Array.from({ length: 25 }, (_, index) => ({ id: index + 1 }))

/** A service that gives at most ten rows a page, in every way of paging. */
function pagedServer(t: ExecutionContext): Promise<WebServer> {
  return webServer(t, ({ url, body }, response) => {
    const asked = new URL(url, 'http://x')
    const told = body === '' ? asked.searchParams : new URLSearchParams(JSON.parse(body))
    const number = Number(
      told.get('page') ?? Number(told.get('offset') ?? told.get('cursor')?.slice(1) ?? 0) / 10 + 1,
    )
    const page = rows.slice((number - 1) * 10, number * 10)
    const hasNext = number * 10 < rows.length
    const next = hasNext ? `${asked.pathname}?cursor=c${number * 10}` : null
    const link = hasNext
      ? { link: `<${asked.pathname}?page=1>; rel="first", <${next}>; title="a, b"; rel="last next"` }
      : {}
    const headers = asked.pathname === '/link' ? (link as Record<string, string>) : {}
    json(
      response,
      { items: page, total: rows.length, more: hasNext, cursor: hasNext ? `c${number * 10}` : '', next },
      headers,
    )
  })
}

const ways: Record<string, { request: Record<string, unknown>; requests: number }> = {
  'by page number, to the empty page': {
    request: { paging: { kind: 'page', param: 'page', sizeParam: 'size', size: 1_000 } },
    requests: 4,
  },
  'by offset, to the number of all rows': {
    request: { paging: { kind: 'page', param: 'offset', start: 0, step: 10, totalPath: 'total' } },
    requests: 3,
  },
  'by page number, while there is more': {
    request: { paging: { kind: 'page', param: 'page', morePath: 'more' } },
    requests: 3,
  },
  'by page number, to a short page': {
    request: { paging: { kind: 'page', param: 'page', size: 10, shortPageEnds: true } },
    requests: 3,
  },
  'by cursor': { request: { paging: { kind: 'cursor', param: 'cursor', path: 'cursor' } }, requests: 3 },
  'by cursor in the body of a POST': {
    request: {
      method: 'POST',
      body: { kind: 'json', value: { cursor: ':cursor' } },
      paging: { kind: 'cursor', path: 'cursor' },
    },
    requests: 3,
  },
  'by Link header': { request: { path: '/link', paging: { kind: 'link' } }, requests: 3 },
  'by the address of the next page': { request: { paging: { kind: 'next-url', path: 'next' } }, requests: 3 },
}

for (const [way, { request, requests }] of Object.entries(ways)) {
  test(`a list is read to its end ${way}`, async t => {
    const server = await pagedServer(t)
    const source = restSource(t, server, { request: { rowsPath: 'items', ...request } })
    t.deepEqual(await collect(source.read(everything)), rows)
    t.is(server.asked.length, requests)
  })
}

test('at most one page is on its way while rows are taken', async t => {
  const server = await webServer(t, ({ url }, response) => {
    const page = Number(new URL(url, 'http://x').searchParams.get('page'))
    json(
      response,
      Array.from({ length: 10 }, (_, index) => ({ id: page * 10 + index })),
    )
  })
  const source = restSource(t, server, { request: { paging: { kind: 'page', param: 'page' } } })
  const read = source.read(everything)[Symbol.asyncIterator]()
  await read.next()
  while (server.asked.length < 2) await new Promise(resolve => setImmediate(resolve))
  for (let turn = 0; turn < 50; turn += 1) await new Promise(resolve => setImmediate(resolve))
  t.is(server.asked.length, 2)
  await read.return?.()
})

async function endOf(t: ExecutionContext, source: Source): Promise<{ message: string; before: SourceRow[] }> {
  const { error, before } = await failureOf(t, source.read(everything))
  t.is(error.code, 'source-query-failed', error.message)
  return { message: error.message, before }
}

test('pages that turn in a circle end with an error', async t => {
  const server = await webServer(t, ({ url }, response) => {
    const cursor = new URL(url, 'http://x').searchParams.get('cursor')
    json(response, { items: [{ id: cursor }], cursor: cursor === 'b' ? 'a' : cursor === 'a' ? 'b' : 'a' })
  })
  const byCursor = { rowsPath: 'items', paging: { kind: 'cursor', param: 'cursor', path: 'cursor' } }
  t.regex((await endOf(t, restSource(t, server, { request: byCursor }))).message, /turn in a circle/)
  t.is(server.asked.length, 3)
  const ignored = await webServer(t, (_, response) => json(response, rows))
  const byPage = restSource(t, ignored, { request: { paging: { kind: 'page', param: 'seite' } } })
  t.regex((await endOf(t, byPage)).message, /same page came twice.*paging/)
})

test('a service with more pages than allowed ends with an error that says the rest was not read', async t => {
  const server = await webServer(t, ({ url }, response) => json(response, [{ url }]))
  const source = restSource(t, server, { request: { maxPages: 5, paging: { kind: 'page', param: 'page' } } })
  const { message, before } = await endOf(t, source)
  t.regex(message, /more than 5 pages.*NOT read/)
  t.is(before.length, 5)
})

test('a page that fails in the middle ends the read with an error, never with fewer rows', async t => {
  const broken: Record<string, (response: import('node:http').ServerResponse) => void> = {
    status: response => response.writeHead(500).end('oops'),
    cut: response => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
      response.write('{"items":[')
      setImmediate(() => response.destroy())
    },
    truncated: response => json(response, '{"items":[{"id":11},{"id":'),
    'without the list': response => json(response, { error: 'quota exceeded' }),
    html: response =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html><title>Login</title></html>'),
  }
  for (const [how, fail] of Object.entries(broken)) {
    const server = await webServer(t, ({ url }, response) => {
      if (url.includes('page=2')) return fail(response)
      return json(response, { items: rows.slice(0, 10) })
    })
    const request = { rowsPath: 'items', paging: { kind: 'page', param: 'page' } }
    const { error, before } = await failureOf(t, restSource(t, server, { request }).read(everything))
    t.true(before.length <= 10, how)
    t.regex(error.code, /^source-(?:query-failed|unreachable)$/, how)
    t.regex(error.message, /REST 127\.0\.0\.1:\d+: .+\. [A-Z].+/, how)
  }
})

test('a list that ends before the number of rows it tells is an error', async t => {
  const server = await webServer(t, ({ url }, response) => {
    json(response, { items: url.includes('page=1') ? rows : [], total: 30 })
  })
  const paging = { kind: 'page', param: 'page', totalPath: 'total' }
  t.regex(
    (await endOf(t, restSource(t, server, { request: { rowsPath: 'items', paging } }))).message,
    /30 rows and gave 25/,
  )
})

test('a next page at another origin is refused, or asked of the own origin where that is set', async t => {
  const other = await webServer(t, (_, response) => json(response, [{ id: 'stolen' }]))
  const server = await webServer(t, ({ url }, response) => {
    const headers = url === '/' ? { link: `<http://localhost:${other.port}/two>; rel=next` } : undefined
    json(response, [{ id: url }], headers)
  })
  const auth = { kind: 'bearer' }
  const source = restSource(t, server, {
    auth,
    password: 'x',
    request: { path: '/', paging: { kind: 'link' } },
  })
  t.regex((await endOf(t, source)).message, /next page is said to be at .*keepOrigin/)
  t.is(other.asked.length, 0)
  const paging = { kind: 'link', keepOrigin: true }
  const kept = restSource(t, server, { auth, password: 'x', request: { path: '/', paging } })
  t.deepEqual(await collect(kept.read(everything)), [{ id: '/' }, { id: '/two' }])
})

test('"not modified" gives the rows of last time, never none', async t => {
  let etag = '"one"'
  const server = await webServer(t, ({ headers }, response) => {
    if (headers['if-none-match'] === etag) return response.writeHead(304, { etag }).end()
    return json(response, [{ id: etag }], { etag })
  })
  const source = restSource(t, server)
  t.deepEqual(await collect(source.read(everything)), [{ id: '"one"' }])
  t.deepEqual(await collect(source.read(everything)), [{ id: '"one"' }])
  t.is(server.asked[1]?.headers['if-none-match'], '"one"')
  etag = '"two"'
  t.deepEqual(await collect(source.read(everything)), [{ id: '"two"' }])
  const fresh = await webServer(t, (_, response) => void response.writeHead(304).end())
  t.regex((await endOf(t, restSource(t, fresh))).message, /status 304/)
})

test('a busy service is asked again when it says, and not beyond the end of the read', async t => {
  let busy = 2
  let told = '30'
  const server = await webServer(t, (_, response) => {
    busy -= 1
    if (busy >= 0) return response.writeHead(busy === 0 ? 503 : 429, { 'retry-after': told }).end()
    return json(response, [{ id: 1 }])
  })
  const clock = fakeClock()
  // Time passes while the read waits and at no other moment: what the network takes here is not of this clock.
  const waitsMs: number[] = []
  const sleep: typeof clock.sleep = (delayMs, signal) => {
    waitsMs.push(delayMs)
    const slept = clock.sleep(delayMs, signal)
    void clock.advance(delayMs)
    return slept
  }
  const source = restSource(t, server, { clock: { ...clock, sleep }, timeoutMs: 120_000 })
  t.deepEqual(await collect(source.read(everything)), [{ id: 1 }])
  t.deepEqual(waitsMs, [30_000, 30_000])
  busy = 1
  told = '3600'
  const { error } = await failureOf(t, restSource(t, server).read(everything))
  t.is(error.code, 'source-timeout')
  t.regex(error.message, /busy \(status 503\).*3600 s/)
})

test('an answer without rows has the columns of the fields, or those seen before, or is an error', async t => {
  let items: unknown[] = []
  const server = await webServer(t, (_, response) => json(response, { items }))
  const sql = 'SELECT id FROM contrats WHERE id > 3'
  const named = restSource(t, server, { request: { rowsPath: 'items', fields: { id: 'id' } } })
  t.deepEqual(await collect(named.read({ sql })), [])
  const source = restSource(t, server, { request: { rowsPath: 'items' } })
  t.regex((await endOf(t, source)).message, /no rows.*Name the fields/)
  items = rows
  t.is((await collect(source.read({ sql }))).length, 22)
  items = []
  t.deepEqual(await collect(source.read({ sql })), [])
})

test('status 204 and null where the list was say that there are no rows; a missing list only where that is set', async t => {
  const server = await webServer(t, ({ url }, response) => {
    if (url === '/204') return response.writeHead(204).end()
    return json(response, url === '/null' ? { items: null } : { total: 0 })
  })
  const request = { rowsPath: 'items', fields: { id: 'id' } }
  for (const more of [{ path: '/204' }, { path: '/null' }, { path: '/absent', mayBeAbsent: true }]) {
    const source = restSource(t, server, { request: { ...request, ...more } })
    t.deepEqual(await collect(source.read(everything)), [], more.path)
  }
  const absent = restSource(t, server, { request: { ...request, path: '/absent' } })
  t.regex((await endOf(t, absent)).message, /no "items".*there is: total.*mayBeAbsent/)
})
