/** An SMPP link under test, and a peer that has accepted its bind. */
import type { ExecutionContext } from 'ava'
import type { SmppConfigInput } from '../../../../connectors/operators/smpp/config.ts'
import { command } from '../../../../connectors/operators/smpp/tables.ts'
import { type FakeClock, fakeClock } from '../../../support/fake-clock.ts'
import { type LinkUnderTest, linkOver, part } from '../link-under-test.ts'
import { answer, type ScriptedSmsc, type SmscConnection, scriptedSmsc } from './scripted-smsc.ts'

export const linkUnderTest = (
  t: ExecutionContext,
  settings: Partial<SmppConfigInput> & { port: number },
  clock: FakeClock,
): LinkUnderTest => linkOver(t, 'smpp', { systemId: 'ASSUR1', ...settings }, clock)

export interface BoundLink extends LinkUnderTest {
  smsc: ScriptedSmsc
  peer: SmscConnection
  clock: FakeClock
}

/** A started link whose peer has accepted the bind. */
export async function boundLink(
  t: ExecutionContext,
  config: Partial<SmppConfigInput> = {},
): Promise<BoundLink> {
  const smsc = await scriptedSmsc(t)
  const clock = fakeClock()
  const { link, told } = linkUnderTest(t, { ...config, port: smsc.port }, clock)
  link.start()
  const peer = await smsc.connection()
  await peer.acceptBind()
  await told.until(() => link.status().state === 'bound')
  return { link, told, smsc, peer, clock }
}

/** Submits one part and has it accepted: what a probe needs. */
export async function roundTrip(
  { link, told, peer }: Pick<BoundLink, 'link' | 'told' | 'peer'>,
  partId: number,
) {
  link.submit([part(partId)])
  answer(peer, await peer.next(command.submitSm), `id${partId}`)
  await told.until(() => told.outcomes.some(outcome => outcome.partId === partId))
}
