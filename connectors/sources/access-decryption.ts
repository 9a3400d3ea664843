/**
 * Encrypted Access files made plain in memory, all pages at once. Pure.
 *
 * @see [MS-OFFCRYPTO] 2.3.4 and 2.3.5; HACKING.md of mdbtools, "Database Definition Page"
 */
import { createDecipheriv, createHash } from 'node:crypto'
import { XMLParser } from 'fast-xml-parser'
import { z } from 'zod'
import { rc4 } from './rc4.ts'

/** The first page is scrambled with a key of its own, the same in every file. */
const headerFrom = 0x18
const headerBytes = 128
const headerKey = Buffer.from('c7da396b', 'hex')
/** Where the key of the other pages is, in that header; 0 is none. */
const pageKeyAt = 0x3e
/** How a password makes a key, since Access 2007. */
const informationAt = 0x299

/** Decrypts the whole page `bytes`; `block` is its number mixed with the key of the file. */
type PageDecryption = (bytes: Buffer, block: Buffer) => Buffer

/**
 * @param file a whole Access file, changed in place: afterwards it has no key
 * @throws Error 'Wrong password', or one that tells what is not supported
 */
export function decryptFile(file: Buffer, password: string): void {
  const plainHeader = rc4(headerKey, file.subarray(headerFrom, headerFrom + headerBytes))
  const pageKey = plainHeader.readUInt32LE(pageKeyAt - headerFrom)
  if (pageKey === 0 || file.toString('latin1', 4, 12) !== 'Standard') return
  const version = file[20]!
  const decrypt = version <= 1 ? (page: Buffer, block: Buffer) => rc4(block, page) : officeWay(file, password)
  const pageSize = version === 0 ? 2_048 : 4_096
  for (let at = pageSize; at + pageSize <= file.length; at += pageSize) {
    const block = littleEndian(((at / pageSize) ^ pageKey) >>> 0)
    decrypt(file.subarray(at, at + pageSize), block).copy(file, at)
  }
  plainHeader.writeUInt32LE(0, pageKeyAt - headerFrom)
  rc4(headerKey, plainHeader.subarray(0, 44)).copy(file, headerFrom)
}

function officeWay(file: Buffer, password: string): PageDecryption {
  const information = file.subarray(informationAt + 2, informationAt + 2 + file.readUInt16LE(informationAt))
  const version = `${information.readUInt16LE(0)}.${information.readUInt16LE(2)}`
  // Access takes no more letters.
  const letters = Buffer.from(password.slice(0, 255), 'utf16le')
  if (version === '4.4') return agileWay(information, letters)
  if (/^[234]\.2$/.test(version)) return cryptoApiWay(information, letters)
  throw new Error(`encryption ${version} of Office is not supported`)
}

/** Office writes 100,000; more than ten times that would keep a processor busy for a hostile file. */
const mostRounds = 1_000_000
const keyWay = z.object({
  saltValue: z.base64().transform(text => Buffer.from(text, 'base64')),
  blockSize: z.coerce.number().pipe(z.literal(16)),
  keyBits: z.coerce.number().pipe(z.literal([128, 192, 256])),
  hashAlgorithm: z.enum(['SHA1', 'SHA256', 'SHA384', 'SHA512']),
  cipherAlgorithm: z.literal('AES'),
  cipherChaining: z.literal('ChainingModeCBC'),
})
const bytes = z.base64().transform(text => Buffer.from(text, 'base64'))
const agileInformation = z.object({
  encryption: z.object({
    keyData: keyWay,
    keyEncryptors: z.object({
      keyEncryptor: z.object({
        encryptedKey: keyWay.extend({
          spinCount: z.coerce.number().int().min(0).max(mostRounds),
          encryptedVerifierHashInput: bytes,
          encryptedVerifierHashValue: bytes,
          encryptedKeyValue: bytes,
        }),
      }),
    }),
  }),
})
/** What each of three keys is for. */
const verifierInput = Buffer.from('fea7d2763b4b9e79', 'hex')
const verifierValue = Buffer.from('d7aa0f6d3061344e', 'hex')
const fileKey = Buffer.from('146e0be7abacd0d6', 'hex')

/** Access 2010 and later, with SHA-1 or SHA-512. */
function agileWay(information: Buffer, password: Buffer): PageDecryption {
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    removeNSPrefix: true,
    processEntities: false,
  })
  const read = agileInformation.safeParse(parser.parse(information.toString('utf8', 8)))
  if (!read.success) throw new Error('the description of the encryption is not supported')
  const { keyData, keyEncryptors } = read.data.encryption
  const way = keyEncryptors.keyEncryptor.encryptedKey
  let rounds = digest(way.hashAlgorithm, way.saltValue, password)
  for (let round = 0; round < way.spinCount; round += 1) {
    rounds = digest(way.hashAlgorithm, littleEndian(round), rounds)
  }
  const open = (purpose: Buffer, sealed: Buffer): Buffer => {
    const key = Buffer.alloc(way.keyBits / 8, 0x36)
    digest(way.hashAlgorithm, rounds, purpose).copy(key)
    return aes('cbc', key, way.saltValue, sealed)
  }
  const expected = digest(way.hashAlgorithm, open(verifierInput, way.encryptedVerifierHashInput))
  const found = open(verifierValue, way.encryptedVerifierHashValue).subarray(0, expected.length)
  if (!found.equals(expected)) throw new Error('Wrong password')
  const key = open(fileKey, way.encryptedKeyValue).subarray(0, keyData.keyBits / 8)
  return (page, block) => {
    const start = digest(keyData.hashAlgorithm, keyData.saltValue, block).subarray(0, keyData.blockSize)
    return aes('cbc', key, start, page)
  }
}

const rc4Algorithm = 0x6801
const aesAlgorithms = [0x660e, 0x660f, 0x6610]
/** The way of Office documents with AES, of which no Access file was ever seen. */
const isStandardAes = 0x20

/** Access 2007: RC4, or AES where an administrator chose it for old files. */
function cryptoApiWay(information: Buffer, password: Buffer): PageDecryption {
  const header = 12
  const algorithm = information.readUInt32LE(header + 8)
  const isAes = aesAlgorithms.includes(algorithm)
  if ((information.readUInt32LE(4) & isStandardAes) !== 0 || !(isAes || algorithm === rc4Algorithm)) {
    throw new Error(`encryption algorithm ${algorithm} of Office is not supported`)
  }
  const keyBits = information.readUInt32LE(header + 16) || 40
  const salt = header + information.readUInt32LE(8) + 4
  const base = digest('SHA1', information.subarray(salt, salt + 16), password)
  const keyOf = (block: Buffer): Buffer =>
    isAes ? aesKey(base, block).subarray(0, keyBits / 8) : rc4Key(base, block, keyBits)
  const decrypt: PageDecryption = (sealed, block) =>
    isAes ? aes('ecb', keyOf(block), null, sealed) : rc4(keyOf(block), sealed)
  const hashAt = salt + 36
  const sealed = [
    information.subarray(salt + 16, salt + 32),
    information.subarray(hashAt, hashAt + (isAes ? 32 : 20)),
  ]
  const opened = decrypt(Buffer.concat(sealed), littleEndian(0))
  if (!opened.subarray(16, 36).equals(digest('SHA1', opened.subarray(0, 16))))
    throw new Error('Wrong password')
  return decrypt
}

/** A key of 40 bits is filled up with zeros to 128. */
function rc4Key(base: Buffer, block: Buffer, keyBits: number): Buffer {
  const key = digest('SHA1', base, block).subarray(0, keyBits / 8)
  return keyBits === 40 ? Buffer.concat([key], 16) : key
}

function aesKey(base: Buffer, block: Buffer): Buffer {
  const last = digest('SHA1', base, block)
  const half = (fill: number): Buffer => {
    const mixed = Buffer.alloc(64, fill)
    for (const [index, byte] of last.entries()) mixed[index]! ^= byte
    return digest('SHA1', mixed)
  }
  return Buffer.concat([half(0x36), half(0x5c)])
}

function digest(algorithm: string, ...parts: readonly Buffer[]): Buffer {
  const hash = createHash(algorithm)
  for (const part of parts) hash.update(part)
  return hash.digest()
}

function aes(chaining: 'cbc' | 'ecb', key: Buffer, start: Buffer | null, sealed: Buffer): Buffer {
  const decipher = createDecipheriv(`aes-${key.length * 8}-${chaining}`, key, start)
  decipher.setAutoPadding(false)
  return Buffer.concat([decipher.update(sealed), decipher.final()])
}

function littleEndian(value: number): Buffer {
  const four = Buffer.alloc(4)
  four.writeUInt32LE(value)
  return four
}
