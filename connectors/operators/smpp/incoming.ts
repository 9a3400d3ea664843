/**
 * From a deliver_sm (or data_sm) to a part of an incoming message: alphabet, user data header, sar_* parameters.
 *
 * @see 3GPP TS 23.040 section 9.2.3.24 (user data header), TS 23.038 section 4 (data coding), SMPP v3.4 5.2.19
 */
import type { IncomingPart } from '../../operator.ts'
import { asBuffer, type DefaultAlphabet, readDefaultAlphabet, readLatin1, readUcs2 } from '../alphabets.ts'
import { type Concatenation, concatenation, concatenationOf } from '../concatenation.ts'
import { payloadOf } from './codec.ts'
import { type ShortMessage, tlvInteger } from './short-message.ts'
import { tag } from './tables.ts'

type Meaning = 'default' | 'ascii' | 'latin1' | 'ucs2' | 'binary'

/**
 * Reads one part; never fails. Binary text is given as lower-case hexadecimal, without the user data header.
 *
 * @param defaultAlphabet what data_coding 0 means on this connection
 */
export function readIncoming(
  message: ShortMessage,
  defaultAlphabet: DefaultAlphabet,
): Omit<IncomingPart, 'receiptToken'> {
  const { header, text: octets } = splitHeader(payloadOf(message), (message.esmClass & 0x40) !== 0)
  const parts = concatenationOf(header) ?? sarOf(message)
  const meaning = meaningOf(message.dataCoding)
  return {
    sender: withoutPlus(message.source),
    recipient: withoutPlus(message.destination),
    encoding: meaning === 'binary' ? 'binary' : meaning === 'ucs2' ? 'ucs2' : 'gsm7',
    text: readText(octets, meaning, defaultAlphabet),
    reference: parts?.reference ?? null,
    partNumber: parts?.partNumber ?? 1,
    partCount: parts?.partCount ?? 1,
  }
}

/** A header that claims more octets than there are is no header: all octets are text then. */
function splitHeader(octets: Uint8Array, hasHeader: boolean): { header: Uint8Array; text: Uint8Array } {
  const length = octets[0] ?? 0
  if (!hasHeader || octets.length === 0 || length + 1 > octets.length) {
    return { header: octets.subarray(0, 0), text: octets }
  }
  return { header: octets.subarray(1, length + 1), text: octets.subarray(length + 1) }
}

function sarOf(message: ShortMessage): Concatenation | null {
  if (message.tlvs.length === 0) return null
  const reference = tlvInteger(message.tlvs, tag.sarMsgRefNum)
  const partCount = tlvInteger(message.tlvs, tag.sarTotalSegments)
  const partNumber = tlvInteger(message.tlvs, tag.sarSegmentSeqnum)
  if (reference === undefined || partCount === undefined || partNumber === undefined) return null
  return concatenation(reference, partCount, partNumber)
}

function meaningOf(dataCoding: number): Meaning {
  if (dataCoding < 0x10) return meaningsBelow16[dataCoding] ?? 'default'
  const group = dataCoding >>> 4
  if (group === 0xf) return (dataCoding & 0x04) !== 0 ? 'binary' : 'default'
  if (group === 0xe) return 'ucs2'
  if (group < 0x8) {
    const alphabet = (dataCoding >>> 2) & 3
    return alphabet === 1 ? 'binary' : alphabet === 2 ? 'ucs2' : 'default'
  }
  return 'default'
}

const meaningsBelow16: Readonly<Record<number, Meaning>> = {
  1: 'ascii',
  2: 'binary',
  3: 'latin1',
  4: 'binary',
  8: 'ucs2',
}

function readText(octets: Uint8Array, meaning: Meaning, defaultAlphabet: DefaultAlphabet): string {
  switch (meaning) {
    case 'default':
      return readDefaultAlphabet(octets, defaultAlphabet)
    case 'ascii':
    case 'latin1':
      return readLatin1(octets)
    case 'ucs2':
      return readUcs2(octets)
    case 'binary':
      return asBuffer(octets).toString('hex')
  }
}

const withoutPlus = (address: string): string => (address.startsWith('+') ? address.slice(1) : address)
