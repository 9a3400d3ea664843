/** What two peers really said, recorded between them and written as a capture file that packet analysers read. */
import { writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Teardown } from '../support/temp-dir.ts'

export interface RecordedChunk {
  from: 'client' | 'server'
  octets: Buffer
}

export interface Recorder {
  port: number
  /** In the order they came. */
  chunks: RecordedChunk[]
}

/** Listens in front of a server and passes everything on, octet for octet. */
export async function recordInFrontOf(t: Teardown, serverPort: number): Promise<Recorder> {
  const chunks: RecordedChunk[] = []
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
  }
  const listener = createServer(client => {
    const server = connect(serverPort, '127.0.0.1')
    keep(client)
    keep(server)
    client.on('data', octets => {
      chunks.push({ from: 'client', octets })
      server.write(octets)
    })
    server.on('data', octets => {
      chunks.push({ from: 'server', octets })
      client.write(octets)
    })
    client.on('close', () => server.end())
    server.on('close', () => client.end())
  })
  await new Promise<void>(resolve => listener.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    listener.close()
  })
  return { port: (listener.address() as AddressInfo).port, chunks }
}

/** The registered port of SMPP, by which analysers know it. */
export const capturedPort = 2775
const clientPort = 50_000
/** IP packets without a link layer. */
const linkTypeRaw = 101
const maxSegment = 1_400

/** Writes one TCP conversation; addresses, ports and times are invented, the payload is not. */
export function writeCapture(file: string, chunks: readonly RecordedChunk[]): void {
  const header = Buffer.alloc(24)
  header.writeUInt32LE(0xa1b2c3d4, 0)
  header.writeUInt16LE(2, 4)
  header.writeUInt16LE(4, 6)
  header.writeUInt32LE(65_535, 16)
  header.writeUInt32LE(linkTypeRaw, 20)
  const records = [header]
  const sequence = { client: 1, server: 1 }
  for (const { from, octets } of chunks) {
    for (let start = 0; start < octets.length; start += maxSegment) {
      const payload = octets.subarray(start, start + maxSegment)
      const packet = tcpPacket(from, sequence, payload)
      const record = Buffer.alloc(16)
      record.writeUInt32LE(records.length, 0)
      record.writeUInt32LE(packet.length, 8)
      record.writeUInt32LE(packet.length, 12)
      records.push(Buffer.concat([record, packet]))
      sequence[from] += payload.length
    }
  }
  writeFileSync(file, Buffer.concat(records))
}

/** @see RFC 791 section 3.1, RFC 9293 section 3.1; checksums are left out, as network cards let captures see them */
function tcpPacket(
  from: RecordedChunk['from'],
  sequence: { client: number; server: number },
  payload: Buffer,
): Buffer {
  const isClient = from === 'client'
  const head = Buffer.alloc(40)
  head.writeUInt8(0x45, 0)
  head.writeUInt16BE(40 + payload.length, 2)
  head.writeUInt8(64, 8)
  head.writeUInt8(6, 9)
  head.writeUInt32BE(isClient ? 0x7f000001 : 0x7f000002, 12)
  head.writeUInt32BE(isClient ? 0x7f000002 : 0x7f000001, 16)
  head.writeUInt16BE(isClient ? clientPort : capturedPort, 20)
  head.writeUInt16BE(isClient ? capturedPort : clientPort, 22)
  head.writeUInt32BE(sequence[from], 24)
  head.writeUInt32BE(sequence[isClient ? 'server' : 'client'], 28)
  head.writeUInt8(0x50, 32)
  head.writeUInt8(0x18, 33)
  head.writeUInt16BE(65_535, 34)
  return Buffer.concat([head, payload])
}
