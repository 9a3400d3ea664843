/**
 * The cheapest operator there is, in a process of its own: answers each submit, after a fixed latency when told one,
 * and counts nothing. `fork(…, [protocol, latencyMs])`; sends its port.
 */
import { createServer } from 'node:net'
import { encodeEmpty, encodeMessageResp } from '../../connectors/operators/smpp/codec.ts'
import { createFramer } from '../../connectors/operators/smpp/framing.ts'
import { PduWriter } from '../../connectors/operators/smpp/pdu-writer.ts'
import { command } from '../../connectors/operators/smpp/tables.ts'
import { parseFrame } from '../../connectors/operators/ucp/frame.ts'
import { createFrameReader, onWire } from '../../connectors/operators/ucp/framing.ts'
import { operation } from '../../connectors/operators/ucp/operations.ts'
import { buildAck } from '../../connectors/operators/ucp/results.ts'

type Conversation = () => (chunk: Buffer) => Uint8Array

const [protocol, latency] = process.argv.slice(2)
const latencyMs = Number(latency ?? 0)
const conversations: Record<string, Conversation> = { smpp: talkSmpp, ucp: talkUcp }

const server = createServer(socket => {
  const answer = conversations[protocol ?? 'smpp']!()
  socket.setNoDelay(true)
  socket.on('error', () => socket.destroy())
  socket.on('data', chunk => {
    const answers = answer(chunk)
    if (answers.length === 0) return
    if (latencyMs === 0) socket.write(answers)
    else setTimeout(() => socket.write(answers), latencyMs)
  })
})
server.listen(0, '127.0.0.1', () => process.send?.(server.address()))

function talkSmpp(): (chunk: Buffer) => Buffer {
  const framer = createFramer()
  const writer = new PduWriter()
  let messageId = 0x10000000
  return chunk => {
    framer.push(chunk)
    for (let frame = framer.next(); frame.kind === 'pdu'; frame = framer.next()) {
      const { commandId, sequence } = frame
      if (commandId === command.submitSm) {
        const id = (messageId++).toString(16)
        encodeMessageResp(writer, { commandId: command.submitSmResp, sequence, messageId: id })
      } else if (commandId === command.bindTransceiver) {
        encodeMessageResp(writer, { commandId: command.bindTransceiverResp, sequence, messageId: 'peer' })
      } else encodeEmpty(writer, commandId + 0x80000000, sequence)
    }
    return writer.take()
  }
}

function talkUcp(): (chunk: Buffer) => Buffer {
  const reader = createFrameReader()
  let seconds = 0
  return chunk => {
    reader.push(chunk)
    let answers = ''
    for (let item = reader.next(); item.kind === 'text'; item = reader.next()) {
      const frame = parseFrame(item.text)
      if (frame.kind !== 'frame' || frame.type !== 'O') continue
      seconds = (seconds + 1) % 1_000_000
      const scts = `010127${String(seconds).padStart(6, '0')}`
      const sm = frame.ot === operation.submit ? `${frame.fields[0]}:${scts}` : ''
      answers += onWire(buildAck(frame.ot, frame.trn, sm))
    }
    return Buffer.from(answers, 'latin1')
  }
}
