/**
 * What the `smpp` package gets wrong as a codec, one test a row: rows 12–23 of the list of its traps (its session is
 * in package-rows-session.test.ts). Our encoders and readers must do the contrary of each.
 */
import test from 'ava'
import { decodeShortMessage, encodeShortMessage } from '../../../../connectors/operators/smpp/codec.ts'
import { type SmppConfigInput, smppConfigSchema } from '../../../../connectors/operators/smpp/config.ts'
import { readIncoming } from '../../../../connectors/operators/smpp/incoming.ts'
import { decodeWithPackage, encodeWithPackage } from '../../../../connectors/operators/smpp/package-codec.ts'
import { PduWriter } from '../../../../connectors/operators/smpp/pdu-writer.ts'
import { readReceipt } from '../../../../connectors/operators/smpp/receipt.ts'
import {
  type ShortMessage,
  shortMessage,
  tlvValue,
} from '../../../../connectors/operators/smpp/short-message.ts'
import { createSubmitEncoder } from '../../../../connectors/operators/smpp/submit.ts'
import { command, tag } from '../../../../connectors/operators/smpp/tables.ts'
import { part } from '../link-under-test.ts'

const nowMs = Date.UTC(2027, 2, 15, 22)
const account = { host: 'smsc.example', systemId: 'ASSUR1' }

function submit(fields: Parameters<typeof part>[1], config: Partial<SmppConfigInput> = {}) {
  const writer = new PduWriter()
  const encoder = createSubmitEncoder(smppConfigSchema.parse({ ...account, ...config }))
  const refusal = encoder.encode(writer, part(1, fields), 1, nowMs)
  if (refusal !== null) return { refusal, message: null }
  const decoded = decodeShortMessage(writer.take().subarray(16))
  if (decoded.kind === 'malformed') throw new Error(decoded.reason)
  return { refusal, message: decoded.message }
}

test('row 12: the alphabet chosen decides data_coding, never a guess at the text', t => {
  t.is(submit({ text: 'Votre contrat' }).message?.dataCoding, 0)
  t.is(submit({ text: 'garçon ê', encoding: 'ucs2' }).message?.dataCoding, 8)
  t.is(submit({ text: 'garcon', encoding: 'ucs2' }).message?.dataCoding, 8)
})

test('row 13: a letter outside the alphabet is refused, never a blank', t => {
  const { refusal } = submit({ text: 'garçon ê', encoding: 'gsm7' })
  t.is(refusal?.refusal, 'permanent')
  t.not(refusal?.statusName, '')
})

test('row 14: GSM-7 leaves as one octet per septet, extension letters as two', t => {
  t.is(submit({ text: 'a'.repeat(160) }).message?.shortMessage.length, 160)
  t.deepEqual([...(submit({ text: '€' }).message?.shortMessage ?? [])], [0x1b, 0x65])
})

test('row 15: data_coding of the 0xF group is read as 3GPP says, and binary stays apart from text', t => {
  const read = (dataCoding: number) =>
    readIncoming(shortMessage({ dataCoding, shortMessage: Buffer.from([5]) }), 'gsm')
  t.like(read(0xf0), { encoding: 'gsm7', text: 'é' })
  for (const dataCoding of [0xf5, 4, 2]) t.like(read(dataCoding), { encoding: 'binary', text: '05' })
})

test('row 16: a receipt of plain letters under data_coding 8 is read as plain letters', t => {
  const body = Buffer.from('id:0123 sub:001 dlvrd:001 stat:DELIVRD err:000 text:', 'latin1')
  const reading = readReceipt(shortMessage({ esmClass: 4, dataCoding: 8, shortMessage: body }), {
    receiptIdMode: 'same',
    smscUtcOffsetMinutes: 0,
  })
  t.like(reading, { kind: 'receipt', receipt: { state: 'delivered', detail: 'stat:DELIVRD err:000' } })
})

test('row 17: a text too long for short_message is refused before a number is used', t => {
  t.not(submit({ text: 'a'.repeat(255) }).refusal, null)
  const writer = new PduWriter()
  const long = shortMessage({ shortMessage: new Uint8Array(255) })
  t.throws(() => encodeShortMessage(writer, { commandId: command.submitSm, sequence: 1 }, long), {
    instanceOf: RangeError,
  })
})

test('row 18: an empty text is a message of no octets', t => {
  t.is(submit({ text: '' }).message?.shortMessage.length, 0)
})

test('row 19: a user data header written is read back', t => {
  const { message } = submit({ text: 'suite', partNumber: 2, partCount: 3, reference: 0x7a })
  t.is(message!.esmClass & 0x40, 0x40)
  t.like(readIncoming(message!, 'gsm'), { text: 'suite', partNumber: 2, partCount: 3, reference: 0x7a })
})

test('row 20: optional parameters that nobody knows are kept, written and read', t => {
  const writer = new PduWriter()
  const value = Buffer.from('contrat')
  const message = shortMessage({ tlvs: [{ tag: 0x1501, value }] })
  encodeShortMessage(writer, { commandId: command.deliverSm, sequence: 1 }, message)
  const decoded = decodeShortMessage(writer.take().subarray(16))
  const tlvs = decoded.kind === 'message' ? decoded.message.tlvs : []
  t.deepEqual(Buffer.from(tlvValue(tlvs, 0x1501) ?? []), value)
})

test('row 21: message_payload is read without leaking a global', t => {
  const before = Object.keys(globalThis).length
  const tlvs = [{ tag: tag.messagePayload, value: Buffer.from('OUI') }]
  t.is(readIncoming(shortMessage({ tlvs }), 'gsm').text, 'OUI')
  const pdu = encodeWithPackage('outbind', { sequence: 1 }, { system_id: 'SMSC', password: '' })
  if (pdu.kind === 'bytes') t.is(decodeWithPackage(pdu.bytes).kind, 'pdu')
  t.is(Object.keys(globalThis).length, before)
  t.false('skipUdh' in globalThis)
})

test('row 22: names are refused when the wire would fold or cut them', t => {
  const fails = (fields: object): boolean => !smppConfigSchema.safeParse({ ...account, ...fields }).success
  t.true(fails({ systemId: 'Société' }))
  t.true(fails({ systemId: 'x'.repeat(16) }))
  t.true(fails({ password: 'é' }))
  t.is(encodeWithPackage('bind_transceiver', { sequence: 1 }, { system_id: 'Société' }).kind, 'malformed')
})

test('row 23: times leave in sixteen characters, relative or absolute, and mean what they say', t => {
  const validity = (validityFormat: 'relative' | 'absolute'): string | undefined =>
    (submit({ validitySeconds: 86_400 }, { validityFormat }).message as ShortMessage).validityPeriod
  t.is(validity('relative'), '000001000000000R')
  t.is(validity('absolute'), '270316220000000+')
})
