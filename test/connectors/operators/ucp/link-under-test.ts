/** A UCP link under test, a peer that has accepted its login, and parts for different phones. */
import type { ExecutionContext } from 'ava'
import type { OutgoingPart } from '../../../../connectors/operator.ts'
import type { RateLimit } from '../../../../connectors/operators/rate-limit.ts'
import type { UcpConfigInput } from '../../../../connectors/operators/ucp/config.ts'
import { type FakeClock, fakeClock } from '../../../support/fake-clock.ts'
import { type LinkUnderTest, linkOver, part as partToOnePhone } from '../link-under-test.ts'
import { accept, type ScriptedSmsc, type SmscConnection, scriptedSmsc } from './scripted-smsc.ts'

/** @param rate absent: the link's own */
export const linkUnderTest = (
  t: ExecutionContext,
  settings: Partial<UcpConfigInput> & { port: number },
  clock: FakeClock,
  rate?: RateLimit,
): LinkUnderTest => linkOver(t, 'ucp', { shortCode: '38001', ...settings }, clock, rate)

export interface BoundLink extends LinkUnderTest {
  smsc: ScriptedSmsc
  peer: SmscConnection
  clock: FakeClock
}

/** A started link whose peer has accepted the login. */
export async function boundLink(
  t: ExecutionContext,
  config: Partial<UcpConfigInput> = {},
): Promise<BoundLink> {
  const smsc = await scriptedSmsc(t)
  const clock = fakeClock()
  const { link, told } = linkUnderTest(t, { ...config, port: smsc.port }, clock)
  link.start()
  const peer = await smsc.connection()
  await peer.acceptLogin()
  await told.until(() => link.status().state === 'bound')
  return { link, told, smsc, peer, clock }
}

/** Parts go to different phones unless told otherwise: those to one phone wait for each other. */
export const part = (partId: number, fields: Partial<OutgoingPart> = {}): OutgoingPart =>
  partToOnePhone(partId, { recipient: `226700${String(partId).padStart(5, '0')}`, ...fields })

export const parts = (first: number, last: number): OutgoingPart[] =>
  Array.from({ length: last - first + 1 }, (_, index) => part(first + index))

/** Submits one part and has it accepted: what a probe needs. */
export async function roundTrip(
  { link, told, peer }: Pick<BoundLink, 'link' | 'told' | 'peer'>,
  partId: number,
) {
  link.submit([part(partId)])
  accept(peer, (await peer.nextSubmit()).frame, '150327090512')
  await told.until(() => told.outcomes.some(outcome => outcome.partId === partId))
}
