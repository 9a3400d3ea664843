/**
 * Wireshark's reading of what the product sends and takes: its SMPP dissector shares no line with ours, and must find
 * every field as it was meant and nothing malformed.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import type { OutgoingPart } from '../../connectors/operator.ts'
import { decodeGsm } from '../../connectors/operators/simulator/gsm-alphabet.ts'
import type { SimulatorOptions } from '../../connectors/operators/simulator/options.ts'
import type { SmppConfigInput } from '../../connectors/operators/smpp/config.ts'
import { createFramer } from '../../connectors/operators/smpp/framing.ts'
import { splitText } from '../../templates/text/segments.ts'
import { simulator } from '../connectors/operators/simulator/raw-client.ts'
import { findProgram, serverAvailable } from '../support/server-process.ts'
import { tempDir } from '../support/temp-dir.ts'
import { capturedPort, type RecordedChunk, recordInFrontOf, writeCapture } from './independent-capture.ts'
import { outgoing, talk } from './independent-link.ts'

const run = promisify(execFile)
const tshark = findProgram('tshark', ['/usr/bin', '/usr/local/bin'])
const wiresharkTest = serverAvailable('Wireshark (tshark)', tshark) ? test : test.skip

const fields = [
  'smpp.command_id',
  'smpp.command_status',
  'smpp.source_addr',
  'smpp.source_addr_ton',
  'smpp.source_addr_npi',
  'smpp.destination_addr',
  'smpp.dest_addr_ton',
  'smpp.esm.submit.features',
  'smpp.esm.submit.msg_type',
  'smpp.data_coding',
  'smpp.regdel.receipt',
  'smpp.message',
  'smpp.message_text',
  'smpp.message_payload',
  'smpp.message_id',
  'smpp.receipted_message_id',
  'smpp.message_state',
  'smpp.sar_msg_ref_num',
  'smpp.sar_total_segments',
  'smpp.sar_segment_seqnum',
  'gsm_sms.udh.mm.msg_id',
  'gsm_sms.udh.mm.msg_parts',
  'gsm_sms.udh.mm.msg_part',
  'smpp.validity_period_r',
  '_ws.malformed',
  '_ws.expert.message',
] as const

type Dissected = Record<(typeof fields)[number], string>

/** Each PDU (or each segment as it left, where not cut) as Wireshark reads it, in order. */
async function dissect(
  t: ExecutionContext,
  chunks: readonly RecordedChunk[],
  { isCut = true } = {},
): Promise<Dissected[]> {
  const file = join(tempDir(t), 'session.pcap')
  writeCapture(file, isCut ? onePerPdu(chunks) : chunks)
  const wanted = fields.flatMap(field => ['-e', field])
  const { stdout } = await run(
    tshark!,
    [
      '-r',
      file,
      '-o',
      'smpp.decode_sms_over_smpp:GSM 7-bit',
      '-d',
      `tcp.port==${capturedPort},smpp`,
      '-T',
      'fields',
      '-E',
      'separator=\x01',
      ...wanted,
    ],
    { maxBuffer: 16 * 1024 * 1024 },
  )
  return stdout
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const values = line.split('\x01')
      return Object.fromEntries(fields.map((field, index) => [field, values[index] ?? ''])) as Dissected
    })
}

/** A segment for each PDU, so that each has a line of its own. */
function onePerPdu(chunks: readonly RecordedChunk[]): RecordedChunk[] {
  const framers = { client: createFramer(), server: createFramer() }
  return chunks.flatMap(({ from, octets }) => {
    const cut: RecordedChunk[] = []
    framers[from].push(octets)
    for (let frame = framers[from].next(); frame.kind === 'pdu'; frame = framers[from].next()) {
      const head = Buffer.alloc(16)
      head.writeUInt32BE(16 + frame.body.length, 0)
      head.writeUInt32BE(frame.commandId, 4)
      head.writeUInt32BE(frame.status, 8)
      head.writeUInt32BE(frame.sequence, 12)
      cut.push({ from, octets: Buffer.concat([head, frame.body]) })
    }
    return cut
  })
}

const submitSm = '0x00000004'
const submitSmResp = '0x80000004'
const deliverSm = '0x00000005'

const longGsm = 'Cher assuré {M. OUEDRAOGO}, votre échéance de 45 000 F CFA [€ 68] est due. '.repeat(7)
const longUcs2 = 'Ƴaakoo ñande Tabaski — fête de l’Aïd 你好. '.repeat(5)

function partsOf(
  text: string,
  encoding: 'gsm7' | 'ucs2',
  { firstId, referenceBits }: PartsRequest,
): OutgoingPart[] {
  const texts = referenceBits === null ? [text] : splitText(text, { encoding, referenceBits }).parts
  return texts.map((part, index) =>
    outgoing(firstId + index, {
      recipient: '22670000077',
      encoding,
      text: part,
      partNumber: index + 1,
      partCount: texts.length,
      reference: texts.length === 1 ? 0 : 200 + firstId,
    }),
  )
}

interface PartsRequest {
  firstId: number
  /** null: the operator splits. */
  referenceBits: 8 | 16 | null
}

const sessions: {
  longMessages: SmppConfigInput['longMessages']
  format: NonNullable<SimulatorOptions['receipts']>['format']
}[] = [
  { longMessages: 'udh8', format: 'canonical' },
  { longMessages: 'udh16', format: 'both' },
  { longMessages: 'sar', format: 'tlv-only' },
  { longMessages: 'payload', format: 'both' },
]

for (const { longMessages, format } of sessions) {
  wiresharkTest(
    `Wireshark reads a session with long messages by ${longMessages} as it was meant`,
    async t => {
      const operator = await simulator(t, { receipts: { format } })
      const { port, chunks } = await recordInFrontOf(t, operator.port)
      const referenceBits = longMessages === 'payload' ? null : longMessages === 'udh16' ? 16 : 8
      const parts = [
        outgoing(1),
        outgoing(2, { sender: '38001', encoding: 'ucs2', text: 'Fête — ñ ç 你好 😀' }),
        outgoing(3, { sender: '+22670000099', text: '@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤ÄÖÑÜ§¿äöñüà^{}\\[~]|€' }),
        ...partsOf(longGsm, 'gsm7', { firstId: 4, referenceBits }),
        ...partsOf(longUcs2, 'ucs2', { firstId: 20, referenceBits }),
      ]
      const heard = talk(t, parts, { port, longMessages })
      await heard.when(() => heard.receipts.length === parts.length && heard.outcomes.length === parts.length)
      await operator.deliverIncoming({ from: '22670000001', to: '38001', text: longUcs2 })
      await heard.when(() => heard.incoming.length > 1)
      await heard.stop()

      const pdus = await dissect(t, chunks)
      t.deepEqual(
        pdus.filter(pdu => pdu['_ws.malformed'] !== '' || pdu['_ws.expert.message'] !== ''),
        [],
      )
      const submitted = pdus.filter(pdu => pdu['smpp.command_id'] === submitSm)
      t.is(submitted.length, parts.length)
      for (const [index, part] of parts.entries()) checkSubmit(t, submitted[index]!, part, longMessages)

      const ids = pdus
        .filter(pdu => pdu['smpp.command_id'] === submitSmResp)
        .map(pdu => pdu['smpp.message_id'])
      t.deepEqual(
        heard.outcomes.map(outcome => (outcome.kind === 'accepted' ? outcome.remoteId : outcome.kind)),
        ids,
        'message ids of the answers',
      )
      const receipts = pdus.filter(
        pdu => pdu['smpp.command_id'] === deliverSm && pdu['smpp.esm.submit.msg_type'] === '0x01',
      )
      t.is(receipts.length, heard.receipts.length)
      for (const [index, pdu] of receipts.entries()) {
        const receipt = heard.receipts[index]!
        const inText = /^id:(\S+)/.exec(pdu['smpp.message_text'])?.[1]
        t.true(receipt.remoteIdKeys.includes(pdu['smpp.receipted_message_id'] || inText!), 'id of a receipt')
        t.is(receipt.recipient, pdu['smpp.source_addr'])
        if (pdu['smpp.message_state'] !== '') t.is(pdu['smpp.message_state'], '2')
        t.is(receipt.state, 'delivered')
      }
      const incoming = pdus.filter(
        pdu => pdu['smpp.command_id'] === deliverSm && pdu['smpp.esm.submit.msg_type'] === '0x00',
      )
      t.deepEqual(
        heard.incoming.map(part => part.text),
        incoming.map(pdu => pdu['smpp.message_text']),
        'incoming texts',
      )
      t.deepEqual(
        heard.incoming.map(part => `${part.reference}/${part.partNumber}/${part.partCount}`),
        incoming.map(pdu => concatenationOf(pdu, 'udh8')),
      )
    },
  )
}

wiresharkTest('Wireshark finds nothing malformed in the segments as they really left', async t => {
  const operator = await simulator(t, { receipts: { format: 'both', delayMs: [0, 20] } })
  const { port, chunks } = await recordInFrontOf(t, operator.port)
  const parts = Array.from({ length: 500 }, (_, index) => outgoing(index + 1))
  const heard = talk(t, parts, { port, window: 100 })
  await heard.when(() => heard.receipts.length === parts.length && heard.outcomes.length === parts.length)
  await heard.stop()

  const lines = await dissect(t, chunks, { isCut: false })
  t.deepEqual(
    lines.filter(line => line['_ws.malformed'] !== ''),
    [],
  )
  const count = (commandId: string): number =>
    lines.flatMap(line => line['smpp.command_id'].split(',')).filter(id => id === commandId).length
  t.deepEqual([submitSm, submitSmResp, deliverSm].map(count), [500, 500, 500])
  t.true(lines.length < 1_000, 'several PDUs share a segment')
})

wiresharkTest('Wireshark does see a PDU that is malformed', async t => {
  const octets = Buffer.from('00000012000000040000000000000001' + '4141', 'hex')
  const [pdu] = await dissect(t, [{ from: 'client', octets }])
  t.not(pdu?.['_ws.malformed'], '')
})

function checkSubmit(
  t: ExecutionContext,
  pdu: Dissected,
  part: OutgoingPart,
  longMessages: SmppConfigInput['longMessages'],
): void {
  const [ton, source] = part.sender.startsWith('+')
    ? ['0x01', part.sender.slice(1)]
    : [part.sender === '38001' ? '0x03' : '0x05', part.sender]
  t.like(pdu, {
    'smpp.source_addr': source,
    'smpp.source_addr_ton': ton,
    'smpp.destination_addr': part.recipient,
    'smpp.dest_addr_ton': '0x01',
    'smpp.data_coding': part.encoding === 'gsm7' ? '0x00' : '0x08',
    'smpp.regdel.receipt': '0x01',
    'smpp.validity_period_r': '86400.000000000',
  })
  const payload = Buffer.from(pdu['smpp.message_payload'], 'hex')
  // Wireshark shows a payload as octets, and knows UCS-2 but no surrogates: what it leaves, Node's UTF-16 and the
  // simulator's alphabet read.
  if (payload.length > 0 && part.encoding === 'gsm7') t.is(decodeGsm(payload), part.text)
  else if (payload.length > 0) t.is(utf16Of(payload), part.text)
  else if (part.text.includes('😀')) t.is(utf16Of(Buffer.from(pdu['smpp.message'], 'hex')), part.text)
  else t.is(pdu['smpp.message_text'], part.text)
  const isLong = part.partCount > 1
  t.is(
    concatenationOf(pdu, longMessages),
    isLong ? `${part.reference}/${part.partNumber}/${part.partCount}` : 'null/1/1',
  )
  const hasHeader = isLong && (longMessages === 'udh8' || longMessages === 'udh16')
  t.is(pdu['smpp.esm.submit.features'], hasHeader ? '0x01' : '0x00')
}

function concatenationOf(pdu: Dissected, longMessages: SmppConfigInput['longMessages']): string {
  const [reference, count, part] =
    longMessages === 'sar'
      ? [pdu['smpp.sar_msg_ref_num'], pdu['smpp.sar_total_segments'], pdu['smpp.sar_segment_seqnum']]
      : [pdu['gsm_sms.udh.mm.msg_id'], pdu['gsm_sms.udh.mm.msg_parts'], pdu['gsm_sms.udh.mm.msg_part']]
  return reference === '' ? 'null/1/1' : `${Number(reference)}/${Number(part)}/${Number(count)}`
}

function utf16Of(octets: Buffer): string {
  return octets.swap16().toString('utf16le')
}
