/**
 * Wireshark's reading of what the link sends: its UCP dissector shares no line with ours, and must find every field
 * as it was meant and no wrong checksum.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { createFrameReader, onWire } from '../../../../connectors/operators/ucp/framing.ts'
import { buildAck } from '../../../../connectors/operators/ucp/results.ts'
import {
  capturedPort,
  type RecordedChunk,
  recordInFrontOf,
  writeCapture,
} from '../../../flows/independent-capture.ts'
import { fakeClock } from '../../../support/fake-clock.ts'
import { findProgram, serverAvailable } from '../../../support/server-process.ts'
import { tempDir } from '../../../support/temp-dir.ts'
import { linkUnderTest, part } from './link-under-test.ts'
import { accept, incoming, notification, scriptedSmsc } from './scripted-smsc.ts'
import { bytesOf, quotedFrames, vectors } from './vectors.ts'

const run = promisify(execFile)
const tshark = findProgram('tshark', ['/usr/bin', '/usr/local/bin'])
const wiresharkTest = serverAvailable('Wireshark (tshark)', tshark) ? test : test.skip

const fields = [
  '_ws.col.Protocol',
  '_ws.col.Info',
  '_ws.expert.message',
  'ucp.hdr.OT',
  'ucp.parm.AdC',
  'ucp.parm.OAdC',
  'ucp.parm.AMsg',
  'ucp.parm.NB',
  'ucp.parm.OTOA',
  'ucp.xser.service',
  'ucp.xser.data',
] as const

type Dissected = Record<(typeof fields)[number], string>

async function dissect(t: ExecutionContext, chunks: readonly RecordedChunk[]): Promise<Dissected[]> {
  const file = join(tempDir(t), 'session.pcap')
  writeCapture(file, onePerFrame(chunks))
  const wanted = fields.flatMap(field => ['-e', field])
  const decode = ['-d', `tcp.port==${capturedPort},ucp`]
  const { stdout } = await run(tshark!, [
    '-r',
    file,
    ...decode,
    '-T',
    'fields',
    '-E',
    'separator=\x01',
    ...wanted,
  ])
  return stdout
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const values = line.split('\x01')
      return Object.fromEntries(fields.map((field, index) => [field, values[index] ?? ''])) as Dissected
    })
}

/** A segment for each frame, so that each has a line of its own. */
function onePerFrame(chunks: readonly RecordedChunk[]): RecordedChunk[] {
  const readers = { client: createFrameReader(), server: createFrameReader() }
  return chunks.flatMap(({ from, octets }) => {
    const cut: RecordedChunk[] = []
    readers[from].push(octets)
    for (let item = readers[from].next(); item.kind === 'text'; item = readers[from].next()) {
      cut.push({ from, octets: Buffer.from(onWire(item.text), 'latin1') })
    }
    return cut
  })
}

const warned = (frames: readonly Dissected[]): Dissected[] =>
  frames.filter(
    frame =>
      frame['_ws.col.Protocol'] !== 'UCP' ||
      frame['_ws.expert.message'] !== '' ||
      frame['_ws.col.Info'].includes('invalid'),
  )

wiresharkTest('Wireshark reads a session without a warning, and every field as it was meant', async t => {
  const smsc = await scriptedSmsc(t)
  const { port, chunks } = await recordInFrontOf(t, smsc.port)
  const clock = fakeClock()
  const { link, told } = linkUnderTest(
    t,
    { port, allowOriginatorChange: true, billingIdentifier: 'B7' },
    clock,
  )
  link.start()
  const peer = await smsc.connection()
  await peer.acceptLogin()
  await told.until(() => link.status().state === 'bound')
  const submitted = [
    part(1, { text: 'Prime de 45 000 F, merci.', validitySeconds: 86_400 }),
    part(2, { sender: '+22625000000', encoding: 'ucs2', text: 'Fête ☺' }),
    part(3, { sender: 'ASSURANCE', text: 'part two', partNumber: 2, partCount: 2, reference: 0x7a }),
  ]
  link.submit(submitted)
  for (const _ of submitted) accept(peer, (await peer.nextSubmit()).frame, '150327090512')
  peer.send(
    incoming(1, { Msg: '53544F50' }),
    notification(2, { OAdC: '0022670000001', SCTS: '150327090512', Dst: '0' }),
  )
  await told.until(
    () => told.receipts.length === 1 && told.incoming.length === 1 && told.outcomes.length === 3,
  )
  const tokens = [told.incoming[0]!.receiptToken, told.receipts[0]!.receiptToken]
  link.acknowledge(tokens.slice(0, 1), true)
  link.acknowledge(tokens.slice(1), false)
  await clock.advance(50_500)
  peer.send(buildAck(31, (await peer.next('O', 31)).trn, '0000'))
  await peer.next('R', 52)
  await peer.next('R', 53)

  const frames = await dissect(t, chunks)
  t.deepEqual(warned(frames), [])
  const sent = frames.filter(frame => frame['_ws.col.Info'] === 'Submit short message (Operation)')
  t.like(sent, [
    {
      'ucp.parm.AdC': '0022670000001',
      'ucp.parm.OAdC': '38001',
      'ucp.parm.AMsg': 'Prime de 45 000 F, merci.',
    },
    {
      'ucp.parm.OAdC': '22625000000',
      'ucp.parm.NB': '0096',
      'ucp.parm.OTOA': '1139',
      'ucp.xser.service': '0x02,0x0c',
    },
    { 'ucp.parm.OAdC': '10C1E9B42A0D3A8745', 'ucp.parm.AMsg': 'part two', 'ucp.parm.OTOA': '5039' },
  ])
  t.is(sent[2]!['ucp.xser.data'].split(',')[0]?.replaceAll(':', '').toLowerCase(), '0500037a0202')
  t.deepEqual([...new Set(frames.map(frame => frame['ucp.hdr.OT']))].sort(), ['31', '51', '52', '53', '60'])
})

wiresharkTest('Wireshark has no complaint about any vector, and does see an altered one', async t => {
  const texts = [...Object.values(vectors), ...quotedFrames]
  const altered = bytesOf('F6')
  altered[40] = altered[40]! ^ 1
  const octets = Buffer.concat(texts.map(text => Buffer.from(onWire(text), 'latin1')))
  const frames = await dissect(t, [
    { from: 'client', octets },
    { from: 'client', octets: altered },
  ])
  t.is(frames.length, texts.length + 1)
  t.deepEqual(warned(frames.slice(0, -1)), [])
  t.regex(frames.at(-1)!['_ws.col.Info'], /checksum invalid/)
})
