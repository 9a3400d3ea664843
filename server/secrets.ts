/**
 * Secrets at rest: passwords of sources and operators are sealed in the database with a key that is not in it.
 *
 * A sealed value reads `v1.<key id>.<nonce, ciphertext and tag in base64url>`. It belongs to its context (for
 * example `source:3`): copied to another row it does not open. The key id tells a wrong key from a changed value.
 *
 * @see NIST SP 800-38D: AES-GCM with random 96-bit nonces, at most 2^32 seals per key
 */
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  unlinkSync,
  writeSync,
} from 'node:fs'

export type OpenOutcome =
  | { kind: 'opened'; plaintext: string }
  /** `wrong-key`: sealed by another key file. `tampered`: changed, or sealed for another context. */
  | { kind: 'refused'; reason: 'malformed' | 'unknown-version' | 'wrong-key' | 'tampered' }

export interface SecretBox {
  /**
   * Encrypts one secret for one place.
   *
   * @param context where it is kept, for example `source:3`; `open` needs the same
   * @throws RangeError above 64 KiB
   */
  seal(plaintext: string, context: string): string
  /** Decrypts what `seal` gave; never throws. */
  open(sealed: string, context: string): OpenOutcome
}

export type KeyFileOutcome =
  | { kind: 'ready'; box: SecretBox; wasCreated: boolean }
  /** `reason` names the file, what is wrong and what to do; it never holds the key. */
  | { kind: 'refused'; reason: string }

const version = 'v1'
const algorithm = 'aes-256-gcm'
const keyBytes = 32
const nonceBytes = 12
const tagBytes = 16
const keyIdLength = 8
/** A private key of a certificate chain fits; a file someone uploads by mistake does not. */
const largestSecretBytes = 64 * 1024
const largestSealedLength = Math.ceil(((largestSecretBytes + nonceBytes + tagBytes) * 4) / 3) + 32
/** 44 characters and a line end; the rest of a larger file is not looked at. */
const largestKeyFileBytes = 64

/**
 * Opens the key file, or creates it at the first start: 32 random bytes in base64, mode 0600.
 *
 * `wasCreated` on a database that already holds sealed values means that the old key is missing: they will be
 * refused as `wrong-key`.
 */
export function openKeyFile(path: string): KeyFileOutcome {
  try {
    const created = createKeyFile(path)
    if (created !== undefined) return { kind: 'ready', box: createSecretBox(created), wasCreated: true }
    const key = readKeyFile(path)
    if (typeof key === 'string') return { kind: 'refused', reason: key }
    return { kind: 'ready', box: createSecretBox(key), wasCreated: false }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    const hint = code === 'ENOENT' ? 'its directory does not exist' : code
    return { kind: 'refused', reason: `key file ${path} can neither be read nor created: ${hint}` }
  }
}

/**
 * Seals and opens with one key of 32 bytes. The bytes are copied into an opaque key: printing the box shows none.
 *
 * @throws RangeError for a key of another length
 */
export function createSecretBox(keyMaterial: Uint8Array): SecretBox {
  if (keyMaterial.length !== keyBytes) throw new RangeError(`a key has ${keyBytes} bytes`)
  const key = createSecretKey(keyMaterial)
  const keyId = keyIdOf(key)
  return {
    seal(plaintext, context) {
      const clear = Buffer.from(plaintext, 'utf8')
      if (clear.length > largestSecretBytes)
        throw new RangeError(`a secret has at most ${largestSecretBytes} bytes`)
      const nonce = randomBytes(nonceBytes)
      const cipher = createCipheriv(algorithm, key, nonce).setAAD(boundTo(keyId, context))
      const body = Buffer.concat([nonce, cipher.update(clear), cipher.final(), cipher.getAuthTag()])
      return `${version}.${keyId}.${body.toString('base64url')}`
    },
    open(sealed, context) {
      const refused = (reason: (OpenOutcome & { kind: 'refused' })['reason']): OpenOutcome => ({
        kind: 'refused',
        reason,
      })
      if (typeof sealed !== 'string' || sealed.length > largestSealedLength) return refused('malformed')
      const parts = /^v(\d{1,3})\.([^.]*)\.([^.]*)$/.exec(sealed)
      if (parts === null) return refused('malformed')
      if (`v${parts[1]}` !== version) return refused('unknown-version')
      const body = Buffer.from(parts[3]!, 'base64url')
      // Buffer skips what is not base64url; only the one spelling that we write is accepted.
      const isOurs = body.length >= nonceBytes + tagBytes && body.toString('base64url') === parts[3]
      if (!isOurs || !/^[0-9a-f]{8}$/.test(parts[2]!)) return refused('malformed')
      if (parts[2] !== keyId) return refused('wrong-key')
      const decipher = createDecipheriv(algorithm, key, body.subarray(0, nonceBytes), {
        authTagLength: tagBytes,
      })
        .setAAD(boundTo(keyId, context))
        .setAuthTag(body.subarray(-tagBytes))
      try {
        const clear = decipher.update(body.subarray(nonceBytes, -tagBytes))
        return { kind: 'opened', plaintext: Buffer.concat([clear, decipher.final()]).toString('utf8') }
      } catch {
        return refused('tampered')
      }
    },
  }
}

export interface ApiKey {
  /** Shown once to whoever made it, then forgotten. */
  key: string
  /** `rpl_` and eight characters: names the key in lists and logs, and finds its row. */
  prefix: string
  /** SHA-256 in hexadecimal. A plain hash is enough: 256 random bits cannot be guessed, unlike a password. */
  hash: string
}

const apiKeyDigits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** Digits of base 62 that 32 bytes need. */
const apiKeyLength = 43
const apiKeyPrefixLength = 'rpl_'.length + 8

/** A new API key: `rpl_` and 32 random bytes in base 62. */
export function createApiKey(): ApiKey {
  let rest = BigInt(`0x${randomBytes(32).toString('hex')}`)
  let digits = ''
  while (digits.length < apiKeyLength) {
    digits = apiKeyDigits[Number(rest % 62n)]! + digits
    rest /= 62n
  }
  const key = `rpl_${digits}`
  return { key, prefix: key.slice(0, apiKeyPrefixLength), hash: hashApiKey(key) }
}

/** The prefix under which a presented key is looked up; null when it cannot be one of ours. */
export function apiKeyPrefix(presented: string): string | null {
  return /^rpl_[0-9A-Za-z]{43}$/.test(presented) ? presented.slice(0, apiKeyPrefixLength) : null
}

export function hashApiKey(key: string): string {
  return createHash('sha256').update(key).digest('hex')
}

/** Whether a presented key has this stored hash, in a time that does not depend on where they differ. */
export function isApiKey(presented: string, hash: string): boolean {
  const stored = Buffer.from(hash, 'hex')
  const given = Buffer.from(hashApiKey(presented), 'hex')
  return stored.length === given.length && timingSafeEqual(stored, given)
}

function boundTo(keyId: string, context: string): Buffer {
  return Buffer.from(`rappel.${version}.${keyId}.${context}`, 'utf8')
}

function keyIdOf(key: KeyObject): string {
  return createHmac('sha256', key).update('rappel key id').digest('hex').slice(0, keyIdLength)
}

/** undefined when the file exists already. */
function createKeyFile(path: string): Uint8Array | undefined {
  let file: number
  try {
    file = openSync(path, 'wx', 0o600)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return undefined
    throw error
  }
  try {
    const key = randomBytes(keyBytes)
    writeSync(file, `${key.toString('base64')}\n`)
    fsyncSync(file)
    return key
  } catch (error) {
    // A full disk: half a key must not be taken for a key at the next start.
    unlinkSync(path)
    throw error
  } finally {
    closeSync(file)
  }
}

/** The key, or why the file is refused. */
function readKeyFile(path: string): Uint8Array | string {
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    const status = fstatSync(file)
    if (!status.isFile()) return `key file ${path} is not a regular file`
    const mode = status.mode & 0o777
    // Windows has no such bits; the data directory's access list protects it there.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      return `key file ${path} has mode 0${mode.toString(8)}, expected 0600: run chmod 600 ${path}`
    }
    const buffer = Buffer.alloc(largestKeyFileBytes + 1)
    const text = buffer.toString('latin1', 0, readSync(file, buffer)).trim()
    const key = Buffer.from(text, 'base64')
    if (key.length === keyBytes && key.toString('base64') === text) return key
    return `key file ${path} is not a key, expected ${keyBytes} bytes in base64 (44 characters): restore it from a backup, or move it away to start with a new one`
  } finally {
    closeSync(file)
  }
}
