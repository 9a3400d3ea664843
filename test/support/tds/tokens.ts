/** The tokens of an answer that hold no row. MS-TDS 2.2.7. */

export const doneStatus = { more: 0x0001, error: 0x0002, count: 0x0010, attention: 0x0020 } as const

/** A session whose version is below 7.2 (SQL Server 2000) writes shorter numbers. */
export function isBefore2005(tdsVersion: number): boolean {
  return tdsVersion >>> 24 < 0x72
}

export interface TdsError {
  number: number
  message: string
  /** Severity; 14 when absent. From 20 on the server ends the connection. */
  class?: number
}

export function done(
  tdsVersion: number,
  status: number,
  rowCount = 0,
  token: 0xfd | 0xfe | 0xff = 0xfd,
): Buffer {
  const bytes = Buffer.alloc(isBefore2005(tdsVersion) ? 9 : 13)
  bytes[0] = token
  bytes.writeUInt16LE(status, 1)
  bytes.writeUInt16LE(0xc1, 3)
  if (isBefore2005(tdsVersion)) bytes.writeUInt32LE(rowCount, 5)
  else bytes.writeBigUInt64LE(BigInt(rowCount), 5)
  return bytes
}

export function returnStatus(): Buffer {
  return Buffer.from([0x79, 0, 0, 0, 0])
}

export function errorToken(tdsVersion: number, { number, message, class: severity = 14 }: TdsError): Buffer {
  const fixed = Buffer.alloc(6)
  fixed.writeInt32LE(number, 0)
  fixed[4] = 1
  fixed[5] = severity
  const line = isBefore2005(tdsVersion) ? Buffer.from([1, 0]) : Buffer.from([1, 0, 0, 0])
  return token(0xaa, Buffer.concat([fixed, longText(message), shortText('TDSTEST'), shortText(''), line]))
}

export function loginAck(tdsVersion: number): Buffer {
  const version = Buffer.alloc(4)
  version.writeUInt32BE(tdsVersion >>> 0)
  const program = Buffer.concat([shortText('Microsoft SQL Server'), Buffer.from([10, 50, 0x19, 0])])
  return token(0xad, Buffer.concat([Buffer.from([1]), version, program]))
}

/** @param type 1 database, 4 packet size */
export function envChange(type: 1 | 4, now: string, before: string): Buffer {
  return token(0xe3, Buffer.concat([Buffer.from([type]), shortText(now), shortText(before)]))
}

export function collationChange(collation: Buffer): Buffer {
  return token(0xe3, Buffer.concat([Buffer.from([7, collation.length]), collation, Buffer.from([0])]))
}

/** The server's message of NTLM. */
export function sspiToken(message: Buffer): Buffer {
  return token(0xed, message)
}

export function shortText(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'utf16le')])
}

export function longText(text: string): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16LE(text.length)
  return Buffer.concat([length, Buffer.from(text, 'utf16le')])
}

function token(type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(3)
  head[0] = type
  head.writeUInt16LE(data.length, 1)
  return Buffer.concat([head, data])
}
