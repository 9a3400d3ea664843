/** RC4, which OpenSSL no longer has and old Access files are encrypted with. Pure. */

/** The same call encrypts and decrypts. */
export function rc4(key: Buffer, data: Buffer): Buffer {
  const state = new Uint8Array(256)
  for (let index = 0; index < 256; index += 1) state[index] = index
  let other = 0
  for (let index = 0; index < 256; index += 1) {
    other = (other + state[index]! + key[index % key.length]!) & 0xff
    const kept = state[index]!
    state[index] = state[other]!
    state[other] = kept
  }
  const result = Buffer.alloc(data.length)
  let at = 0
  other = 0
  for (let index = 0; index < data.length; index += 1) {
    at = (at + 1) & 0xff
    const moving = state[at]!
    other = (other + moving) & 0xff
    state[at] = state[other]!
    state[other] = moving
    result[index] = data[index]! ^ state[(state[at]! + moving) & 0xff]!
  }
  return result
}
