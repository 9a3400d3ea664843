/**
 * Speed of the submit path alone: encode, one write per tick, window, decode of the answers, against a trivial
 * peer in another process. `node test/connectors/operators/smpp/submit-bench.ts [parts] [window] [parts/s, 0 unlimited]`
 */
import { fork } from 'node:child_process'
import { createServer } from 'node:net'
import { systemClock } from '../../../../connectors/clock.ts'
import type { OutgoingPart } from '../../../../connectors/operator.ts'
import { encodeEmpty, encodeMessageResp } from '../../../../connectors/operators/smpp/codec.ts'
import { smppConfigSchema } from '../../../../connectors/operators/smpp/config.ts'
import { createFramer } from '../../../../connectors/operators/smpp/framing.ts'
import { createSmppLink } from '../../../../connectors/operators/smpp/link.ts'
import { PduWriter } from '../../../../connectors/operators/smpp/pdu-writer.ts'
import { command } from '../../../../connectors/operators/smpp/tables.ts'

if (process.send === undefined) measure()
else answerEverything()

/** The peer: answers each submit with a number, everything else with an empty response. */
function answerEverything(): void {
  let messageId = 0x10000000
  const server = createServer(socket => {
    const framer = createFramer()
    const writer = new PduWriter()
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    socket.on('data', chunk => {
      framer.push(chunk)
      for (let frame = framer.next(); frame.kind === 'pdu'; frame = framer.next()) {
        const { commandId, sequence } = frame
        if (commandId === command.submitSm) {
          const id = (messageId++).toString(16)
          encodeMessageResp(writer, { commandId: command.submitSmResp, sequence, messageId: id })
        } else if (commandId === command.bindTransceiver) {
          encodeMessageResp(writer, { commandId: command.bindTransceiverResp, sequence, messageId: 'peer' })
        } else {
          encodeEmpty(writer, commandId + 0x80000000, sequence)
        }
      }
      socket.write(writer.take())
    })
  })
  server.listen(0, '127.0.0.1', () => process.send?.(server.address()))
}

function measure(): void {
  const total = Number(process.argv[2] ?? 1_000_000)
  const window = Number(process.argv[3] ?? 500)
  const peer = fork(new URL(import.meta.url))
  peer.once('message', address => {
    const { port } = address as { port: number }
    const config = smppConfigSchema.parse({
      host: '127.0.0.1',
      port,
      systemId: 'bench',
      window,
      partsPerSecond: Number(process.argv[4] ?? 0),
    })
    let next = 0
    let accepted = 0
    let startedAtNs = 0n
    let cpu = process.cpuUsage()
    const fill = (): void => {
      const count = Math.min(link.capacity(), total - next)
      if (count === 0) return
      const parts: OutgoingPart[] = []
      for (let index = 0; index < count; index++) parts.push(partOf(next++))
      link.submit(parts)
    }
    const link = createSmppLink({
      config,
      clock: systemClock,
      random: Math.random,
      log: () => undefined,
      handlers: {
        onOutcomes(outcomes) {
          for (const outcome of outcomes) if (outcome.kind === 'accepted') accepted += 1
          if (accepted === total) finish()
        },
        onReceipts: () => undefined,
        onIncoming: () => undefined,
        onState(status) {
          if (status.state !== 'bound' || startedAtNs !== 0n) return
          startedAtNs = process.hrtime.bigint()
          cpu = process.cpuUsage()
        },
        onCapacity: fill,
      },
    })
    const finish = (): void => {
      const seconds = Number(process.hrtime.bigint() - startedAtNs) / 1e9
      const used = process.cpuUsage(cpu)
      const partsPerSecond = Math.round(total / seconds)
      const cpuMicrosPerPart = (used.user + used.system) / total
      process.stdout.write(`${JSON.stringify({ total, window, partsPerSecond, cpuMicrosPerPart })}\n`)
      void link.stop().then(() => peer.kill())
    }
    link.start()
  })
}

function partOf(partId: number): OutgoingPart {
  return {
    partId,
    recipient: `22670${String(partId % 1_000_000).padStart(6, '0')}`,
    sender: '38001',
    encoding: 'gsm7',
    text: `Votre contrat ${partId} expire le 15/03/2027. Passez en agence pour le renouveler.`,
    partNumber: 1,
    partCount: 1,
    reference: 0,
    validitySeconds: 86_400,
    requestReceipt: true,
    isFlash: false,
  }
}
