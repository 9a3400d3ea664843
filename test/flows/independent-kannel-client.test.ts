/** Kannel as the client of our simulators: an SMSC that only our own client can talk to would prove nothing. */
import test from 'ava'
import { startSimulator } from '../../connectors/operators/simulator/simulator.ts'
import { serverAvailable } from '../support/server-process.ts'
import { bearerbox, type Callback, startKannel } from './kannel.ts'

const kannelTest = serverAvailable('Kannel (kannel)', bearerbox) ? test : test.skip

const texts = {
  short: 'Rappel : prime échue, 45 €',
  unicode: 'Fête 你好',
  long: 'Votre contrat arrive à échéance. '.repeat(8).trim(),
}

/** Bits of Kannel's dlr-mask: what the phone did, and that the SMSC took the message. */
const delivered = '1'
const undelivered = '2'
const taken = '8'

const told = (callbacks: readonly Callback[], reference: string): string[] =>
  callbacks
    .filter(({ path, fields }) => path === '/dlr' && fields.get('ref') === reference)
    .map(({ fields }) => fields.get('type') ?? '')
    .sort()

kannelTest(
  'Kannel binds to the SMPP simulator, sends, and gets receipts and an incoming message',
  async t => {
    const operator = await startSimulator({
      receipts: { delayMs: [20, 60], rules: [{ recipientSuffix: '2', outcome: 'undelivered' }] },
    })
    t.teardown(() => operator.stop())
    const kannel = await startKannel(t, [
      'smsc = smpp',
      'smsc-id = operator',
      'host = 127.0.0.1',
      `port = ${operator.port}`,
      'transceiver-mode = true',
      'smsc-username = rappel',
      'smsc-password = secret',
      'system-type = ""',
      'interface-version = 34',
      'source-addr-ton = 3',
      'source-addr-npi = 0',
      'dest-addr-ton = 1',
      'dest-addr-npi = 1',
    ])
    await operator.when(status => status.sessions === 1)
    const sms = { from: '38001', to: '22670000001' }
    t.regex(await kannel.send({ ...sms, text: texts.short, reference: 'short' }), /^0: Accepted/)
    await kannel.send({ ...sms, to: '22670000002', text: texts.unicode, coding: 2, reference: 'unicode' })
    await kannel.send({ ...sms, to: '22670000003', text: texts.long, reference: 'long' })
    await kannel.until(() => kannel.callbacks.length >= 6, 'three answers and three receipts')

    t.deepEqual(told(kannel.callbacks, 'short'), [delivered, taken])
    t.deepEqual(told(kannel.callbacks, 'unicode'), [undelivered, taken])
    t.deepEqual(told(kannel.callbacks, 'long'), [delivered, taken])
    t.deepEqual(
      operator.received.messages().map(({ text, isComplete }) => ({ text, isComplete })),
      [texts.short, texts.unicode, texts.long].map(text => ({ text, isComplete: true })),
    )

    const isAcknowledged = operator.deliverIncoming({
      from: '22670000001',
      to: '38001',
      text: 'STOP dès demain',
    })
    await kannel.until(() => kannel.callbacks.length === 7, 'the incoming message')
    t.true(await isAcknowledged)
    const incoming = kannel.callbacks.at(-1)!
    t.is(incoming.path, '/mo')
    t.deepEqual(Object.fromEntries(incoming.fields), {
      from: '+22670000001',
      to: '38001',
      text: 'STOP dès demain',
    })
    t.deepEqual(kannel.complaints(), [])
    t.is(operator.status().malformedPdus, 0)
  },
)

kannelTest(
  'Kannel logs in to the UCP simulator, sends, and gets notifications and an incoming message',
  async t => {
    const operator = await startSimulator({
      protocol: 'ucp',
      receipts: { delayMs: [20, 60], rules: [{ recipientSuffix: '2', outcome: 'undelivered' }] },
    })
    t.teardown(() => operator.stop())
    const kannel = await startKannel(t, [
      'smsc = emi',
      'smsc-id = operator',
      'host = 127.0.0.1',
      `port = ${operator.port}`,
      'smsc-username = 38001',
      'smsc-password = secret',
      'my-number = 38001',
      'window = 10',
      'keepalive = 1',
    ])
    await operator.when(status => status.sessions === 1)
    const sms = { from: '38001', to: '0022670000001' }
    t.regex(await kannel.send({ ...sms, text: texts.short, reference: 'short' }), /^0: Accepted/)
    await kannel.send({ ...sms, to: '0022670000002', text: texts.unicode, coding: 2, reference: 'unicode' })
    await kannel.send({ ...sms, to: '0022670000003', text: texts.long, reference: 'long' })
    await kannel.until(() => kannel.callbacks.length >= 6, 'three answers and three notifications')

    t.deepEqual(told(kannel.callbacks, 'short'), [delivered, taken])
    t.deepEqual(told(kannel.callbacks, 'unicode'), [undelivered, taken])
    t.deepEqual(told(kannel.callbacks, 'long'), [delivered, taken])
    t.deepEqual(
      operator.received.messages().map(({ text, isComplete }) => ({ text, isComplete })),
      [texts.short, texts.unicode, texts.long].map(text => ({ text, isComplete: true })),
    )

    const isAcknowledged = operator.deliverIncoming({
      from: '22670000001',
      to: '38001',
      text: 'STOP dès demain',
    })
    await kannel.until(() => kannel.callbacks.length === 7, 'the incoming message')
    t.true(await isAcknowledged)
    t.is(kannel.callbacks.at(-1)?.fields.get('text'), 'STOP dès demain')
    t.deepEqual(kannel.complaints(), [])
    t.is(operator.status().malformedPdus, 0)
  },
)
