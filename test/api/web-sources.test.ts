/** Web services as saved sources: what is remembered between reads, and what is told to nobody. */
import test, { type ExecutionContext } from 'ava'
import type { SourceRow } from '../../connectors/source.ts'
import { collect } from '../connectors/sources/contract-fixture.ts'
import {
  type Answer,
  everything,
  json,
  type WebServer,
  webServer,
} from '../connectors/sources/web/web-server.ts'
import { type ApiUnderTest, startApi } from './api-under-test.ts'

interface Room {
  api: ApiUnderTest
  server: WebServer
  sourceId: number
  path: string
  body: { name: string; kind: string; config: Record<string, unknown> }
  read(): Promise<SourceRow[]>
}

const oauth = { kind: 'oauth2', clientId: 'rappel' }

/** A service that sells tokens and knows whether its list has changed. */
async function tokenRoom(t: ExecutionContext): Promise<Room> {
  let sold = 0
  return room(
    t,
    ({ url, headers }, response) => {
      if (url === '/token') {
        sold += 1
        return json(response, { access_token: `token-${sold}-abcdef`, expires_in: 3_600 })
      }
      if (headers['if-none-match'] === '"v1"') return response.writeHead(304).end()
      return json(response, [{ id: 1, nom: 'Awa' }], { etag: '"v1"' })
    },
    url => ({ auth: { ...oauth, tokenUrl: `${url}/token` }, password: 'client-secret-1' }),
  )
}

async function room(
  t: ExecutionContext,
  answer: Answer,
  settings: (url: string) => Record<string, unknown>,
): Promise<Room> {
  const server = await webServer(t, answer)
  const api = await startApi(t)
  const config = {
    baseUrl: server.url,
    allowLoopback: true,
    requests: { contrats: {} },
    ...settings(server.url),
  }
  const body = { name: 'Service', kind: 'rest', config }
  const { sourceId } = (await api.call('POST', '/api/v1/sources', { body })).body
  const read = async (): Promise<SourceRow[]> => {
    const source = await api.application.openSource(sourceId)
    try {
      return await collect(source.read(everything))
    } finally {
      await source.close()
    }
  }
  return { api, server, sourceId, path: `/api/v1/sources/${sourceId}`, body, read }
}

function tokensAsked({ asked }: WebServer): number {
  return asked.filter(({ url }) => url === '/token').length
}

test('a saved source keeps its token and asks only for what changed, from one opening to the next', async t => {
  const { server, read } = await tokenRoom(t)
  const rows = [{ id: 1, nom: 'Awa' }]
  t.deepEqual(await read(), rows)
  t.deepEqual(await read(), rows)
  t.is(tokensAsked(server), 1)
  const [first, second] = server.asked.filter(({ url }) => url === '/')
  t.is(first?.headers['if-none-match'], undefined)
  t.is(second?.headers['if-none-match'], '"v1"')
  t.is(second?.headers.authorization, 'Bearer token-1-abcdef')
})

test('previews and runs share what is remembered', async t => {
  const { api, server, path, read } = await tokenRoom(t)
  await read()
  const answer = await api.call('POST', `${path}/preview`, { body: { sql: everything.sql } })
  t.is(answer.status, 200)
  t.is(answer.body.rows.length, 1)
  t.is(tokensAsked(server), 1)
})

test('changed settings and a changed secret begin anew', async t => {
  const { api, server, path, body, read } = await tokenRoom(t)
  await read()
  const slower = { ...body, config: { ...body.config, answerTimeoutMs: 20_000 } }
  t.is((await api.call('PUT', path, { body: slower })).status, 200)
  await read()
  t.is(tokensAsked(server), 2)
  t.is(server.asked.at(-1)?.headers['if-none-match'], undefined)
  const other = { ...slower, config: { ...slower.config, password: 'client-secret-2' } }
  t.is((await api.call('PUT', path, { body: other })).status, 200)
  await read()
  t.is(tokensAsked(server), 3)
  t.is(server.asked.at(-1)?.headers['if-none-match'], undefined)
})

test('a draft and another source share nothing with a saved one', async t => {
  const { api, server, body, read } = await tokenRoom(t)
  await read()
  const { kind, config } = body
  t.is((await api.call('POST', '/api/v1/sources/test', { body: { kind, config } })).status, 200)
  t.is(tokensAsked(server), 2)
  const twin = (await api.call('POST', '/api/v1/sources', { body: { ...body, name: 'Twin' } })).body
  await api.call('POST', `/api/v1/sources/${twin.sourceId}/preview`, { body: { sql: everything.sql } })
  t.is(tokensAsked(server), 3)
})

test('a service that repeats what it was sent tells no secret: not in the answer, not in the log', async t => {
  const logins = [
    { auth: { kind: 'bearer' }, password: 'bearer-0123456789' },
    { auth: { kind: 'basic', user: 'lecteur' }, password: 'basic pass/word+1' },
    { auth: { kind: 'api-key', in: 'header', name: 'X-Key' }, password: 'key34' },
    { auth: { kind: 'api-key', in: 'query', name: 'key' }, password: 'clé secrète & co' },
    { auth: oauth, password: 'client-secret-1' },
  ]
  for (const { auth, password } of logins) {
    const echo: Answer = ({ url, headers }, response) => {
      if (url === '/token') return json(response, { access_token: 'bought-token-42', expires_in: 60 })
      response.writeHead(400, { 'content-type': 'application/json' })
      const told = `${headers['x-key']} ${headers.authorization} ${url} ${decodeURIComponent(url)}`
      response.end(JSON.stringify({ detail: `bad key ${told}` }))
    }
    const { api, path } = await room(t, echo, url => ({
      auth: auth === oauth ? { ...auth, tokenUrl: `${url}/token` } : auth,
      password,
    }))
    const { body } = await api.call('POST', `${path}/preview`, { body: { sql: everything.sql } })
    const steps = await api.call('POST', `${path}/test`)
    t.is(body.error.code, 'source-query-failed', auth.kind)
    t.regex(JSON.stringify(body), /bad key .*\*{3}/, auth.kind)
    const everythingTold = [JSON.stringify(body), JSON.stringify(steps.body), ...api.logLines].join('\n')
    const base64 = Buffer.from(`lecteur:${password}`).toString('base64')
    const spellings = [
      password,
      encodeURIComponent(password),
      new URLSearchParams({ v: password }).toString(),
    ]
    for (const secret of [...spellings, base64, 'bought-token-42']) {
      t.false(everythingTold.includes(secret.replace(/^v=/, '')), `${auth.kind}: ${secret}`)
    }
  }
})

test('half a secret at the end of a cut text is not told either', async t => {
  const password = 'a-long-token-of-the-service-0123456789'
  const detail = `${'x'.repeat(180)} ${password}`
  const { api, path } = await room(
    t,
    (_, response) => {
      response.writeHead(400, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ detail }))
    },
    () => ({ auth: { kind: 'bearer' }, password }),
  )
  const { body } = await api.call('POST', `${path}/preview`, { body: { sql: everything.sql } })
  t.false(JSON.stringify(body).includes('a-long-token'))
})

test('a request may not carry a kept password to another place of itself', async t => {
  const api = await startApi(t)
  const envelope = (inside: string): string =>
    `<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>${inside}</e:Body></e:Envelope>`
  const config = {
    endpoint: 'http://192.0.2.1/service',
    auth: { kind: 'in-body', user: 'lecteur' },
    requests: { contrats: { envelope: envelope('<a>{{user}}</a><b>{{password}}</b>') } },
  }
  const whole = (more: object) => ({
    body: { name: 'Service', kind: 'soap', config: { ...config, ...more } },
  })
  const { sourceId } = (await api.call('POST', '/api/v1/sources', whole({ password: 'secret' }))).body
  const put = (more: object) => api.call('PUT', `/api/v1/sources/${sourceId}`, whole(more))
  t.is((await put({})).status, 200)
  const plain = { agences: { envelope: envelope('<a>1</a>') } }
  t.is((await put({ requests: { ...config.requests, ...plain } })).status, 200, 'one without the password')
  const moved = [
    { agences: { envelope: envelope('<echo>{{ password }}</echo>') } },
    { contrats: { ...config.requests.contrats, rowsPath: 'echo' } },
    { agences: { envelope: envelope('<echo>{{wsSecurity}}</echo>') } },
  ]
  for (const requests of moved) {
    const refused = await put({ requests: { ...config.requests, ...requests } })
    t.is(refused.status, 400, JSON.stringify(requests))
    t.regex(JSON.stringify(refused.body), /body\.config\.password/)
    t.is((await put({ requests: { ...config.requests, ...requests }, password: 'secret' })).status, 200)
    t.is((await put({ password: 'secret' })).status, 200)
  }
})

test('the password of an argument is found behind a line end too, and a new description moves it', async t => {
  const { passwordBearers } = await import('../../server/api/endpoints/source-password.ts')
  const before = { requests: { a: { arguments: { key: 'x\n:password' } } }, wsdl: { text: '1' } }
  t.deepEqual(passwordBearers(before, { requests: {} }), ['requests', 'wsdl'])
  t.deepEqual(passwordBearers(before, before), ['wsdl'])
  t.deepEqual(passwordBearers({ requests: { a: { arguments: { key: 'x:password_2' } } } }, before), [])
})
