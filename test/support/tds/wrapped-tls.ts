/** TLS inside TDS: the handshake travels in PRELOGIN packets, what follows it travels bare. MS-TDS 3.3.5.2. */
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { type SecureVersion, TLSSocket } from 'node:tls'
import { MessageAssembler, packet, packetType } from './packets.ts'

export interface TdsTls {
  certificatePem: string
  keyPem: string
  /** What the server speaks at most: `TLSv1` stands for one that nobody patched. TLS 1.2 when absent. */
  version?: SecureVersion
  /** TDS 8.0: TLS from the first byte. */
  isStrict?: boolean
}

export function tlsServerOptions({ certificatePem, keyPem, version = 'TLSv1.2' }: TdsTls) {
  return {
    isServer: true,
    cert: certificatePem,
    key: keyPem,
    minVersion: version,
    maxVersion: version,
    // TLS 1.0 signs with SHA-1, which OpenSSL 3 only does at this level.
    ...(version < 'TLSv1.2' && { ciphers: 'DEFAULT@SECLEVEL=0' }),
  } as const
}

/** @returns the plain side; it emits `error` when the handshake fails */
export function startWrappedTls(socket: Socket, tls: TdsTls): TLSSocket {
  let isBare = false
  const assembler = new MessageAssembler()
  const wire = new Duplex({
    read() {},
    write(bytes: Buffer, _encoding, written) {
      socket.write(isBare ? bytes : packet(packetType.prelogin, bytes, true), () => written())
    },
    final(ended) {
      socket.end(() => ended())
    },
    destroy(error, destroyed) {
      socket.destroy()
      destroyed(error)
    },
  })
  socket.on('data', bytes => {
    // The client's first bytes after the handshake are a TLS record instead of a packet.
    if (bytes[0] === tlsApplicationData) isBare = true
    if (isBare) wire.push(bytes)
    else for (const message of assembler.push(bytes)) wire.push(message.data)
  })
  socket.on('close', () => wire.destroy())
  socket.on('error', () => wire.destroy())
  return new TLSSocket(wire, tlsServerOptions(tls))
}

const tlsApplicationData = 0x17
