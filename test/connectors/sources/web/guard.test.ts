import type { lookup } from 'node:dns'
import test from 'ava'
import { guardedLookup, judgeAddress } from '../../../../connectors/sources/web/address-guard.ts'
import { collect, failureOf } from '../contract-fixture.ts'
import { everything, json, restSource, webServer } from './web-server.ts'

test('addresses of a company network and of the internet are allowed', t => {
  for (const address of [
    '10.0.0.7',
    '172.16.3.4',
    '192.168.1.1',
    '196.28.240.1',
    '100.64.0.9',
    '64:ff9b::a00:7',
    '64:ff9b:1::a00:7',
    '64:ff9b:1:a00:0:700::',
    'fd12::7',
    '2a01::1',
  ]) {
    t.is(judgeAddress(address, { allowLoopback: false }).kind, 'allowed', address)
  }
})

test('link-local, metadata, loopback and unspecified addresses are refused, however they are dressed', t => {
  const refused = [
    ['169.254.169.254', /link-local/],
    ['169.254.0.1', /link-local/],
    ['fe80::1%eth0', /link-local/],
    ['::ffff:169.254.169.254', /link-local/],
    ['::ffff:0:a9fe:a9fe', /link-local/],
    ['64:ff9b::a9fe:a9fe', /link-local/],
    ['2002:a9fe:a9fe::1', /link-local/],
    ['::a9fe:a9fe', /link-local/],
    ['2001:0:1::1', /tunnel/],
    ['fd00:ec2::254', /metadata/],
    ['fd00:ec2::23', /metadata/],
    ['fd20:ce::254', /metadata/],
    ['64:ff9b::6464:64c8', /metadata/],
    ['64:ff9b:1::a9fe:a9fe', /link-local/],
    ['64:ff9b:1:a9fe:a9:fe00::', /link-local/],
    ['64:ff9b:1:a9:fe:a9fe::', /link-local/],
    ['64:ff9b:1:0:a9:fea9:fe00::', /link-local/],
    ['64:ff9b:1::6464:64c8', /metadata/],
    ['64:ff9b:1::7f00:1', /this machine/],
    ['64:ff9b:1::', /unspecified/],
    ['100.100.100.200', /metadata/],
    ['168.63.129.16', /metadata/],
    ['127.0.0.1', /this machine/],
    ['127.8.8.8', /this machine/],
    ['::1', /this machine/],
    ['::ffff:127.0.0.1', /this machine/],
    ['0.0.0.0', /unspecified/],
    ['::', /unspecified/],
    ['224.0.0.1', /multicast/],
    ['ff02::1', /multicast/],
    ['255.255.255.255', /broadcast/],
    ['not-an-address', /no address/],
  ] as const
  for (const [address, why] of refused) {
    const verdict = judgeAddress(address, { allowLoopback: false })
    t.regex(verdict.kind === 'refused' ? verdict.why : 'allowed', why, address)
  }
  t.is(judgeAddress('127.0.0.1', { allowLoopback: true }).kind, 'allowed')
  t.is(judgeAddress('::1', { allowLoopback: true }).kind, 'allowed')
  t.is(judgeAddress('169.254.169.254', { allowLoopback: true }).kind, 'refused')
})

test('an address of this machine is refused unless the source allows it, also in other spellings', async t => {
  const server = await webServer(t, (_, response) => json(response, [{ id: 1 }]))
  for (const host of ['127.0.0.1', 'localhost', '2130706433', '0x7f.1', '[::ffff:127.0.0.1]']) {
    const source = restSource(t, { url: `http://${host}:${server.port}` }, { allowLoopback: false })
    const { error } = await failureOf(t, source.read(everything))
    t.is(error.code, 'source-query-refused', host)
    t.regex(error.message, /this machine; set allowLoopback/, host)
    t.deepEqual(
      (await source.test()).map(({ step, outcome }) => `${step} ${outcome}`),
      ['resolve failed'],
    )
  }
  t.is(server.asked.length, 0)
})

test('a name that leads to a link-local address is refused, whichever of its addresses it is', async t => {
  const addresses = [
    { address: '10.0.0.7', family: 4 },
    { address: '169.254.169.254', family: 4 },
  ]
  // No name server that a test can run answers with these: the resolver's part is played.
  const resolve = ((_host: string, _options: unknown, done: (error: null, found: unknown) => void) =>
    done(null, addresses)) as unknown as typeof lookup
  const refusal = await new Promise<Error | null>(done => {
    guardedLookup({ allowLoopback: false }, resolve)('partner.example', { all: true }, done)
  })
  t.regex(String(refusal?.message), /partner\.example is refused: its address is 169\.254\.169\.254/)
  addresses.pop()
  const given = await new Promise((done, fail) => {
    const take = (error: Error | null, address: unknown): void =>
      error === null ? done(address) : fail(error)
    guardedLookup({ allowLoopback: false }, resolve)('partner.example', { all: false }, take)
  })
  t.is(given, '10.0.0.7')
})

test('redirects are followed to their end, and each is checked', async t => {
  const server = await webServer(t, ({ url }, response) => {
    const targets: Record<string, string> = {
      '/a': '/b',
      '/b': '/end',
      '/loop': '/loop2',
      '/loop2': '/loop',
      '/metadata': 'http://169.254.169.254/latest/meta-data/',
      '/metadata-name': 'http://[::ffff:a9fe:a9fe]/',
      '/file': 'file:///etc/passwd',
    }
    const counted = /^\/long\?(\d+)=?$/.exec(url)
    const to = counted === null ? targets[url] : `/long?${Number(counted[1]) + 1}`
    if (to === undefined) return json(response, [{ id: url }])
    return response.writeHead(302, { location: to }).end()
  })
  const source = restSource(t, server, { request: { path: '/a' } })
  t.deepEqual(await collect(source.read(everything)), [{ id: '/end' }])
  const refused = {
    '/loop': /redirected \d times/,
    '/metadata': /169\.254\.169\.254.*link-local/,
    '/metadata-name': /link-local/,
    '/file': /no web address/,
  }
  for (const [path, why] of Object.entries(refused)) {
    const { error } = await failureOf(t, restSource(t, server, { request: { path } }).read(everything))
    t.is(error.code, 'source-query-failed', path)
    t.regex(error.message, why, path)
  }
  const long = restSource(t, server, { maxRedirects: 3, request: { path: '/long', query: { 0: '' } } })
  await failureOf(t, long.read(everything))
})

test('a redirect to another origin does not take the login along, and a POST is not redirected there', async t => {
  const other = await webServer(t, (_, response) => json(response, [{ id: 1 }]))
  const server = await webServer(t, ({ method }, response) => {
    response.writeHead(method === 'POST' ? 307 : 302, { location: `${other.url}/elsewhere` }).end()
  })
  for (const auth of [{ kind: 'bearer' }, { kind: 'api-key', in: 'query', name: 'cle' }]) {
    await collect(restSource(t, server, { auth, password: 's3cret' }).read(everything))
  }
  t.is(other.asked.length, 2)
  t.false(JSON.stringify(other.asked).includes('s3cret'))
  t.true(
    server.asked.every(
      ({ headers, url }) => headers.authorization === 'Bearer s3cret' || url.includes('cle=s3cret'),
    ),
  )
  const post = restSource(t, server, {
    request: { method: 'POST', body: { kind: 'json', value: { cle: 's3cret' } } },
  })
  const { error } = await failureOf(t, post.read(everything))
  t.regex(error.message, /a POST was redirected \(307\)/)
  t.is(other.asked.length, 2)
})
