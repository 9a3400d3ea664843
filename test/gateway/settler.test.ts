import test from 'ava'
import type { DeliveryReceipt } from '../../connectors/operator.ts'
import { RappelError } from '../../server/errors.ts'
import { createSettler, type Settler } from '../../server/gateway/outbox/settler.ts'
import { silentLogger } from '../../server/log.ts'
import type { SettleItem, SettleRequest } from '../../server/store/settle.ts'
import { type FakeClock, fakeClock } from '../support/fake-clock.ts'

interface SettlerUnderTest {
  settler: Settler
  clock: FakeClock
  /** Batches that the store has taken. */
  written: SettleRequest[]
  /** Writes tried, failed ones included. */
  tries: number
  incoming: string[]
  acknowledged: [token: number, isStored: boolean][]
  raised: string[]
  cleared: string[]
  commits: number
  /** What the store says of the next batches, and what was handed on. */
  unknownSubscribers: number[]
  considered: number[]
  fails: (request: SettleRequest) => Error | null
  receipts(...tokens: number[]): void
  texts(...tokens: number[]): void
  ids(): number[]
}

function settlerUnderTest(): SettlerUnderTest {
  const clock = fakeClock()
  const acknowledge = (tokens: readonly number[], isStored: boolean): void => {
    for (const token of tokens) under.acknowledged.push([token, isStored])
  }
  const under: SettlerUnderTest = {
    clock,
    written: [],
    tries: 0,
    incoming: [],
    acknowledged: [],
    raised: [],
    cleared: [],
    commits: 0,
    unknownSubscribers: [],
    considered: [],
    fails: () => null,
    receipts: (...tokens) => under.settler.addReceipts(1, tokens.map(receipt), acknowledge),
    texts: (...tokens) =>
      under.settler.addIncoming(
        1,
        tokens.map(receiptToken => ({
          receiptToken,
          sender: '22670000001',
          recipient: '3000',
          encoding: 'gsm7',
          text: `STOP ${receiptToken}`,
          reference: null,
          partNumber: 1,
          partCount: 1,
        })),
        acknowledge,
      ),
    ids: () => under.written.flatMap(batch => batch.items.map(item => item.messageId)),
    settler: createSettler({
      clock,
      log: silentLogger,
      alarms: { raise: kind => under.raised.push(kind), clear: kind => under.cleared.push(kind) },
      isUnknownSubscriber: ({ detail }) => detail === 'err:101',
      onUnknownSubscribers: messageIds => under.considered.push(...messageIds),
      onSettled: () => {
        under.commits += 1
      },
      store: {
        outbox: {
          async settle(request) {
            under.tries += 1
            const error = under.fails(request)
            if (error !== null) throw error
            under.written.push(request)
            return { matched: request.receipts.length, kept: 0, unknownSubscribers: under.unknownSubscribers }
          },
        },
        incoming: {
          async store(received) {
            const error = under.fails({ items: [], receipts: [], nowMs: 0 })
            if (error !== null) throw error
            under.incoming.push(...received.map(({ part }) => part.text))
          },
        },
      },
    }),
  }
  return under
}

const receipt = (receiptToken: number): DeliveryReceipt => ({
  receiptToken,
  remoteIdKeys: [`id-${receiptToken}`],
  recipient: '22670000001',
  state: 'delivered',
  detail: '',
  textPrefix: '',
  submittedAtMs: null,
})

const refused = (messageId: number): SettleItem => ({ kind: 'refused', messageId, atMs: 0, reason: 'x' })
const refusedTo = (count: number, from = 1): SettleItem[] =>
  Array.from({ length: count }, (_, index) => refused(from + index))
const full = (): RappelError => new RappelError('store-unavailable', { reason: 'disk full' })

test('what one turn brings is one transaction, and receipts are acknowledged after it', async t => {
  const under = settlerUnderTest()
  under.settler.add([refused(1)])
  under.settler.add([refused(2)])
  under.receipts(7, 8)
  t.deepEqual(under.acknowledged, [])
  t.true(await under.settler.idle(1_000))
  t.is(under.written.length, 1)
  t.deepEqual(under.ids(), [1, 2])
  t.deepEqual(under.acknowledged, [
    [7, true],
    [8, true],
  ])
  t.is(under.commits, 1)
  t.is(under.clock.pending(), 0)
})

test('receipts that say unknown subscriber are marked, and what the store says of them is handed on', async t => {
  const under = settlerUnderTest()
  under.unknownSubscribers = [7]
  const acknowledge = (): void => {}
  under.settler.addReceipts(1, [{ ...receipt(1), detail: 'err:101' }, receipt(2)], acknowledge)
  t.deepEqual(under.considered, [], 'not before it is committed')
  await under.settler.idle(1_000)
  t.deepEqual(
    under.written[0]?.receipts.map(({ isUnknownSubscriber }) => isUnknownSubscriber),
    [true, undefined],
  )
  t.deepEqual(under.considered, [7])
})

test('a large backlog is written in bounded batches, in order', async t => {
  const under = settlerUnderTest()
  under.settler.add(refusedTo(5_000))
  t.is(under.settler.backlog, 5_000)
  await under.settler.idle(1_000)
  t.deepEqual(
    under.written.map(batch => batch.items.length),
    [2_000, 2_000, 1_000],
  )
  t.deepEqual(
    under.ids(),
    refusedTo(5_000).map(item => item.messageId),
  )
})

test('incoming parts have their own transaction and their own answer', async t => {
  const under = settlerUnderTest()
  under.texts(1, 2)
  under.receipts(3)
  await under.settler.idle(1_000)
  t.deepEqual(under.incoming, ['STOP 1', 'STOP 2'])
  t.deepEqual(under.acknowledged, [
    [1, true],
    [2, true],
    [3, true],
  ])
})

test('while the store cannot write, outcomes are kept and receipts given back; then all resumes in order', async t => {
  const under = settlerUnderTest()
  under.fails = full
  under.settler.add(refusedTo(3))
  under.receipts(9)
  await under.clock.advance(500)
  t.deepEqual(under.acknowledged, [[9, false]])
  under.settler.add([refused(4)])
  await under.clock.advance(10_000)
  t.is(under.settler.backlog, 4)
  t.true(under.tries <= 12, 'no storm of retries')
  t.deepEqual(under.raised, ['store-unavailable'])
  under.fails = () => null
  await under.clock.advance(1_000)
  t.deepEqual(under.ids(), [1, 2, 3, 4])
  t.deepEqual(under.cleared, ['store-unavailable'])
  t.is(under.settler.backlog, 0)
})

test('one outcome that no transaction takes is found, told and given up; all others are written', async t => {
  const under = settlerUnderTest()
  under.fails = ({ items }) => (items.some(item => item.messageId === 1_234) ? new Error('poison') : null)
  under.settler.add(refusedTo(2_000))
  under.receipts(5)
  await under.clock.advance(0)
  await under.settler.idle(1_000)
  t.deepEqual(
    under.ids().sort((a, b) => a - b),
    refusedTo(2_000)
      .map(item => item.messageId)
      .filter(id => id !== 1_234),
  )
  t.deepEqual(under.acknowledged, [[5, true]])
  t.deepEqual(under.raised, ['settle-failed'])
  t.is(under.settler.backlog, 0)
})

test('a poisoned outcome alone is kept until another is written, so that a store that takes nothing loses nothing', async t => {
  const under = settlerUnderTest()
  under.fails = ({ items }) => (items.some(item => item.messageId === 1) ? new Error('poison') : null)
  under.settler.add([refused(1)])
  await under.clock.advance(60_000)
  t.is(under.settler.backlog, 1)
  t.true(under.tries < 100)
  under.settler.add([refused(2)])
  await under.clock.advance(5_000)
  t.deepEqual(under.ids(), [2])
  t.is(under.settler.backlog, 0)
  t.true(under.raised.includes('settle-failed'))
})

test('errors of every write are an outage, whatever their code: nothing is given up', async t => {
  const under = settlerUnderTest()
  under.fails = () => new Error('database disk image is malformed')
  under.settler.add(refusedTo(100))
  await under.clock.advance(30_000)
  t.is(under.settler.backlog, 100)
  under.fails = () => null
  await under.clock.advance(3_000)
  t.deepEqual(
    under.ids().sort((a, b) => a - b),
    refusedTo(100).map(item => item.messageId),
  )
})

test('one poisoned receipt is given back, its neighbours are stored', async t => {
  const under = settlerUnderTest()
  under.fails = ({ receipts }) =>
    receipts.some(({ remoteIdKeys }) => remoteIdKeys[0] === 'id-3') ? new Error('poison') : null
  under.receipts(1, 2, 3, 4, 5)
  under.receipts(6)
  await under.clock.advance(0)
  await under.settler.idle(1_000)
  t.deepEqual(
    under.acknowledged.sort(([a], [b]) => a - b),
    [1, 2, 3, 4, 5, 6].map(token => [token, token !== 3]),
  )
})

test('a stop gives up in time when the store takes nothing, and says how much is left', async t => {
  const under = settlerUnderTest()
  under.fails = full
  under.settler.add(refusedTo(3))
  under.receipts(1)
  const stopped = under.settler.stop(5_000)
  await under.clock.advance(6_000)
  t.is(await stopped, 3)
  t.is(under.clock.pending(), 0)
  t.deepEqual(under.acknowledged, [[1, false]])
})
