/**
 * Encrypts Access files as Access does it, with fixed salts so that the bytes are the same each time.
 *
 * @see [MS-OFFCRYPTO] 2.3.4.10 to 2.3.4.13 (agile) and 2.3.5 (RC4 CryptoAPI)
 */
import { createCipheriv, createHash } from 'node:crypto'
import { rc4 } from './jet.ts'

const pageKey = 0x1234_5678
const informationAt = 0x299
const salt = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')
const verifier = Buffer.from('a0a1a2a3a4a5a6a7a8a9aaabacadaeaf', 'hex')

type PageEncryption = (page: Buffer, block: Buffer) => Buffer

/** Access 2010: SHA1 and 128 bits; Access 2013 and later: SHA512 and 256. */
export function withAgilePassword(
  source: Buffer,
  password: string,
  { hash, keyBits, rounds = 1_000 }: { hash: 'SHA1' | 'SHA512'; keyBits: 128 | 256; rounds?: number },
): Buffer {
  const size = hash === 'SHA1' ? 20 : 64
  let spun = digest(hash, salt, Buffer.from(password, 'utf16le'))
  for (let round = 0; round < rounds; round += 1) spun = digest(hash, littleEndian(round), spun)
  const seal = (purpose: string, plain: Buffer): string => {
    const key = Buffer.alloc(keyBits / 8, 0x36)
    digest(hash, spun, Buffer.from(purpose, 'hex')).copy(key)
    return aes(key, salt, Buffer.concat([plain], Math.ceil(plain.length / 16) * 16)).toString('base64')
  }
  const key = Buffer.alloc(keyBits / 8, 0x5a)
  const way = `saltSize="16" blockSize="16" keyBits="${keyBits}" hashSize="${size}" cipherAlgorithm="AES" cipherChaining="ChainingModeCBC" hashAlgorithm="${hash}" saltValue="${salt.toString('base64')}"`
  const xml = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n<encryption xmlns="http://schemas.microsoft.com/office/2006/encryption" xmlns:p="http://schemas.microsoft.com/office/2006/keyEncryptor/password"><keyData ${way}/><keyEncryptors><keyEncryptor uri="http://schemas.microsoft.com/office/2006/keyEncryptor/password"><p:encryptedKey spinCount="${rounds}" ${way} encryptedVerifierHashInput="${seal('fea7d2763b4b9e79', verifier)}" encryptedVerifierHashValue="${seal('d7aa0f6d3061344e', digest(hash, verifier))}" encryptedKeyValue="${seal('146e0be7abacd0d6', key)}"/></keyEncryptor></keyEncryptors></encryption>`
  const information = Buffer.concat([Buffer.from('0400040040000000', 'hex'), Buffer.from(xml)])
  return withInformation(source, information, (page, block) =>
    aes(key, digest(hash, salt, block).subarray(0, 16), page),
  )
}

/** Access 2007. The 40 bits are those of the provider that Windows takes when nothing else is chosen. */
export function withRc4Password(source: Buffer, password: string, keyBits: 40 | 128): Buffer {
  const provider = `Microsoft ${keyBits === 40 ? 'Base' : 'Enhanced'} Cryptographic Provider v1.0\0`
  const name = Buffer.from(provider, 'utf16le')
  const base = digest('SHA1', salt, Buffer.from(password, 'utf16le'))
  const keyOf = (block: Buffer): Buffer => {
    const key = digest('SHA1', base, block).subarray(0, keyBits / 8)
    return keyBits === 40 ? Buffer.concat([key], 16) : key
  }
  const sealed = rc4(keyOf(littleEndian(0)), Buffer.concat([verifier, digest('SHA1', verifier)]))
  const numbers = [4, 32 + name.length, 4, 0, 0x6801, 0x8004, keyBits, 1, 0, 0]
  const information = Buffer.concat([
    Buffer.from('04000200', 'hex'),
    ...numbers.map(littleEndian),
    name,
    littleEndian(16),
    salt,
    sealed.subarray(0, 16),
    littleEndian(20),
    sealed.subarray(16),
  ])
  return withInformation(source, information, (page, block) => rc4(keyOf(block), page))
}

/** Access 97 to 2003, "encode database": the key lies in the file. */
export function withPageKey(source: Buffer, pageSize: 2_048 | 4_096): Buffer {
  return encrypted(source, pageSize, (page, block) => rc4(block, page))
}

function withInformation(source: Buffer, information: Buffer, encrypt: PageEncryption): Buffer {
  const file = encrypted(source, 4_096, encrypt)
  file.writeUInt16LE(information.length, informationAt)
  information.copy(file, informationAt + 2)
  return file
}

function encrypted(source: Buffer, pageSize: number, encrypt: PageEncryption): Buffer {
  const file = Buffer.from(source)
  const headerKey = Buffer.from('c7da396b', 'hex')
  const header = rc4(headerKey, file.subarray(0x18, 0x18 + 126))
  header.writeUInt32LE(pageKey, 0x3e - 0x18)
  rc4(headerKey, header).copy(file, 0x18)
  for (let at = pageSize; at < file.length; at += pageSize) {
    const block = littleEndian(((at / pageSize) ^ pageKey) >>> 0)
    encrypt(file.subarray(at, at + pageSize), block).copy(file, at)
  }
  return file
}

function digest(algorithm: string, ...parts: readonly Buffer[]): Buffer {
  const hash = createHash(algorithm)
  for (const part of parts) hash.update(part)
  return hash.digest()
}

function aes(key: Buffer, start: Buffer, plain: Buffer): Buffer {
  const cipher = createCipheriv(`aes-${key.length * 8}-cbc`, key, start)
  cipher.setAutoPadding(false)
  return Buffer.concat([cipher.update(plain), cipher.final()])
}

function littleEndian(value: number): Buffer {
  const four = Buffer.alloc(4)
  four.writeUInt32LE(value)
  return four
}
