import { connect as connectTls, type TLSSocket } from 'node:tls'
import test from 'ava'
import { rawClient, simulator } from './raw-client.ts'

/** Made for this test, for localhost only: `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256`. */
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgqV0/EDYiEvAtQmxs
5T9DU0pmKyor2HcjR2MHTj5iyVKhRANCAARrQLBe+AzBxVdEHZ8dPRJfvU3qefRP
L6Rkpk56WyTrH6DPtKRaOBoJrsiOcJgwZF0qn3oKP1RS3iXUbk64qG4f
-----END PRIVATE KEY-----
`
const cert = `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIURWlZT5Gx4h8GO45K+pDYg8jhkcowCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTA5MjIwM1oYDzIxMjYxMDI4
MDkyMjAzWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARrQLBe+AzBxVdEHZ8dPRJfvU3qefRPL6Rkpk56WyTrH6DPtKRaOBoJ
rsiOcJgwZF0qn3oKP1RS3iXUbk64qG4fo28wbTAdBgNVHQ4EFgQUwhv8rXphvVBo
g776DUcxFzY7qnIwHwYDVR0jBBgwFoAUwhv8rXphvVBog776DUcxFzY7qnIwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIgCmxbhAepIgVKNaIN+Htw6/owQobQhFuGpe9YMv9/yPkCIQD8
7Ga/m+h11hJ/B7o27zUpq/jG1GWeuBCisyU0O+dLRA==
-----END CERTIFICATE-----
`

const bindPdu = Buffer.from('0000002300000009000000000000000172617070656c00736563726574000034000000', 'hex')

test('a client binds over TLS and can verify the operator', async t => {
  const operator = await simulator(t, { tls: { key, cert } })
  const socket: TLSSocket = connectTls({ port: operator.port, host: '127.0.0.1', ca: cert })
  t.teardown(() => {
    socket.destroy()
  })
  socket.write(bindPdu)
  const answer = await new Promise<Buffer>((resolve, reject) => {
    socket.once('data', resolve)
    socket.once('error', reject)
  })
  t.is(answer.readUInt32BE(4), 0x80000009)
  t.is(answer.readUInt32BE(8), 0)
  t.is(operator.status().sessions, 1)
})

test('a client without TLS is turned away, and the stop does not wait for a handshake that never ends', async t => {
  const operator = await simulator(t, { tls: { key, cert } })
  const plain = await rawClient(t, operator)
  plain.raw(bindPdu)
  await plain.closed
  const silent = await rawClient(t, operator)
  await operator.stop()
  await silent.closed
  t.is(operator.status().sessions, 0)
})

test('a key that is none stops the start', async t => {
  await t.throwsAsync(simulator(t, { tls: { key: 'no key', cert } }))
})
