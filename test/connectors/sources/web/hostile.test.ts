import type { ServerResponse } from 'node:http'
import { createServer } from 'node:net'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import test, { type ExecutionContext } from 'ava'
import type { SourceError } from '../../../../connectors/source.ts'
import { collect, failureOf } from '../contract-fixture.ts'
import { everything, json, restSource, webServer, xml } from './web-server.ts'

async function refusal(
  t: ExecutionContext,
  answer: (response: ServerResponse) => void,
  config: Record<string, unknown> = {},
): Promise<SourceError> {
  const server = await webServer(t, (_, response) => answer(response))
  const { error, before } = await failureOf(t, restSource(t, server, config).read(everything))
  t.is(before.length, 0)
  return error
}

test('packed answers are read, and what was packed tight is not unpacked without end', async t => {
  const text = Buffer.from(JSON.stringify([{ nom: 'Zoé' }]))
  for (const [encoding, packed] of [
    ['gzip', gzipSync(text)],
    ['br', brotliCompressSync(text)],
  ] as const) {
    const server = await webServer(t, (_, response) => {
      response
        .writeHead(200, { 'content-encoding': encoding, 'content-type': 'application/json' })
        .end(packed)
    })
    t.deepEqual(await collect(restSource(t, server).read(everything)), [{ nom: 'Zoé' }], encoding)
  }
  const bomb = gzipSync(Buffer.alloc(50_000_000, ' '))
  t.true(bomb.length < 100_000)
  const bombed = await refusal(
    t,
    response => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
    { maxBodyBytes: 1_000_000 },
  )
  t.regex(bombed.message, /larger than 1000000 bytes/)
  const unknown = await refusal(t, response =>
    response.writeHead(200, { 'content-encoding': 'zstd' }).end('x'),
  )
  t.regex(unknown.message, /packed as "zstd"/)
  const wrong = await refusal(t, response =>
    response.writeHead(200, { 'content-encoding': 'gzip' }).end('no'),
  )
  t.regex(wrong.message, /said to be gzip/)
})

test('a body without end is left at the limit, also when its length is told', async t => {
  const config = { maxBodyBytes: 100_000 }
  const endless = await refusal(
    t,
    response => {
      const more = (): void => {
        while (!response.destroyed && response.write(' '.repeat(10_000)));
        if (!response.destroyed) response.once('drain', more)
      }
      more()
    },
    config,
  )
  t.regex(endless.message, /larger than 100000 bytes.*maxBodyBytes/)
  const told = await refusal(
    t,
    response => response.writeHead(200, { 'content-length': '9999999999' }).write('['),
    config,
  )
  t.regex(told.message, /larger than 100000 bytes/)
})

test('a service that never answers, drips, or hangs in the middle is left in time', async t => {
  const silent = await refusal(t, () => {}, { answerTimeoutMs: 200 })
  t.is(silent.code, 'source-timeout')
  t.regex(silent.message, /no answer within 200 ms/)
  const drip = (response: ServerResponse): void => {
    response.write('[')
    const timer = setInterval(() => response.write(' '), 20)
    response.once('close', () => clearInterval(timer))
  }
  const dripping = await refusal(t, drip, { requestTimeoutMs: 300 })
  t.is(dripping.code, 'source-timeout')
  t.regex(dripping.message, /longer than 300 ms/)
  const whole = await refusal(t, drip, { timeoutMs: 300 })
  t.is(whole.code, 'source-timeout')
  t.regex(whole.message, /query was stopped after 300 ms/)
})

test('a server that accepts and says nothing, or speaks no HTTP, is told', async t => {
  const talk = async (words: string): Promise<SourceError> => {
    const server = createServer(socket => {
      socket.on('error', () => {})
      socket.end(words)
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    t.teardown(() => server.close())
    const { port } = server.address() as { port: number }
    const source = restSource(t, { url: `http://127.0.0.1:${port}` })
    return (await failureOf(t, source.read(everything))).error
  }
  t.regex((await talk('SSH-2.0-OpenSSH_9.9\r\n')).message, /no web service/)
  t.regex((await talk('')).message, /cut/)
  t.regex((await talk(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`)).message, /no web service/)
})

test('XML bombs, document types and deep nesting are refused', async t => {
  const laughs = `<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "${'&a;'.repeat(1000)}">]><l><r>&b;</r></l>`
  const file = '<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/hostname">]><l><r>&a;</r></l>'
  for (const text of [laughs, file]) {
    t.regex(
      (await refusal(t, response => xml(response, text))).message,
      /no whole XML.*(?:DOCTYPE|external entit)/i,
    )
  }
  const deep = `${'<a>'.repeat(5_000)}${'</a>'.repeat(5_000)}`
  t.regex((await refusal(t, response => xml(response, deep))).message, /no whole XML/)
  const deepJson = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
  t.is((await refusal(t, response => json(response, deepJson))).code, 'source-query-failed')
})

test('an answer that is cut, empty, for people or of another kind is an error that says so', async t => {
  const said = async (text: string, type = 'application/json', request: object = {}): Promise<string> => {
    const error = await refusal(t, response => response.writeHead(200, { 'content-type': type }).end(text), {
      request,
    })
    t.is(error.code, 'source-query-failed')
    return error.message
  }
  t.regex(await said('[{"id":1},{"id":'), /no whole JSON of 16 characters/)
  t.regex(await said('<a><b>1</b>', 'text/xml'), /no whole XML/)
  t.regex(await said(''), /empty/)
  t.regex(
    await said('<!DOCTYPE html><html><head><title>Connexion</title></head></html>', 'text/html'),
    /people \("Connexion"\)/,
  )
  t.regex(await said('maintenance'), /neither JSON nor XML \(of type application\/json\)/)
  t.regex(await said('<a/>', 'application/json', { format: 'json' }), /XML where JSON was expected/)
  t.regex(await said('{"a":1}'), /holds no list/)
  t.regex(await said('{"a":[],"b":[]}'), /several lists: a, b/)
  t.regex(await said('{"a":"x"}', 'application/json', { rowsPath: 'a' }), /leads to a string/)
  t.regex(await said('[{"a":1e400}]'), /a number beyond/)
  const secret = await said('{"nom":"Sawadogo","tel', 'application/json')
  t.false(secret.includes('Sawadogo'))
})

test('JSON sent under a wrong content type is read all the same', async t => {
  const server = await webServer(t, (_, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('\ufeff [{"id":1}]')
  })
  t.deepEqual(await collect(restSource(t, server).read(everything)), [{ id: 1 }])
})

test('names that are none of a plain object do no harm', async t => {
  const text = '[{"__proto__":{"a":1},"constructor":"c","toString":2,"id":1}]'
  const server = await webServer(t, (_, response) => json(response, text))
  const rows = await collect(restSource(t, server).read(everything))
  t.is(rows[0]?.id, 1)
  t.is(rows[0]?.constructor as unknown, 'c')
  t.is(({} as { a?: number }).a, undefined)
  const fields = { a: 'missing', b: 'toString', c: 'hasOwnProperty' }
  const plain = await webServer(t, (_, response) => json(response, '[{"id":1}]'))
  t.deepEqual(await collect(restSource(t, plain, { request: { fields } }).read(everything)), [
    { a: null, b: null, c: null },
  ])
})

test('a parameter cannot climb in the path, add a header or go without a value', async t => {
  const server = await webServer(t, (_, response) => json(response, [{ id: 1 }]))
  const request = { path: '/agences/:agence', headers: { 'x-agence': ':nom' }, defaults: { nom: 'a' } }
  const source = restSource(t, server, { request })
  for (const params of [{ agence: '..' }, { agence: '' }, { agence: 'a', nom: 'a\r\nx-admin: 1' }, {}]) {
    const { error } = await failureOf(t, source.read({ ...everything, params } as never))
    t.is(error.code, 'source-query-refused', JSON.stringify(params))
  }
  t.is(server.asked.length, 0)
})

test('large answers are parsed in a thread with the same rows, and the thread ends with the read', async t => {
  const rows = Array.from({ length: 20_000 }, (_, id) => ({
    id: String(id),
    nom: `Ouédraogo ${id}`,
    vide: '',
  }))
  const text = rows.map(({ id, nom }) => `<r><id>${id}</id><nom>${nom}</nom><vide/></r>`).join('')
  const server = await webServer(t, ({ url }, response) => {
    if (url === '/xml') return xml(response, `<rows>${text}</rows>`)
    return json(response, url === '/cut' ? JSON.stringify(rows).slice(0, -5) : rows)
  })
  for (const request of [{ path: '/xml', rowsPath: 'rows/r' }, { path: '/json' }]) {
    const source = restSource(t, server, { request })
    t.deepEqual(await collect(source.read(everything)), rows, request.path)
    let count = 0
    for await (const _ of source.read(everything)) {
      count += 1
      if (count === 3) break
    }
  }
  const cut = await failureOf(t, restSource(t, server, { request: { path: '/cut' } }).read(everything))
  t.regex(cut.error.message, /no whole JSON/)
})

test('settings that cannot work, or that would hide a secret, are refused when they are saved', async t => {
  const bad: [Record<string, unknown>, RegExp][] = [
    [{ baseUrl: 'ftp://x' }, /baseUrl/],
    [{ baseUrl: 'http://user:pass@x' }, /no user/],
    [{ request: { headers: { Authorization: 'Bearer x' } } }, /secret belongs/],
    [{ request: { path: '//evil.example' } }, /path/],
    [{ request: { path: '/a?b=c' } }, /path/],
    [{ request: { rowsPath: 'a..b' } }, /rowsPath/],
    [{ request: { body: { kind: 'json', value: 1 } } }, /GET has no body/],
    [{ request: { fields: { nom: 'a', NOM: 'b' } } }, /capital/],
    [{ requests: {} }, /one request/],
    [{ requests: { 'a b': {} } }, /letters/],
    [{ auth: { kind: 'bearer', token: 'x' } }, /auth/],
  ]
  for (const [config, why] of bad) {
    const error = t.throws(() => restSource(t, { url: 'http://127.0.0.1:1' }, config))
    t.regex(String(error?.message), why, JSON.stringify(config))
  }
})

test('lists in lists without end are refused in words, wherever they stand', async t => {
  const deep = '['.repeat(50_000) + ']'.repeat(50_000)
  const precise = '9007199254740993123'
  const answers: Record<string, string> = {
    '/cell': `[{"id":1,"a":${deep}}]`,
    '/object': `[{"id":1,"a":${'{"b":'.repeat(50_000)}1${'}'.repeat(50_000)}}]`,
    '/whole': deep,
    '/exact': `[{"id":${precise},"a":${deep}}]`,
    '/thread': `[{"id":1,"a":${deep}},${'{"id":2,"a":"x"},'.repeat(40_000)}{"id":3}]`,
    '/thread-exact': `[{"id":${precise},"a":${deep}},${'{"id":2,"a":"x"},'.repeat(40_000)}{"id":3}]`,
  }
  const server = await webServer(t, ({ url }, response) => json(response, answers[url] ?? '[]'))
  for (const path of Object.keys(answers)) {
    const { error } = await failureOf(t, restSource(t, server, { request: { path } }).read(everything))
    t.regex(error.message, /nested deeper than 60 levels/, path)
  }
  // Signs in strings are no levels, whatever stands before their quotes.
  const text = `${'[{'.repeat(200)}\\"\\\\`
  const shallow = await webServer(t, (_, response) => json(response, `[{"id":${precise},"a":"${text}"}]`))
  t.deepEqual(await collect(restSource(t, shallow).read(everything)), [
    { id: precise, a: JSON.parse(`"${text}"`) },
  ])
})
