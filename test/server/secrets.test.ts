import { chmodSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import test from 'ava'
import fc from 'fast-check'
import {
  apiKeyPrefix,
  createApiKey,
  createSecretBox,
  hashApiKey,
  isApiKey,
  openKeyFile,
} from '../../server/secrets.ts'
import { tempDir } from '../support/temp-dir.ts'

const box = createSecretBox(new Uint8Array(32).fill(7))
const otherBox = createSecretBox(new Uint8Array(32).fill(8))

test('a sealed password opens again in its own context', t => {
  const sealed = box.seal('pâssword 🔑', 'source:3')
  t.deepEqual(box.open(sealed, 'source:3'), { kind: 'opened', plaintext: 'pâssword 🔑' })
  t.false(sealed.includes('ssword'))
})

test('sealing twice gives two different values, so that equal passwords do not show', t => {
  t.not(box.seal('same', 'source:3'), box.seal('same', 'source:3'))
})

test('a sealed value moved to another row does not open', t => {
  const sealed = box.seal('secret', 'source:3')
  t.deepEqual(box.open(sealed, 'source:4'), { kind: 'refused', reason: 'tampered' })
})

test('a value sealed with another key file is told apart from a changed one', t => {
  t.deepEqual(otherBox.open(box.seal('secret', 'a'), 'a'), { kind: 'refused', reason: 'wrong-key' })
})

test('a value of a later version is refused as such', t => {
  t.deepEqual(box.open(box.seal('x', 'a').replace('v1.', 'v2.'), 'a'), {
    kind: 'refused',
    reason: 'unknown-version',
  })
})

test('every text opens to itself and no change of a character goes unnoticed', t => {
  const property = fc.property(
    fc.string({ unit: 'grapheme' }),
    fc.nat(),
    fc.string({ maxLength: 3 }),
    (text, at, put) => {
      const sealed = box.seal(text, 'c')
      const opened = box.open(sealed, 'c')
      const position = at % sealed.length
      const changed = sealed.slice(0, position) + put + sealed.slice(position + 1)
      const isSame = opened.kind === 'opened' && opened.plaintext === text
      return isSame && (changed === sealed || box.open(changed, 'c').kind === 'refused')
    },
  )
  t.notThrows(() => fc.assert(property, { numRuns: 1_000 }))
})

test('anything that is no sealed value is refused, never thrown', t => {
  const property = fc.property(fc.string({ unit: 'binary' }), text => box.open(text, 'c').kind === 'refused')
  t.notThrows(() => fc.assert(property))
  t.like(box.open(undefined as unknown as string, 'c'), { reason: 'malformed' })
  t.like(box.open(`v1.${'a'.repeat(1_000_000)}`, 'c'), { reason: 'malformed' })
})

test('more than 64 KiB is not a secret', t => {
  const largest = 'x'.repeat(64 * 1024)
  t.like(box.open(box.seal(largest, 'c'), 'c'), { kind: 'opened' })
  t.throws(() => box.seal(`${largest}x`, 'c'), { instanceOf: RangeError })
})

test('the first start creates the key file for its owner only, the next one reads it', t => {
  const path = join(tempDir(t), 'secret.key')
  const first = openKeyFile(path)
  const second = openKeyFile(path)
  if (first.kind === 'refused' || second.kind === 'refused') return t.fail()
  t.deepEqual([first.wasCreated, second.wasCreated], [true, false])
  t.is(statSync(path).mode & 0o777, 0o600)
  t.regex(readFileSync(path, 'utf8'), /^[A-Za-z0-9+/]{43}=\n$/)
  t.like(second.box.open(first.box.seal('kept', 'c'), 'c'), { plaintext: 'kept' })
})

test('a key file that others may read is refused with the command that helps', t => {
  const path = join(tempDir(t), 'secret.key')
  openKeyFile(path)
  chmodSync(path, 0o640)
  t.deepEqual(openKeyFile(path), {
    kind: 'refused',
    reason: `key file ${path} has mode 0640, expected 0600: run chmod 600 ${path}`,
  })
})

test('a key file that holds no key is refused without showing it', t => {
  const directory = tempDir(t)
  const contents = ['', 'short', Buffer.alloc(31).toString('base64'), `${'A'.repeat(44)}`, 'x'.repeat(10_000)]
  contents.forEach((content, i) => {
    const path = join(directory, `key-${i}`)
    writeFileSync(path, content, { mode: 0o600 })
    const outcome = openKeyFile(path)
    t.is(outcome.kind, 'refused', content.slice(0, 50))
    if (outcome.kind === 'refused') t.regex(outcome.reason, /is not a key, expected 32 bytes in base64/)
    t.is(readFileSync(path, 'utf8'), content)
  })
})

test('a key file in a directory that does not exist, or that is a directory, is refused', t => {
  const directory = tempDir(t)
  t.like(openKeyFile(join(directory, 'none', 'key')), { kind: 'refused' })
  t.like(openKeyFile(directory), { kind: 'refused' })
  symlinkSync(join(directory, 'nowhere'), join(directory, 'link'))
  t.like(openKeyFile(join(directory, 'link')), { kind: 'refused' })
})

test('printing or serialising the box shows nothing of the key', t => {
  const material = Buffer.from('0123456789abcdef0123456789abcdef')
  const shown = inspect(createSecretBox(material), { depth: 9, showHidden: true }) + JSON.stringify(box)
  t.false(shown.includes('0123456789abcdef'))
  t.false(shown.includes(material.toString('hex')))
})

test('an API key is found by its prefix and recognised by its hash', t => {
  const { key, prefix, hash } = createApiKey()
  t.regex(key, /^rpl_[0-9A-Za-z]{43}$/)
  t.is(apiKeyPrefix(key), prefix)
  t.is(prefix.length, 12)
  t.true(isApiKey(key, hash))
  t.is(hashApiKey('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})

test('another key, a changed one and no key at all are not recognised', t => {
  const { key, hash } = createApiKey()
  t.false(isApiKey(createApiKey().key, hash))
  t.false(isApiKey(`${key.slice(0, -1)}${key.endsWith('a') ? 'b' : 'a'}`, hash))
  t.false(isApiKey('', hash))
  t.false(isApiKey(key, ''))
  t.false(isApiKey(key, 'zz'))
  for (const text of ['', 'rpl_', `${key}x`, `xpl_${key.slice(4)}`, `${key}\n`])
    t.is(apiKeyPrefix(text), null)
})

test('a thousand API keys differ in key and in prefix', t => {
  const keys = Array.from({ length: 1_000 }, createApiKey)
  t.is(new Set(keys.map(({ key }) => key)).size, 1_000)
  t.is(new Set(keys.map(({ prefix }) => prefix)).size, 1_000)
})
