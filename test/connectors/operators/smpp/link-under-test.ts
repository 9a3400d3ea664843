/** A link with everything it told kept for the test, and parts to submit. */
import type { ExecutionContext } from 'ava'
import type { OperatorLink, OutgoingPart } from '../../../../connectors/operator.ts'
import { createRateLimit } from '../../../../connectors/operators/rate-limit.ts'
import { type SmppConfigInput, smppConfigSchema } from '../../../../connectors/operators/smpp/config.ts'
import { createSmppLink } from '../../../../connectors/operators/smpp/link.ts'
import { command } from '../../../../connectors/operators/smpp/tables.ts'
import { type FakeClock, fakeClock } from '../../../support/fake-clock.ts'
import { listener, type Told } from '../told.ts'
import { answer, type ScriptedSmsc, type SmscConnection, scriptedSmsc } from './scripted-smsc.ts'

export interface LinkUnderTest {
  link: OperatorLink
  told: Told
}

export function linkUnderTest(
  t: ExecutionContext,
  config: Partial<SmppConfigInput> & { port: number },
  clock: FakeClock,
): LinkUnderTest {
  const { told, handlers, log } = listener()
  const parsed = smppConfigSchema.parse({
    host: '127.0.0.1',
    systemId: 'ASSUR1',
    password: 'S3cret!',
    partsPerSecond: 0,
    ...config,
  })
  const link = createSmppLink({
    config: parsed,
    clock,
    rate: createRateLimit(parsed.partsPerSecond, clock),
    random: () => 0,
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

export function part(partId: number, fields: Partial<OutgoingPart> = {}): OutgoingPart {
  return {
    partId,
    recipient: '22670000001',
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

/** Submits one part and has it accepted: what a probe needs. */
export async function roundTrip(
  { link, told, peer }: Pick<BoundLink, 'link' | 'told' | 'peer'>,
  partId: number,
) {
  link.submit([part(partId)])
  answer(peer, await peer.next(command.submitSm), `id${partId}`)
  await told.until(() => told.outcomes.some(outcome => outcome.partId === partId))
}
