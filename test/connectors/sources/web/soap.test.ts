import http from 'node:http'
import type { AddressInfo } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { listen, passwordDigest as packageDigest, type Server as SoapServer } from 'soap'
import { shiftedClock, systemClock } from '../../../../connectors/clock.ts'
import { passwordDigest, usernameTokenHeader } from '../../../../connectors/sources/soap/ws-security.ts'
import { collect, failureOf } from '../contract-fixture.ts'
import { insurerWsdl, splitWsdl } from './insurer-wsdl.ts'
import { everything, soapSource, webServer, xml } from './web-server.ts'

const contrats = [
  { police: '007-1', echeance: '2027-01-01', prime: '12345678901234567.89', nom: 'Awa & fils' },
  { police: '9007199254740993', echeance: '2027-03-28', prime: '0.10', nom: 'Ouédraogo œ' },
]

interface PackageServer {
  url: string
  soap: SoapServer
  asked: { args: unknown; headers: http.IncomingHttpHeaders; xml: string }[]
}

/** A service made with the package's own server. */
async function packageServer(
  t: ExecutionContext,
  { wsdl = insurerWsdl(), is12 = false, answer = () => ({ contrat: contrats }) as unknown } = {},
): Promise<PackageServer> {
  const asked: PackageServer['asked'] = []
  let last = ''
  const server = http.createServer((_, response) => response.writeHead(404).end())
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  const getContrats = (
    args: unknown,
    _callback: unknown,
    _header: unknown,
    request: http.IncomingMessage,
  ): unknown => {
    asked.push({ args, headers: request.headers, xml: last })
    return answer()
  }
  const port = { getContrats }
  const services = { Service: { Contrats11: port, Contrats12: port } }
  const soap = listen(server, { path: '/service', services, xml: wsdl, forceSoap12Headers: is12 })
  soap.log = (type, data) => {
    if (type === 'received') last = String(data)
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, soap, asked }
}

const request = {
  operation: 'getContrats',
  arguments: { depuis: ':since', filtre: { agence: [':agence', 'Bobo & <Dioulasso>'] } },
  rowsPath: 'getContratsResponse/contrat',
  defaults: { since: null, agence: 'Ouaga' },
}

test('an operation of a stored description is a table; dates and decimals stay as written', async t => {
  const server = await packageServer(t)
  const source = soapSource(t, server, { wsdl: { text: insurerWsdl() }, requests: { contrats: request } })
  t.deepEqual(await collect(source.read({ ...everything, params: { since: '2027-01-04' } })), contrats)
  t.deepEqual(server.asked[0]?.args, {
    depuis: '2027-01-04',
    filtre: { agence: ['Ouaga', 'Bobo & <Dioulasso>'] },
  })
  t.is(server.asked[0]?.headers.soapaction, '"urn:insurer/getContrats"')
  t.deepEqual(await collect(source.read({ sql: "SELECT nom FROM contrats WHERE police = '007-1'" })), [
    { nom: 'Awa & fils' },
  ])
  t.deepEqual(
    (await source.describe()).map(({ name, columns }) => [name, columns.map(column => column.name)]),
    [['contrats', ['police', 'echeance', 'prime', 'nom']]],
  )
})

test('SOAP 1.2 uses its port, its envelope and its media type', async t => {
  const wsdl = insurerWsdl(['11', '12'])
  const server = await packageServer(t, { wsdl, is12: true })
  const source = soapSource(t, server, {
    version: '1.2',
    wsdl: { text: wsdl },
    requests: { contrats: request },
  })
  t.deepEqual(await collect(source.read(everything)), contrats)
  const type = server.asked[0]?.headers['content-type'] ?? ''
  t.regex(type, /^application\/soap\+xml;.*action="urn:insurer\/getContrats"/)
  t.true(server.asked[0]?.xml.includes('http://www.w3.org/2003/05/soap-envelope'))
})

test('a description in several files is used from the store, and one with a missing part is refused', async t => {
  const server = await packageServer(t)
  const source = soapSource(t, server, { wsdl: splitWsdl, requests: { contrats: request } })
  t.deepEqual(await collect(source.read(everything)), contrats)
  for (const location of ['xsd/insurer.xsd', 'http://169.254.169.254/x.xsd', 'file:///etc/passwd']) {
    const text = splitWsdl.text.replace('xsd/insurer.xsd', location)
    const missing = soapSource(t, server, { wsdl: { text }, requests: { contrats: request } })
    const { error } = await failureOf(t, missing.read(everything))
    t.is(error.code, 'source-query-refused')
    t.true(error.message.includes(`imports "${location}"`), error.message)
  }
  const unknown = soapSource(t, server, {
    wsdl: { text: insurerWsdl() },
    requests: { contrats: { ...request, operation: 'getSinistres' } },
  })
  t.regex(
    (await failureOf(t, unknown.read(everything))).error.message,
    /no operation getSinistres; it has: getContrats/,
  )
})

interface Token {
  Username: string
  Password: { $value: string; attributes: { Type: string } }
  Nonce?: { $value: string }
  Created: string
}

test('WS-Security sends the user with the password as text or as digest', async t => {
  const server = await packageServer(t)
  server.soap.authenticate = security => {
    const { Username, Password, Nonce, Created } = (security as { UsernameToken: Token }).UsernameToken
    const isDigest = Password.attributes.Type.endsWith('#PasswordDigest')
    const expected = isDigest ? packageDigest(Nonce!.$value, Created, 's3cret&') : 's3cret&'
    return Username === 'lecteur' && Password.$value === expected
  }
  for (const passwordType of ['text', 'digest']) {
    const auth = { kind: 'ws-security', user: 'lecteur', passwordType, timestamp: true }
    const config = { auth, wsdl: { text: insurerWsdl() }, requests: { contrats: request } }
    const source = soapSource(t, server, { ...config, password: 's3cret&' })
    t.deepEqual(await collect(source.read(everything)), contrats, passwordType)
    const wrong = soapSource(t, server, { ...config, password: 'not-this-one' })
    const { error } = await failureOf(t, wrong.read(everything))
    t.false(error.message.includes('not-this-one'))
    t.regex(error.message, /SOAP 127\.0\.0\.1:\d+ as lecteur/)
  }
  t.true(server.asked.every(({ xml }) => xml.includes('Timestamp>')))
})

test('the digest is that of the profile, and the header is as its example', t => {
  const nonce = Buffer.from('0123456789abcdef0123456789abcdef', 'hex')
  // Computed with the openssl command: (nonce, created, password) | sha1 | base64.
  t.is(passwordDigest(nonce, '2027-01-04T09:00:00Z', 's3cret'), 'Pxi4r/HCEuEtMR5Zo+eRP3aN+sM=')
  const header = usernameTokenHeader(
    { user: 'a<b', password: 'p&q', passwordType: 'text', timestamp: false },
    new Date('2027-01-04T09:00:00.123Z'),
  )
  t.true(header.includes('<wsse:Username>a&lt;b</wsse:Username>'))
  t.true(header.includes('#PasswordText">p&amp;q</wsse:Password>'))
  t.true(header.includes('<wsu:Created>2027-01-04T09:00:00Z</wsu:Created>'))
  t.false(header.includes('Timestamp'))
})

const axisEnvelope = `<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:ws="urn:ws">
<soapenv:Body><ws:listeContrats soapenv:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">
<login>{{user}}</login><pass>{{ password }}</pass><date>{{since}}</date></ws:listeContrats></soapenv:Body></soapenv:Envelope>`

/** As Axis 1.4 writes an array of beans: each once, at the end of the body. */
const axisAnswer = `<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"><soapenv:Body>
<ns1:listeContratsResponse soapenv:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/" xmlns:ns1="urn:ws">
<listeContratsReturn soapenc:arrayType="ns1:Contrat[2]" xsi:type="soapenc:Array" xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/">
<listeContratsReturn href="#id0"/><listeContratsReturn href="#id1"/></listeContratsReturn></ns1:listeContratsResponse>
<multiRef id="id1" xsi:type="ns2:Contrat" xmlns:ns2="urn:ws"><police xsi:type="xsd:string">A-2</police><assure href="#id2"/><prime xsi:nil="true"/></multiRef>
<multiRef id="id0" xsi:type="ns3:Contrat" xmlns:ns3="urn:ws"><police xsi:type="xsd:string">A-1</police><assure href="#id2"/><prime xsi:type="xsd:decimal">100.50</prime></multiRef>
<multiRef id="id2" xsi:type="ns4:Assure" xmlns:ns4="urn:ws"><nom xsi:type="xsd:string">Koné</nom><conjoint href="#id2"/></multiRef>
</soapenv:Body></soapenv:Envelope>`

const axisRequest = {
  envelope: axisEnvelope,
  soapAction: 'urn:listeContrats',
  rowsPath: 'listeContratsResponse/listeContratsReturn/listeContratsReturn',
  defaults: { since: '2027-01-01' },
}
const axisAuth = { auth: { kind: 'in-body', user: 'lec"teur' }, password: 's3<cret' }

test('an old rpc/encoded service is asked with a written envelope, and its references are followed', async t => {
  const server = await webServer(t, (_, response) => xml(response, axisAnswer))
  const fields = { police: 'police', nom: 'assure/nom', prime: 'prime', conjoint: 'assure/conjoint/nom' }
  const source = soapSource(t, server, { ...axisAuth, requests: { contrats: { ...axisRequest, fields } } })
  t.deepEqual(await collect(source.read(everything)), [
    { police: 'A-1', nom: 'Koné', prime: '100.50', conjoint: 'Koné' },
    { police: 'A-2', nom: 'Koné', prime: null, conjoint: 'Koné' },
  ])
  const [asked] = server.asked
  t.is(asked?.headers.soapaction, '"urn:listeContrats"')
  t.regex(asked?.body ?? '', /<login>lec&quot;teur<\/login><pass>s3&lt;cret<\/pass><date>2027-01-01<\/date>/)
  const flattened = soapSource(t, server, { ...axisAuth, requests: { contrats: axisRequest } })
  const [first] = await collect(flattened.read(everything))
  t.is(first?.['assure.nom'], 'Koné')
})

test('a circle of references ends', async t => {
  const circle = axisAnswer
    .replace('<nom xsi:type="xsd:string">Koné</nom>', '')
    .replace('id="id2"', 'id="id2" href="#id2"')
  const server = await webServer(t, (_, response) => xml(response, circle))
  const source = soapSource(t, server, { ...axisAuth, requests: { contrats: axisRequest } })
  t.is((await collect(source.read(everything))).length, 2)
})

function fault(code: string, text: string): string {
  return `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>
    <faultcode>${code}</faultcode><faultstring>${text}</faultstring></s:Fault></s:Body></s:Envelope>`
}

test('a fault is told in the words of the service, with a hint at the clocks when they differ', async t => {
  let answer = fault('s:Server', 'ORA-00942: table or view\n does not exist')
  const server = await webServer(t, (_, response) => xml(response, answer, 500))
  const config = { ...axisAuth, requests: { contrats: axisRequest } }
  const { error } = await failureOf(t, soapSource(t, server, config).read(everything))
  t.is(error.code, 'source-query-failed')
  t.regex(error.message, /fault s:Server: ORA-00942: table or view does not exist/)
  t.notRegex(error.message, /clocks/)

  answer = fault('wsse:FailedAuthentication', 'The security token could not be authenticated')
  const clock = shiftedClock(systemClock, 900_000)
  const late = (await failureOf(t, soapSource(t, server, { ...config, clock }).read(everything))).error
  t.is(late.code, 'source-login-refused')
  t.regex(late.message, /clocks of the service and of this machine are (?:899|900|901) s apart/)
  const steps = await soapSource(t, server, config).test()
  t.deepEqual(
    steps.map(({ step, outcome }) => `${step} ${outcome}`),
    ['resolve ok', 'connect ok', 'tls warning', 'login failed'],
  )

  answer = `<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body><e:Fault><e:Code><e:Value>e:Sender</e:Value>
    <e:Subcode><e:Value>m:Quota</e:Value></e:Subcode></e:Code><e:Reason><e:Text xml:lang="fr">Quota dépassé</e:Text>
    <e:Text xml:lang="en">Quota</e:Text></e:Reason></e:Fault></e:Body></e:Envelope>`
  const in12 = (await failureOf(t, soapSource(t, server, config).read(everything))).error
  t.regex(in12.message, /fault e:Sender \/ m:Quota: Quota dépassé/)
})

test('what is no envelope, or has no rows where they should be, is an error; an empty list is not', async t => {
  let body = ''
  let status = 200
  const server = await webServer(t, (_, response) => xml(response, body, status))
  const requests = { contrats: { ...axisRequest, fields: { police: 'police' } } }
  const said = async (text: string): Promise<string> => {
    body = text
    const { error } = await failureOf(t, soapSource(t, server, { ...axisAuth, requests }).read(everything))
    t.is(error.code, 'source-query-failed')
    return error.message
  }
  const inBody = (text: string): string => `<E:Envelope xmlns:E="e"><E:Body>${text}</E:Body></E:Envelope>`
  t.regex(await said('<definitions/>'), /no SOAP envelope.*definitions/)
  t.regex(await said(inBody('<autreResponse><x>1</x></autreResponse>')), /no "listeContratsResponse"/)
  t.regex(await said(axisAnswer.slice(0, -30)), /no whole XML/)
  status = 500
  t.regex(await said('<html><body>Error 500</body></html>'), /status 500.*page for people/)
  status = 200
  body = inBody('<n:listeContratsResponse xmlns:n="n"><listeContratsReturn/></n:listeContratsResponse>')
  const source = soapSource(t, server, { ...axisAuth, requests })
  t.deepEqual(await collect(source.read(everything)), [])
})

test('settings that cannot work are refused when they are saved', t => {
  const bad: [Record<string, unknown>, RegExp][] = [
    [{ requests: { a: request } }, /give the description/],
    [{ requests: { a: { envelope: '<a>{{#if x}}</a>' } } }, /requests/],
    [{ requests: { a: { envelope: '<Envelope>' } } }, /requests/],
    [
      { wsdl: { text: '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>' }, requests: { a: request } },
      /document type/,
    ],
    [
      { wsdl: { text: insurerWsdl() }, requests: { a: { ...request, arguments: { _xml: '<a/>' } } } },
      /requests/,
    ],
  ]
  for (const [config, why] of bad) {
    const error = t.throws(() => soapSource(t, { url: 'http://127.0.0.1:1' }, config))
    t.regex(String(error?.message), why, JSON.stringify(config).slice(0, 200))
  }
})
