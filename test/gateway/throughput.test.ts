import test from 'ava'
import { RappelError } from '../../server/errors.ts'
import { createThroughput } from '../../server/gateway/throughput.ts'
import { fakeClock } from '../support/fake-clock.ts'

const alone = (partsPerSecond: number) => ({ partsPerSecond, throughputGroup: null })
const of38001 = (partsPerSecond: number) => ({ partsPerSecond, throughputGroup: '38001' })

test('operators of one short code share its limit, others have their own', t => {
  const throughput = createThroughput(fakeClock())
  const first = throughput.join(1, of38001(10)).limit
  t.is(throughput.join(2, of38001(10)).limit, first)
  t.not(throughput.join(3, alone(10)).limit, first)
  t.not(throughput.join(4, alone(10)).limit, throughput.join(3, alone(10)).limit)
})

test('an operator that is restarted keeps its limit, so that no second holds twice the contract', t => {
  const clock = fakeClock()
  const throughput = createThroughput(clock)
  const before = throughput.join(1, alone(10))
  before.limit.lane().take(before.limit.available())
  before.leave()
  const { limit } = throughput.join(1, alone(10))
  t.is(limit, before.limit)
  t.is(limit.available(), 0)
})

test('a new rate begins when the second that the old one may have filled is over', async t => {
  const clock = fakeClock()
  const throughput = createThroughput(clock)
  throughput.join(1, alone(10)).leave()
  const { limit: faster } = throughput.join(1, alone(20))
  await clock.advance(1900)
  t.is(faster.available(), 0)
  await clock.advance(200)
  t.true(faster.available() > 0)
})

test('a rate that contradicts a running operator of the short code is refused, and taken once that one is stopped', t => {
  const throughput = createThroughput(fakeClock())
  const first = throughput.join(1, of38001(10))
  const error = t.throws(() => throughput.join(2, of38001(50)), { instanceOf: RappelError })
  t.is(error.code, 'invalid-request')
  t.deepEqual(error.details, {
    path: 'config.partsPerSecond',
    received: 50,
    expected: '10, as the running operators of 38001 have; stop them first',
  })
  first.leave()
  t.notThrows(() => throughput.join(2, of38001(50)))
})

test('an operator that is being restarted joins before its former run leaves, and stays a member', t => {
  const throughput = createThroughput(fakeClock())
  const former = throughput.join(1, of38001(10))
  throughput.join(1, of38001(10))
  former.leave()
  t.throws(() => throughput.join(2, of38001(100)), { instanceOf: RappelError })
})

test('an operator that leaves a short code for another does not send twice the contract in one second', t => {
  const throughput = createThroughput(fakeClock())
  throughput.join(1, alone(10))
  t.is(throughput.join(1, of38001(10)).limit.available(), 0)
})
