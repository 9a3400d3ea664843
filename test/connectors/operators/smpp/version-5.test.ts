import test from 'ava'
import { writeTlv } from '../../../../connectors/operators/smpp/codec.ts'
import { readReceipt } from '../../../../connectors/operators/smpp/receipt.ts'
import { shortMessage } from '../../../../connectors/operators/smpp/short-message.ts'
import { command, tag } from '../../../../connectors/operators/smpp/tables.ts'
import { part } from '../link-under-test.ts'
import { type BoundLink, boundLink } from './link-under-test.ts'

async function answerWith(
  { link, told, peer }: BoundLink,
  { status, tlvs }: { status: number; tlvs: [number, Buffer][] },
): Promise<void> {
  link.submit([part(1)])
  const { sequence } = await peer.next(command.submitSm)
  peer.write(writer => {
    writer.begin({ commandId: command.submitSmResp, status, sequence }, 64)
    writer.cString('id1')
    for (const [number, value] of tlvs) writeTlv(writer, number, value)
    writer.end()
  })
  await told.until(() => told.outcomes.length === 1)
}

test('an answer of an SMSC that says it is congested is accepted, and the bind pauses', async t => {
  const bound = await boundLink(t, { interfaceVersion: 0x50 })
  await answerWith(bound, { status: 0, tlvs: [[tag.congestionState, Buffer.from([100])]] })
  t.deepEqual(bound.told.outcomes, [{ kind: 'accepted', partId: 1, remoteId: 'id1' }])
  t.true(bound.link.status().pausedUntilMs > 0)
  t.is(bound.link.capacity(), 0)
  await bound.clock.advance(1_100)
  t.is(bound.link.capacity(), 1)
})

test('an SMSC in good use does not slow us down', async t => {
  const bound = await boundLink(t)
  await answerWith(bound, { status: 0, tlvs: [[tag.congestionState, Buffer.from([85])]] })
  t.is(bound.link.status().pausedUntilMs, 0)
})

test('the words of a refusal are logged with its status', async t => {
  const bound = await boundLink(t)
  const words = Buffer.from('destination is not in the contract\0', 'latin1')
  await answerWith(bound, { status: 0x0b, tlvs: [[tag.additionalStatusInfoText, words]] })
  t.like(bound.told.outcomes[0], { kind: 'refused', status: 0x0b })
  const logged = bound.told.log.find(({ event }) => event === 'submit.refused')
  t.deepEqual(logged?.fields, {
    status: 'ESME_RINVDSTADR',
    operatorSays: 'destination is not in the contract',
  })
})

test('extras that cannot be read leave the answer as it is', async t => {
  const bound = await boundLink(t)
  bound.link.submit([part(1)])
  const { sequence } = await bound.peer.next(command.submitSm)
  bound.peer.write(writer => {
    writer.begin({ commandId: command.submitSmResp, status: 0, sequence }, 64)
    writer.cString('id1')
    writer.bytes(Buffer.from('0428ffff64', 'hex'))
    writer.end()
  })
  await bound.told.until(() => bound.told.outcomes.length === 1)
  t.like(bound.told.outcomes[0], { kind: 'accepted', remoteId: 'id1' })
})

test('delivery_failure_reason of a receipt stands in its detail', t => {
  const reading = readReceipt(
    shortMessage({
      esmClass: 4,
      tlvs: [
        { tag: tag.receiptedMessageId, value: Buffer.from('77\0') },
        { tag: tag.messageState, value: Buffer.from([5]) },
        { tag: tag.deliveryFailureReason, value: Buffer.from([2]) },
      ],
    }),
    { receiptIdMode: 'same', smscUtcOffsetMinutes: 0 },
  )
  t.like(reading, { kind: 'receipt', receipt: { state: 'undelivered', detail: 'stat:UNDELIV failure:2' } })
})
