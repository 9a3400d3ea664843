import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { fakeClock } from '../../../support/fake-clock.ts'
import { linkUnderTest, roundTrip } from './link-under-test.ts'
import { scriptedSmsc } from './scripted-smsc.ts'

/** Certificates are made by the openssl command; where it is missing these tests are counted as skipped. */
const tlsTest = spawnSync('openssl', ['version']).status === 0 ? test : test.skip

function selfSigned(t: ExecutionContext, name: string): { cert: string; key: string } {
  const folder = mkdtempSync(join(tmpdir(), 'smpp-tls-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const files = { key: join(folder, 'key.pem'), cert: join(folder, 'cert.pem') }
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`]
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const out = ['-keyout', files.key, '-out', files.cert]
  execFileSync('openssl', ['req', '-x509', ...curve, ...subject, ...out], { stdio: 'ignore' })
  return { cert: readFileSync(files.cert, 'utf8'), key: readFileSync(files.key, 'utf8') }
}

tlsTest(
  'a certificate signed by the configured authority and bearing the configured name is accepted',
  async t => {
    const { cert, key } = selfSigned(t, 'smsc.example')
    const smsc = await scriptedSmsc(t, { cert, key })
    const tls = { caPem: cert, serverName: 'smsc.example' }
    const { link, told } = linkUnderTest(t, { port: smsc.port, tls }, fakeClock())
    link.start()
    const peer = await smsc.connection()
    await peer.acceptBind()
    await told.until(() => link.status().state === 'bound')
    await roundTrip({ link, told, peer }, 1)
    t.like(told.outcomes[0], { kind: 'accepted', partId: 1 })
  },
)

tlsTest('an unknown authority, a wrong name and a plain-text peer are refused; no bind leaves', async t => {
  const { cert, key } = selfSigned(t, 'smsc.example')
  const other = selfSigned(t, 'smsc.example')
  const smsc = await scriptedSmsc(t, { cert, key })
  const plain = await scriptedSmsc(t)
  const cases = [
    { port: smsc.port, tls: { serverName: 'smsc.example' }, reason: /self-signed certificate/ },
    {
      port: smsc.port,
      tls: { caPem: other.cert, serverName: 'smsc.example' },
      reason: /self-signed|signature/,
    },
    { port: smsc.port, tls: { caPem: cert, serverName: 'other.example' }, reason: /does not match/ },
    { port: smsc.port, tls: { caPem: cert }, reason: /does not match/ },
  ]
  for (const { reason, ...config } of cases) {
    const { link, told } = linkUnderTest(t, config, fakeClock())
    link.start()
    await told.until(() => link.status().state === 'waiting')
    t.regex(link.status().reason, reason)
  }
  const clock = fakeClock()
  const { link, told } = linkUnderTest(t, { port: plain.port, tls: { caPem: cert } }, clock)
  link.start()
  const peer = await plain.connection()
  await clock.advance(10_000)
  await told.until(() => link.status().state === 'waiting')
  t.deepEqual(peer.waiting, [])
})

tlsTest('a peer whose certificate is not checked by choice is accepted', async t => {
  const { cert, key } = selfSigned(t, 'smsc.example')
  const smsc = await scriptedSmsc(t, { cert, key })
  const { link, told } = linkUnderTest(t, { port: smsc.port, tls: { verifyPeer: false } }, fakeClock())
  link.start()
  await (await smsc.connection()).acceptBind()
  await told.until(() => link.status().state === 'bound')
  t.pass()
})

tlsTest('a private key of another certificate is told as the reason, and the product goes on', async t => {
  const { cert } = selfSigned(t, 'smsc.example')
  const { key } = selfSigned(t, 'other.example')
  const tls = { certPem: cert, keyPem: key }
  const { link, told } = linkUnderTest(t, { port: 1, tls }, fakeClock())
  link.start()
  await told.until(() => link.status().state === 'waiting')
  t.regex(link.status().reason, /key values mismatch/)
})
