/** The page that is on its way while the rows before it are taken. */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { Worker } from 'node:worker_threads'
import test, { type ExecutionContext } from 'ava'
import type { SourceRow } from '../../../../connectors/source.ts'
import { fakeClock } from '../../../support/fake-clock.ts'
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

  test(`a reader that leaves while the next page hangs waits for no time limit ${way}`, async t => {
    const server = await served(t, page => page === 2)
    const read = sourceOf(t, server, way, { clock: fakeClock() }).read(everything)[Symbol.asyncIterator]()
    for (let taken = 0; taken < pageRows; taken += 1) await read.next()
    const asked = read.next()
    await until(() => server.running() === 1)
    await read.return?.()
    t.deepEqual(await asked, { done: true, value: undefined })
    await until(() => server.running() === 0)
    t.is(server.asked.length, 2)
  })

  test(`what is wrong with a page that nobody takes any more is heard nowhere ${way}`, async t => {
    const unheard: unknown[] = []
    const hear = (reason: unknown): void => void unheard.push(reason)
    process.on('unhandledRejection', hear)
    t.teardown(() => process.off('unhandledRejection', hear))
    const faults: ((response: ServerResponse) => unknown)[] = [
      response => response.writeHead(500).end(),
      response => response.writeHead(401).end(),
      response => response.writeHead(503, { 'retry-after': '3600' }).end(),
      response => response.destroy(),
      response => json(response, `{"items": [${' '.repeat(600_000)}`),
      response => response.writeHead(200, { 'content-encoding': 'gzip' }).end('no gzip'),
      response => response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
    ]
    for (const fault of faults) {
      for (const leaves of ['by itself', 'by the limit', 'by the signal'] as const) {
        const server = await served(t, (page, response) => {
          if (page === 2) fault(response)
          return page === 2
        })
        const stop = new AbortController()
        const sql = leaves === 'by the limit' ? 'SELECT id FROM contrats LIMIT 101' : everything.sql
        const read = sourceOf(t, server, way).read({ sql }, stop.signal)[Symbol.asyncIterator]()
        for (let taken = 0; taken < pageRows / 2; taken += 1) await read.next()
        await until(() => server.asked.length > 1 && server.running() === 0)
        await sleepTurns()
        if (leaves === 'by the signal') stop.abort(new Error('no longer wanted'))
        await (leaves === 'by itself' ? read.return?.() : untilItEnds(read))
        await sleepTurns()
        await until(() => server.running() === 0)
      }
    }
    t.deepEqual(unheard, [])
  })
}

/** What a turn leaves behind is told within a few of the next ones. */
async function sleepTurns(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise(resolve => setImmediate(resolve))
}

async function untilItEnds(read: AsyncIterator<SourceRow>): Promise<void> {
  try {
    while ((await read.next()).done !== true);
  } catch {
    // That it ends with an error is another test's matter.
  }
}

test('a long page without rows ends the list, whatever was asked for behind it', async t => {
  const server = await webServer(t, ({ url }, response) => {
    const page = Number(new URL(url, 'http://x').searchParams.get('page'))
    if (page > 4) return response.writeHead(404).end()
    return json(response, { items: page === 4 ? [] : rowsOf(page), facets: `${page}${'f'.repeat(40_000)}` })
  })
  const rows = await collect(sourceOf(t, server, 'by number').read(everything))
  t.deepEqual(rows, [1, 2, 3].flatMap(rowsOf))
})

test('an empty page in the middle does not end a list whose Link header leads on', async t => {
  const server = await served(t, (page, response) => {
    if (page === 2) json(response, { items: [] }, { link: '<?page=3>; rel="next"' })
    return page === 2
  })
  const rows = await collect(sourceOf(t, server, 'by Link header').read(everything))
  t.deepEqual(rows, [1, 3, 4].flatMap(rowsOf))
})

test('an answer that could not be read is asked for anew by the next read, not taken for unmodified', async t => {
  let isCut = true
  const server = await webServer(t, ({ headers }, response) => {
    if (headers['if-none-match'] === '"1"') return response.writeHead(304).end()
    return json(response, isCut ? '[{"id": 1}, {"id"' : [{ id: 1 }, { id: 2 }], { etag: '"1"' })
  })
  const source = restSource(t, server)
  await failureOf(t, source.read(everything))
  isCut = false
  t.deepEqual(await collect(source.read(everything)), [{ id: 1 }, { id: 2 }])
  t.deepEqual(await collect(source.read(everything)), [{ id: 1 }, { id: 2 }])
  t.is(server.asked.filter(({ headers }) => headers['if-none-match'] === '"1"').length, 1)
})

test('a cursor that travels in a header leads on as well', async t => {
  const server = await webServer(t, ({ headers }, response) => {
    const page = Number(headers['x-cursor'] || 1)
    json(response, { items: [{ id: page }], next: page < pages ? page + 1 : null })
  })
  const request = {
    rowsPath: 'items',
    headers: { 'X-Cursor': ':cursor' },
    paging: { kind: 'cursor', path: 'next' },
  }
  const rows = await collect(restSource(t, server, { request }).read(everything))
  t.deepEqual(
    rows.map(({ id }) => id),
    [1, 2, 3, 4],
  )
})

test('rows of a page that its thread lost are an error, never no rows', async t => {
  const thread = new Worker(new URL('../../../../connectors/sources/web/page-thread.ts', import.meta.url))
  t.teardown(() => thread.terminate())
  const answered = once(thread, 'message')
  thread.postMessage({ kind: 'values', id: 7, page: 3, columns: [], start: 0, end: 500 })
  t.like((await answered)[0], { kind: 'broken', id: 7 })
})

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

test('a reader that leaves while a busy service lets it wait does not wait', async t => {
  const clock = fakeClock()
  const server = await served(t, (page, response) => {
    if (page === 2) response.writeHead(429, { 'retry-after': '30' }).end()
    return page === 2
  })
  const read = sourceOf(t, server, 'by number', { clock }).read(everything)[Symbol.asyncIterator]()
  for (let taken = 0; taken < pageRows; taken += 1) await read.next()
  const asked = read.next()
  await until(() => server.asked.length === 2 && server.running() === 0)
  await read.return?.()
  t.true((await asked).done)
  await until(() => clock.pending() === 0)
  t.is(server.asked.length, 2)
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
