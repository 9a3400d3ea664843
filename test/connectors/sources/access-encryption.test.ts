/** Access files that a password encrypts. test/support/access-encryption.ts makes them of those that nothing encrypts. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import MDBReader from 'mdb-reader'
import { systemClock } from '../../../connectors/clock.ts'
import type { Source } from '../../../connectors/source.ts'
import { accessConfigSchema, openAccess } from '../../../connectors/sources/access.ts'
import { decryptFile } from '../../../connectors/sources/access-decryption.ts'
import { withAgilePassword, withPageKey, withRc4Password } from '../../support/access-encryption.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { collect, enoughMs, failureOf } from './contract-fixture.ts'

const fixture = (name: string): Buffer =>
  readFileSync(new URL(`../../fixtures/access/${name}`, import.meta.url))

const password = 'clé 2027 €'
const of2010 = fixture('types-2010.accdb')
const of2007 = fixture('types-2007.accdb')
const files = {
  'Access 2007, RC4 with 40 bits': withRc4Password(of2007, password, 40),
  'Access 2007, RC4 with 128 bits': withRc4Password(of2007, password, 128),
  'Access 2010, AES with 128 bits': withAgilePassword(of2010, password, { hash: 'SHA1', keyBits: 128 }),
  'Access 2013, AES with 256 bits': withAgilePassword(of2010, password, { hash: 'SHA512', keyBits: 256 }),
}

function open(t: ExecutionContext, content: Buffer, more: Record<string, unknown> = {}): Source {
  const path = join(tempDir(t), 'types.accdb')
  writeFileSync(path, content)
  return openAccess(accessConfigSchema.parse({ path, timeoutMs: enoughMs, ...more }), { clock: systemClock })
}

const clients = { sql: 'SELECT CODEASSU, nom FROM ASSURES ORDER BY CODEASSU' }

for (const [title, file] of Object.entries(files)) {
  test.serial(
    `${title}: the password opens it, no deleted row is read, and a wrong one is refused`,
    async t => {
      const rows = await collect(open(t, file, { password }).read(clients))
      t.deepEqual(
        rows.map(row => row.CODEASSU),
        [1, 2, 3, 4, 6, 8],
      )
      t.is(rows[1]?.nom, 'N’Guessan Cœur')
      const { error } = await failureOf(t, open(t, file, { password: 'clé 2028 €' }).read(clients))
      t.is(error.code, 'source-login-refused')
      t.false(error.message.includes('clé'))
    },
  )

  test(`${title}: decrypted, it is the file that was encrypted, but for the key and how it was made`, t => {
    const decrypted = Buffer.from(file)
    decryptFile(decrypted, password)
    t.true(decrypted.subarray(4_096).equals((title.includes('2007') ? of2007 : of2010).subarray(4_096)))
    for (const wrong of ['', 'clé 2027', 'CLÉ 2027 €']) {
      t.throws(() => decryptFile(Buffer.from(file), wrong), { message: 'Wrong password' })
    }
  })
}

test('the driver, where it knows the way, reads what the test support encrypted', t => {
  for (const title of ['Access 2007, RC4 with 128 bits', 'Access 2013, AES with 256 bits'] as const) {
    const tables = new MDBReader(Buffer.from(files[title]), { password }).getTableNames()
    t.true(tables.includes('QUITTANCES'), title)
  }
})

test('a .mdb that Access encoded is made plain, and one that it did not is left as it is', t => {
  const plain = fixture('types-2003.mdb')
  const file = withPageKey(plain, 4_096)
  t.false(file.equals(plain))
  decryptFile(file, '')
  t.true(file.equals(plain))
  decryptFile(file, 'any')
  t.true(file.equals(plain))
})

test('a way of encryption that is not supported is told, with no hint at the password', t => {
  const broken = (change: (file: Buffer) => void): Buffer => {
    const file = Buffer.from(files['Access 2010, AES with 128 bits'])
    change(file)
    return file
  }
  const replace = (from: string, to: string): Buffer =>
    broken(file => file.write(to, file.indexOf(from), 'latin1'))
  const information = 0x299
  for (const [file, words] of [
    [broken(bytes => bytes.writeUInt16LE(3, information + 4)), /encryption 4\.3 of Office is not supported/],
    [replace('ChainingModeCBC', 'ChainingModeCFB'), /description of the encryption/],
    [replace('hashAlgorithm="SHA1"', 'hashAlgorithm="MD5 "'), /description of the encryption/],
    [replace('spinCount="1000"', 'spinCount="9e99"'), /description of the encryption/],
    [replace('<encryption', '<encryptoin'), /description of the encryption/],
  ] as const) {
    t.throws(() => decryptFile(file, password), { message: words })
  }
})

test('any description of the encryption ends in an error', t => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 900 })
  const versions = fc.constantFrom('04000400', '04000200', '02000200', '01000100')
  const property = fc.property(bytes, versions, (noise, version) => {
    const file = Buffer.from(files['Access 2010, AES with 128 bits'].subarray(0, 8_192))
    Buffer.from(version, 'hex').copy(file, 0x299 + 2)
    Buffer.from(noise).copy(file, 0x299 + 6)
    t.throws(() => decryptFile(file, 'wrong'), { instanceOf: Error })
  })
  fc.assert(property, { numRuns: 300 })
})
