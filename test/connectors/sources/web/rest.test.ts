import test from 'ava'
import { collect } from '../contract-fixture.ts'
import { everything, json, restSource, webServer, xml } from './web-server.ts'

const people = [
  { id: 1, nom: 'Awa', agence: { ville: 'Bobo-Dioulasso', code: '007' }, actif: true },
  { id: 2, nom: "N'Dri", agence: { ville: null }, actif: false, numeros: ['70 00 00 01', '70 00 00 02'] },
]

test('a list in JSON is a table: nested values have dotted names, lists are JSON', async t => {
  const server = await webServer(t, (_, response) => json(response, { data: { items: people } }))
  const source = restSource(t, server, { request: { path: '/v1/contrats', rowsPath: 'data.items' } })
  t.deepEqual(await collect(source.read(everything)), [
    { id: 1, nom: 'Awa', 'agence.ville': 'Bobo-Dioulasso', 'agence.code': '007', actif: 1, numeros: null },
    {
      id: 2,
      nom: "N'Dri",
      'agence.ville': null,
      'agence.code': null,
      actif: 0,
      numeros: '["70 00 00 01","70 00 00 02"]',
    },
  ])
  t.is(server.asked[0]?.url, '/v1/contrats')
  const joined = await collect(
    source.read({
      sql: 'SELECT nom, "agence.ville" AS ville FROM Contrats WHERE id > :id',
      params: { id: 1 },
    }),
  )
  t.deepEqual(joined, [{ nom: "N'Dri", ville: null }])
})

test('fields name the columns by their paths', async t => {
  const server = await webServer(t, (_, response) => json(response, people))
  const fields = { code: 'agence.code', nom: '$.nom', premier: 'numeros[0]', tous: 'numeros[*]' }
  const source = restSource(t, server, { request: { fields } })
  t.deepEqual(await collect(source.read(everything)), [
    { code: '007', nom: 'Awa', premier: null, tous: null },
    { code: null, nom: "N'Dri", premier: '70 00 00 01', tous: '["70 00 00 01","70 00 00 02"]' },
  ])
})

test('a list in XML is a table: prefixes do not count, one element is a list of one', async t => {
  const contract = (nom: string): string =>
    `<n:contrat n:id="007"><n:nom>${nom}</n:nom><n:prime i:nil="true"/><n:etat/></n:contrat>`
  const server = await webServer(t, ({ url }, response) => {
    const rows = {
      '/one': contract('Awa &amp; fils &#233;'),
      '/two': contract('A') + contract('<![CDATA[B&amp;]]>'),
    }
    const text = (rows as Record<string, string>)[url] ?? ''
    xml(response, `<?xml version="1.0"?><n:contrats xmlns:n="urn:n" xmlns:i="urn:i">${text}</n:contrats>`)
  })
  const request = { rowsPath: 'x:contrats/contrat' }
  const requests = { one: { ...request, path: '/one' }, two: { ...request, path: '/two' } }
  const source = restSource(t, server, { requests })
  const row = { '@id': '007', prime: null, etat: '' }
  t.deepEqual(await collect(source.read({ sql: 'SELECT * FROM one' })), [{ ...row, nom: 'Awa & fils é' }])
  t.deepEqual(await collect(source.read({ sql: 'SELECT * FROM two' })), [
    { ...row, nom: 'A' },
    { ...row, nom: 'B&amp;' },
  ])
  const none = restSource(t, server, {
    requests: { none: { ...request, path: '/none', fields: { nom: 'nom' } } },
  })
  t.deepEqual(await collect(none.read({ sql: 'SELECT nom FROM none' })), [])
})

test('parameters stand in path, address, headers and body, each escaped for its place', async t => {
  const server = await webServer(t, (_, response) => json(response, [{ id: 1 }]))
  const requests = {
    gets: {
      path: '/agences/:agence/contrats',
      query: { q: 'nom=:nom', etat: ':etat', sans: ':rien', at: 'urn:a 12:30' },
      headers: { 'X-Agence': ':agence' },
      defaults: { rien: null, etat: 3 },
    },
    posts: {
      method: 'POST',
      path: '/search',
      body: {
        kind: 'json',
        value: { nom: ':nom', etat: ':etat', rien: ':rien', text: 'a :nom', list: [':etat'] },
      },
      defaults: { rien: null, etat: 3 },
    },
    forms: {
      method: 'POST',
      body: { kind: 'form', fields: { nom: ':nom', etat: ':etat' } },
      defaults: { etat: 3 },
    },
    texts: { method: 'POST', body: { kind: 'text', contentType: 'application/xml', text: '<n>:nom</n>' } },
  }
  const source = restSource(t, server, { requests })
  const params = { agence: 'a/b c', nom: 'N\'Dri & "Cie"' }
  for (const name of Object.keys(requests))
    await collect(source.read({ sql: `SELECT id FROM ${name}`, params }))
  const [got, posted, form, text] = server.asked
  const url = new URL(got!.url, server.url)
  t.is(url.pathname, '/agences/a%2Fb%20c/contrats')
  t.deepEqual(Object.fromEntries(url.searchParams), { q: `nom=${params.nom}`, etat: '3', at: 'urn:a 12:30' })
  t.is(got!.headers['x-agence'], 'a/b c')
  t.deepEqual(JSON.parse(posted!.body), { nom: params.nom, etat: 3, text: `a ${params.nom}`, list: [3] })
  t.is(posted!.headers['content-type'], 'application/json')
  t.deepEqual(Object.fromEntries(new URLSearchParams(form!.body)), { nom: params.nom, etat: '3' })
  t.is(text!.body, '<n>N&apos;Dri &amp; &quot;Cie&quot;</n>')
})

test('only what changed is asked for when the query says since when', async t => {
  const server = await webServer(t, (_, response) => json(response, [{ id: 1 }]))
  const asked = async (format: string, since: string | number | null): Promise<string | null> => {
    const source = restSource(t, server, { request: { since: { param: 'depuis', format } } })
    await collect(source.read({ ...everything, params: { since } }))
    return new URL(server.asked.at(-1)!.url, server.url).searchParams.get('depuis')
  }
  t.is(await asked('as-is', '2027-01-04 09:30:00'), '2027-01-04 09:30:00')
  t.is(await asked('as-is', 4_217), '4217')
  t.is(await asked('date', '2027-01-04 09:30:00'), '2027-01-04')
  t.is(await asked('iso', '2027-01-04'), '2027-01-04T00:00:00')
  t.is(await asked('iso-z', '2027-01-04 09:30:00'), '2027-01-04T09:30:00Z')
  t.is(await asked('epoch-seconds', '2027-01-04 09:30:00'), String(Date.UTC(2027, 0, 4, 9, 30) / 1000))
  t.is(await asked('epoch-ms', '2027-01-04 09:30:00'), String(Date.UTC(2027, 0, 4, 9, 30)))
  t.is(await asked('date', null), null)
})

test('numbers beyond a double arrive as written', async t => {
  const text = '[{"a":9007199254740993,"b":12345678901234567.89,"c":0.1,"d":-42,"f":0.30000000000000004}]'
  const server = await webServer(t, (_, response) => json(response, text))
  t.deepEqual(await collect(restSource(t, server).read(everything)), [
    { a: '9007199254740993', b: '12345678901234567.89', c: 0.1, d: -42, f: 0.30000000000000004 },
  ])
})

test('an old service that writes Windows letters is read by its charset, its declaration or the setting', async t => {
  const name = 'Aïcha N’Guessan œ €'
  const windows = Buffer.from('41ef636861204e924775657373616e209c2080', 'hex')
  const inJson = Buffer.concat([Buffer.from('[{"nom":"'), windows, Buffer.from('"}]')])
  const declared = Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><a><b><nom>')
  const inXml = Buffer.concat([declared, windows, Buffer.from('</nom></b><b><nom>x</nom></b></a>')])
  const server = await webServer(t, ({ url }, response) => {
    if (url === '/charset') response.setHeader('content-type', 'application/json; charset=iso-8859-1')
    response.end(url === '/xml' ? inXml : inJson)
  })
  for (const [path, encoding] of [
    ['/charset', 'utf8'],
    ['/xml', 'utf8'],
    ['/plain', 'cp1252'],
  ] as const) {
    const source = restSource(t, server, { encoding, request: { path, fields: { nom: 'nom' } } })
    t.is((await collect(source.read(everything)))[0]?.nom, name, path)
  }
})

test('each login sends its secret, and no message shows it', async t => {
  const server = await webServer(t, ({ url, headers }, response) => {
    const given =
      headers.authorization ?? headers['x-key'] ?? new URL(url, 'http://x').searchParams.get('cle')
    const wanted = ['Basic bGVjdGV1cjpzM2NyZXQ=', 'Bearer s3cret', 's3cret']
    if (wanted.includes(String(given))) return json(response, [{ id: 1 }])
    response.writeHead(401, { 'content-type': 'application/json' }).end('{"message":"who are you"}')
  })
  const logins = [
    { kind: 'basic', user: 'lecteur' },
    { kind: 'bearer' },
    { kind: 'api-key', in: 'header', name: 'X-Key' },
    { kind: 'api-key', in: 'query', name: 'cle' },
  ]
  for (const auth of logins) {
    const source = restSource(t, server, { auth, password: 's3cret' })
    t.deepEqual(await collect(source.read(everything)), [{ id: 1 }], auth.kind)
    const wrong = restSource(t, server, { auth, password: 'not-this-one' })
    const error = await t.throwsAsync(() => collect(wrong.read(everything)), { code: 'source-login-refused' })
    t.regex(error!.message, /127\.0\.0\.1.*who are you/)
    t.false(`${error!.message}${JSON.stringify(error)}`.includes('not-this-one'))
  }
})

test('an OAuth2 token is bought once, renewed when refused, and a wrong client is told', async t => {
  let token = 1
  const server = await webServer(t, ({ url, headers, body }, response) => {
    if (url === '/token') {
      const form = new URLSearchParams(body)
      const isRight =
        headers.authorization === `Basic ${Buffer.from('cl%26ent:s3cret%3A').toString('base64')}`
      if (!isRight || form.get('grant_type') !== 'client_credentials' || form.get('scope') !== 'read') {
        return response.writeHead(401).end('{"error":"invalid_client"}')
      }
      return json(response, { access_token: `t${token}`, token_type: 'Bearer', expires_in: 3600 })
    }
    if (headers.authorization !== `Bearer t${token}`) return response.writeHead(401).end()
    return json(response, [{ id: 1 }])
  })
  const auth = { kind: 'oauth2', tokenUrl: `${server.url}/token`, clientId: 'cl&ent', scope: 'read' }
  const source = restSource(t, server, { auth, password: 's3cret:' })
  const tokens = (): number => server.asked.filter(({ url }) => url === '/token').length
  await collect(source.read(everything))
  await collect(source.read(everything))
  t.is(tokens(), 1)
  token = 2
  t.deepEqual(await collect(source.read(everything)), [{ id: 1 }])
  t.is(tokens(), 2)
  const wrong = restSource(t, server, { auth, password: 'wrong' })
  const error = await t.throwsAsync(() => collect(wrong.read(everything)), { code: 'source-login-refused' })
  t.regex(error!.message, /as cl&ent.*no token.*invalid_client/)
})
