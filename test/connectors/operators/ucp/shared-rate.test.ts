/** Two links of one short code: what the one has used of the second, the other has to wait for, and is told. */
import test from 'ava'
import { createRateLimit } from '../../../../connectors/operators/rate-limit.ts'
import { fakeClock } from '../../../support/fake-clock.ts'
import { linkUnderTest, part } from './link-under-test.ts'
import { accept, scriptedSmsc } from './scripted-smsc.ts'

test('a link that found the second used up by another is told when it is over', async t => {
  const clock = fakeClock()
  const rate = createRateLimit(1, clock)
  const bound = async () => {
    const smsc = await scriptedSmsc(t)
    const { link, told } = linkUnderTest(t, { port: smsc.port }, clock, rate)
    link.start()
    const peer = await smsc.connection()
    await peer.acceptLogin()
    await told.until(() => link.status().state === 'bound')
    return { link, told, peer }
  }
  const first = await bound()
  const second = await bound()
  await clock.advance(100)
  t.is(first.link.capacity(), 1)
  first.link.submit([part(1)])
  accept(first.peer, (await first.peer.nextSubmit()).frame, '150327090512')
  await first.told.until(() => first.told.outcomes.length === 1)

  t.is(second.link.capacity(), 0)
  const callsBefore = second.told.capacityCalls
  await clock.advance(1_300)
  t.true(second.told.capacityCalls > callsBefore)
  t.is(second.link.capacity(), 1)
})
