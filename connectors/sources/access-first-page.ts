/** What the first page of an Access file tells without a password. Pure. */

/** Where the key of the other pages is; each file scrambles this part of its first page in the same way. */
const keyAt = 0x3e
/** No key, scrambled. */
const noKey = 0x4e_bc_8a_fb

/** @param file a whole Access file; those of Microsoft Money, which begin otherwise, are not asked about */
export function isEncrypted(file: Buffer): boolean {
  return file.toString('latin1', 4, 12) === 'Standard' && file.readUInt32LE(keyAt) !== noKey
}
