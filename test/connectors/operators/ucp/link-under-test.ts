/** A link with everything it told kept for the test, and parts to submit. */
import type { ExecutionContext } from 'ava'
import type { OperatorLink, OutgoingPart } from '../../../../connectors/operator.ts'
import { createRateLimit, type RateLimit } from '../../../../connectors/operators/rate-limit.ts'
import { type UcpConfigInput, ucpConfigSchema } from '../../../../connectors/operators/ucp/config.ts'
import { createUcpLink } from '../../../../connectors/operators/ucp/link.ts'
import { type FakeClock, fakeClock } from '../../../support/fake-clock.ts'
import { listener, type Told } from '../told.ts'
import { accept, type ScriptedSmsc, type SmscConnection, scriptedSmsc } from './scripted-smsc.ts'

export interface LinkUnderTest {
  link: OperatorLink
  told: Told
}

export function linkUnderTest(
  t: ExecutionContext,
  settings: Partial<UcpConfigInput> & { port: number },
  clock: FakeClock,
  /** Absent: the link's own. */
  rate?: RateLimit,
): LinkUnderTest {
  const { told, handlers, log } = listener()
  const config = ucpConfigSchema.parse({
    host: '127.0.0.1',
    shortCode: '38001',
    password: 'S3cret!',
    partsPerSecond: 0,
    ...settings,
  })
  const link = createUcpLink({
    config,
    clock,
    random: () => 0,
    rate: rate ?? createRateLimit(config.partsPerSecond, clock),
    log,
    handlers,
  })
  t.teardown(async () => {
    const stopped = link.stop(0)
    await clock.advance(10_000)
    await stopped
  })
  return { link, told }
}

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
export function part(partId: number, fields: Partial<OutgoingPart> = {}): OutgoingPart {
  return {
    partId,
    recipient: `226700${String(partId).padStart(5, '0')}`,
    sender: '38001',
    encoding: 'gsm7',
    text: 'Votre contrat expire le 15/03/2027.',
    partNumber: 1,
    partCount: 1,
    reference: 0,
    validitySeconds: 0,
    requestReceipt: true,
    isFlash: false,
    ...fields,
  }
}

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
