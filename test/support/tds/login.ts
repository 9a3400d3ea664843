/** What a client says before its first statement: PRELOGIN and LOGIN7. MS-TDS 2.2.6.4 and 2.2.6.5. */

/** Values of the ENCRYPTION option. */
export const encryption = { off: 0, on: 1, notSupported: 2, required: 3 } as const

/** @returns what the client wants of encryption */
export function readPrelogin(data: Buffer): number {
  for (let at = 0; data[at] !== 0xff && at + 5 <= data.length; at += 5) {
    if (data[at] === 1) return data[data.readUInt16BE(at + 1)] ?? encryption.off
  }
  return encryption.off
}

export function preloginAnswer(wanted: number): Buffer {
  const options: [number, Buffer][] = [
    // 10.50: SQL Server 2008 R2
    [0, Buffer.from([10, 50, 0x19, 0x00, 0, 0])],
    [1, Buffer.from([wanted])],
    [2, Buffer.from([0])],
    [3, Buffer.alloc(0)],
    [4, Buffer.from([0])],
  ]
  const heads: Buffer[] = []
  let offset = options.length * 5 + 1
  for (const [token, value] of options) {
    const head = Buffer.alloc(5)
    head[0] = token
    head.writeUInt16BE(offset, 1)
    head.writeUInt16BE(value.length, 3)
    heads.push(head)
    offset += value.length
  }
  return Buffer.concat([...heads, Buffer.from([0xff]), ...options.map(([, value]) => value)])
}

export interface TdsLogin {
  /** As the client wrote it, for example 0x74000004. */
  tdsVersion: number
  packetSize: number
  user: string
  password: string
  application: string
  database: string
  isReadOnlyIntent: boolean
  /** The first message of NTLM; empty for a login by name and password. */
  sspi: Buffer
}

/** @throws RangeError for a message that is cut */
export function readLogin(data: Buffer): TdsLogin {
  const bytes = (at: number, width: 1 | 2): Buffer => {
    const start = data.readUInt16LE(at)
    return data.subarray(start, start + data.readUInt16LE(at + 2) * width)
  }
  const text = (at: number): string => bytes(at, 2).toString('utf16le')
  // Each byte of the password: halves swapped, then XOR 0xA5.
  const password = Buffer.from(bytes(44, 2)).map(byte => {
    const plain = byte ^ 0xa5
    return ((plain << 4) | (plain >> 4)) & 0xff
  })
  return {
    tdsVersion: data.readUInt32LE(4),
    packetSize: data.readUInt32LE(8),
    user: text(40),
    password: Buffer.from(password).toString('utf16le'),
    application: text(48),
    database: text(68),
    isReadOnlyIntent: (data[26]! & 0x20) !== 0,
    sspi: Buffer.from(bytes(78, 1)),
  }
}
