/**
 * The PDUs outside the hot path (bind_*, query_sm, cancel_sm, outbind …) through the codec of the `smpp` package.
 *
 * The package is CommonJS and assigns an undeclared variable while it decodes, which is an error in a strict
 * module: it is loaded with `require` and must stay outside of any bundle. Only its codec is loaded, never its
 * Session (it hangs on malformed input). Whatever it throws becomes a value here.
 */
import { createRequire } from 'node:module'

export type PduFields = Record<string, string | number>

/** The commands by the package's names. */
export type PackageCommand =
  | 'bind_receiver'
  | 'bind_transmitter'
  | 'bind_transceiver'
  | 'bind_receiver_resp'
  | 'bind_transmitter_resp'
  | 'bind_transceiver_resp'
  | 'outbind'
  | 'query_sm'
  | 'query_sm_resp'
  | 'cancel_sm'
  | 'cancel_sm_resp'

export type PackageEncoded = { kind: 'bytes'; bytes: Buffer } | { kind: 'malformed'; reason: string }

export type PackageDecoded =
  | {
      kind: 'pdu'
      command: string
      status: number
      sequence: number
      fields: Readonly<Record<string, unknown>>
    }
  | { kind: 'malformed'; reason: string }

interface PackagePdu {
  command: string
  command_status: number
  sequence_number: number
  toBuffer(): Buffer
}

interface PackageModule {
  PDU: new (source: string | Buffer, options?: PduFields) => PackagePdu
}

const { PDU } = createRequire(import.meta.url)('smpp/lib/pdu') as PackageModule

/**
 * Encodes a PDU; fields are named as in the standard (`system_id`, `interface_version`, …) and strings are ASCII.
 * With a `status` other than 0 the package writes the header only.
 */
export function encodeWithPackage(
  name: PackageCommand,
  header: { sequence: number; status?: number },
  fields: PduFields = {},
): PackageEncoded {
  for (const [key, value] of Object.entries(fields)) {
    // The package would fold other letters to 7 bits: "Société" would leave as "Sociiti".
    if (typeof value === 'string' && !isPlainAscii(value)) {
      return { kind: 'malformed', reason: `${key} must be printable ASCII` }
    }
  }
  try {
    const options = { ...fields, sequence_number: header.sequence, command_status: header.status ?? 0 }
    return { kind: 'bytes', bytes: new PDU(name, options).toBuffer() }
  } catch (error) {
    return { kind: 'malformed', reason: describe(error) }
  }
}

/** Decodes a whole PDU, header included. */
export function decodeWithPackage(pdu: Buffer): PackageDecoded {
  if (pdu.length < 16 || pdu.readUInt32BE(0) !== pdu.length) {
    return { kind: 'malformed', reason: 'command_length is not the length of the PDU' }
  }
  try {
    const decoded = new PDU(pdu)
    const fields = Object.fromEntries(Object.entries(decoded))
    const { command: name, command_status: status, sequence_number: sequence } = decoded
    return { kind: 'pdu', command: name, status, sequence, fields }
  } catch (error) {
    return { kind: 'malformed', reason: describe(error) }
  }
}

/** Puts the header back in front of a framed body, for decoders that want the whole PDU. */
export function wholePdu(frame: {
  commandId: number
  status: number
  sequence: number
  body: Buffer
}): Buffer {
  const pdu = Buffer.allocUnsafe(16 + frame.body.length)
  pdu.writeUInt32BE(pdu.length, 0)
  pdu.writeUInt32BE(frame.commandId, 4)
  pdu.writeUInt32BE(frame.status, 8)
  pdu.writeUInt32BE(frame.sequence, 12)
  frame.body.copy(pdu, 16)
  return pdu
}

function isPlainAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text)
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
