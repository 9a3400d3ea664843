/** When a phone sent what the SMSC delivers: SCTS of operation 52, on the SMSC's clock. */
import test from 'ava'
import { ucpConfigSchema } from '../../../../connectors/operators/ucp/config.ts'
import { createDeliveries } from '../../../../connectors/operators/ucp/deliveries.ts'
import { parseFrame } from '../../../../connectors/operators/ucp/frame.ts'
import { createLocalTime } from '../../../../connectors/operators/ucp/local-time.ts'
import { createRemoteIds } from '../../../../connectors/operators/ucp/remote-ids.ts'
import { fakeClock } from '../../../support/fake-clock.ts'
import { incoming } from './scripted-smsc.ts'

function sentAt(timeZone: string, SCTS: string): number | null | undefined {
  const config = ucpConfigSchema.parse({ host: 'smsc.example', port: 5000, shortCode: '38001', timeZone })
  const deliveries = createDeliveries({
    config,
    clock: fakeClock('2027-03-15T12:00:00Z'),
    tokens: { next: 1 },
    localTime: createLocalTime(timeZone),
    remoteIds: createRemoteIds(),
  })
  const frame = parseFrame(incoming(3, { SCTS, Msg: '53544F50' }))
  if (frame.kind === 'malformed') throw new Error(frame.reason)
  const delivered = { receipts: [], incoming: [] as { sentAtMs?: number | null }[] }
  const reason = deliveries.read(frame, delivered as never)
  if (reason !== null) throw new Error(reason)
  return delivered.incoming[0]?.sentAtMs
}

test('SCTS is read on the clock of the SMSC', t => {
  t.is(sentAt('UTC', '150327101112'), Date.UTC(2027, 2, 15, 10, 11, 12))
  t.is(sentAt('Europe/Paris', '150327101112'), Date.UTC(2027, 2, 15, 9, 11, 12))
})

test('an SCTS that is no date leaves the time open and the message readable', t => {
  t.is(sentAt('UTC', '320327101112'), null)
  t.is(sentAt('UTC', ''), null)
})
