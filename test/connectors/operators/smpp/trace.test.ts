import test from 'ava'
import type { TraceLine } from '../../../../connectors/operator.ts'
import { command } from '../../../../connectors/operators/smpp/tables.ts'
import { traceLine } from '../../../../connectors/operators/smpp/trace-line.ts'
import { fakeClock } from '../../../support/fake-clock.ts'
import { part } from '../link-under-test.ts'
import { boundLink, linkUnderTest, roundTrip } from './link-under-test.ts'
import { answer, scriptedSmsc } from './scripted-smsc.ts'

test('a trace tells each PDU with its fields, and neither text, password nor whole phone number', async t => {
  const smsc = await scriptedSmsc(t)
  const { link, told } = linkUnderTest(t, { port: smsc.port }, fakeClock())
  const lines: TraceLine[] = []
  link.trace(line => lines.push(line))
  link.start()
  const peer = await smsc.connection()
  await peer.acceptBind()
  await told.until(() => link.status().state === 'bound')
  link.submit([part(7, { recipient: '22670000012', text: 'Montant secret' })])
  answer(peer, await peer.next(command.submitSm), 'id7')
  await told.until(() => told.outcomes.length === 1)
  t.deepEqual(
    lines.map(({ bind, direction, line }) => `${bind} ${direction} ${line.split(' ')[0]}`),
    [
      'transceiver out bind_transceiver',
      'transceiver in bind_transceiver_resp',
      'transceiver out submit_sm',
      'transceiver in submit_sm_resp',
    ],
  )
  const all = lines.map(({ line }) => line).join('\n')
  t.regex(all, /system_id=ASSUR1 password=\*\*\*/)
  t.regex(all, /submit_sm seq=2 source=38001\/3\/0 destination=\.\.012\/1\/1 .*sm_length=14/)
  t.regex(all, /submit_sm_resp seq=2 status=ESME_ROK message_id=id7/)
  for (const secret of ['S3cret!', 'secret', '22670000012']) t.false(all.includes(secret), secret)
})

test('a trace is switched on and off while bound', async t => {
  const bound = await boundLink(t)
  const lines: TraceLine[] = []
  await roundTrip(bound, 1)
  bound.link.trace(line => lines.push(line))
  await roundTrip(bound, 2)
  bound.link.trace(null)
  await roundTrip(bound, 3)
  t.is(lines.length, 2)
})

test('whatever a peer sends is one line of bounded length', t => {
  const hostile = Buffer.from('a'.repeat(5_000), 'latin1')
  for (const commandId of [command.deliverSm, command.submitSmResp, 0x12345678, command.bindTransceiver]) {
    const line = traceLine({ commandId, status: 0xffff, sequence: 1, body: hostile })
    t.true(line.length <= 400)
    t.notRegex(line, /[^\x20-\x7e]/)
  }
})
