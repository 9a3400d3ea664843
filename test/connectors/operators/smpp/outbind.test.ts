import { connect, type Socket } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import {
  encodeEmpty,
  encodeMessageResp,
  encodeShortMessage,
} from '../../../../connectors/operators/smpp/codec.ts'
import { smppConfigSchema } from '../../../../connectors/operators/smpp/config.ts'
import { createFramer, type Frame } from '../../../../connectors/operators/smpp/framing.ts'
import { encodeWithPackage } from '../../../../connectors/operators/smpp/package-codec.ts'
import { PduWriter } from '../../../../connectors/operators/smpp/pdu-writer.ts'
import { shortMessage } from '../../../../connectors/operators/smpp/short-message.ts'
import { command } from '../../../../connectors/operators/smpp/tables.ts'
import { fakeClock } from '../../../support/fake-clock.ts'
import { freePort } from '../../../support/server-process.ts'
import type { LinkUnderTest } from '../link-under-test.ts'
import { linkUnderTest } from './link-under-test.ts'

const outbindOf = (systemId: string): Buffer => {
  const encoded = encodeWithPackage('outbind', { sequence: 1 }, { system_id: systemId, password: 'geheim' })
  if (encoded.kind === 'malformed') throw new Error(encoded.reason)
  return encoded.bytes
}

interface Caller {
  socket: Socket
  next(): Promise<Extract<Frame, { kind: 'pdu' }>>
  write(build: (writer: PduWriter) => void): void
  closed: Promise<void>
}

/** The SMSC's side of a call; tries again until somebody listens. */
async function call(t: ExecutionContext, port: number): Promise<Caller> {
  const socket = await new Promise<Socket>(resolve => {
    const attempt = (): void => {
      const tried = connect(port, '127.0.0.1')
      tried.once('connect', () => resolve(tried))
      tried.once('error', () => setImmediate(attempt))
    }
    attempt()
  })
  t.teardown(() => socket.destroy())
  socket.on('error', () => undefined)
  const framer = createFramer()
  const frames: Extract<Frame, { kind: 'pdu' }>[] = []
  let wake: () => void = () => undefined
  socket.on('data', chunk => {
    framer.push(chunk)
    for (let frame = framer.next(); frame.kind === 'pdu'; frame = framer.next()) frames.push(frame)
    wake()
  })
  return {
    socket,
    closed: new Promise(resolve => socket.once('close', () => resolve())),
    async next() {
      while (frames.length === 0) await new Promise<void>(resolve => (wake = resolve))
      return frames.shift()!
    },
    write(build) {
      const writer = new PduWriter()
      build(writer)
      socket.write(writer.take())
    },
  }
}

async function waitingLink(t: ExecutionContext): Promise<LinkUnderTest & { listenPort: number }> {
  const listenPort = await freePort()
  const outbind = { listenPort, listenAddress: '127.0.0.1', smscSystemId: 'SMSC1' }
  const under = linkUnderTest(t, { port: 2775, bindMode: 'receiver', outbind }, fakeClock())
  under.link.start()
  t.is(under.link.status().state, 'waiting')
  t.regex(under.link.status().reason, /waiting for the SMSC to call/)
  return { ...under, listenPort }
}

test('an SMSC calls, we bind over its connection, and what it delivers is taken', async t => {
  const { link, told, listenPort } = await waitingLink(t)
  const smsc = await call(t, listenPort)
  smsc.socket.write(outbindOf('SMSC1'))
  const bind = await smsc.next()
  t.is(bind.commandId, command.bindReceiver)
  smsc.write(writer =>
    encodeMessageResp(writer, {
      commandId: command.bindReceiverResp,
      sequence: bind.sequence,
      messageId: 'S',
    }),
  )
  await told.until(() => link.status().state === 'bound')
  smsc.write(writer =>
    encodeShortMessage(
      writer,
      { commandId: command.deliverSm, sequence: 9 },
      shortMessage({ source: '22670000001', destination: '38001', shortMessage: Buffer.from('STOP') }),
    ),
  )
  await told.until(() => told.incoming.length === 1)
  t.is(told.incoming[0]!.text, 'STOP')
})

test('after a loss the next call is taken; nobody is called', async t => {
  const { link, told, listenPort } = await waitingLink(t)
  for (let turn = 0; turn < 2; turn++) {
    const smsc = await call(t, listenPort)
    smsc.socket.write(outbindOf('SMSC1'))
    const { sequence } = await smsc.next()
    smsc.write(writer =>
      encodeMessageResp(writer, { commandId: command.bindReceiverResp, sequence, messageId: 'S' }),
    )
    await told.until(() => link.status().state === 'bound')
    smsc.socket.destroy()
    await told.until(() => link.status().state === 'waiting')
  }
  t.pass()
})

test('whoever says anything but the expected outbind is sent away, and a second call while bound too', async t => {
  const { link, told, listenPort } = await waitingLink(t)
  const enquiry = new PduWriter()
  encodeEmpty(enquiry, command.enquireLink, 1)
  const strange = [
    outbindOf('OTHER'),
    enquiry.take(),
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    Buffer.alloc(16),
  ]
  for (const bytes of [...strange, Buffer.concat([outbindOf('SMSC1'), outbindOf('SMSC1')])]) {
    const stranger = await call(t, listenPort)
    stranger.socket.write(bytes)
    await stranger.closed
    t.is(link.status().state, 'waiting')
  }
  const smsc = await call(t, listenPort)
  smsc.socket.write(outbindOf('SMSC1'))
  const { sequence } = await smsc.next()
  smsc.write(writer =>
    encodeMessageResp(writer, { commandId: command.bindReceiverResp, sequence, messageId: 'S' }),
  )
  await told.until(() => link.status().state === 'bound')
  const second = await call(t, listenPort)
  second.socket.write(outbindOf('SMSC1'))
  await second.closed
  t.is(link.status().state, 'bound')
})

test('settings that an outbind cannot have are refused by name', t => {
  const parsed = smppConfigSchema.safeParse({
    host: '127.0.0.1',
    systemId: 'A',
    bindMode: 'transmitter',
    connections: 2,
    outbind: { listenPort: 2776 },
  })
  t.deepEqual(
    parsed.error?.issues.map(({ path }) => path.join('.')),
    ['bindMode', 'connections'],
  )
})
