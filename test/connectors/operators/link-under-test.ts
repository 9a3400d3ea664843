/** A link of any protocol with everything it told kept for the test, and a part to submit. */
import type { ExecutionContext } from 'ava'
import type { OperatorLink, OutgoingPart } from '../../../connectors/operator.ts'
import { type OperatorProtocol, operatorKinds } from '../../../connectors/operators/kinds.ts'
import { createRateLimit, type RateLimit } from '../../../connectors/operators/rate-limit.ts'
import type { FakeClock } from '../../support/fake-clock.ts'
import { listener, type Told } from './told.ts'

export interface LinkUnderTest {
  link: OperatorLink
  told: Told
}

/** @param rate absent: the link's own */
export function linkOver(
  t: ExecutionContext,
  protocol: OperatorProtocol,
  settings: Readonly<Record<string, unknown>>,
  clock: FakeClock,
  rate?: RateLimit,
): LinkUnderTest {
  const kind = operatorKinds[protocol]
  const { told, handlers, log } = listener()
  const config = kind.configSchema.parse({
    host: '127.0.0.1',
    password: 'S3cret!',
    partsPerSecond: 0,
    ...settings,
  })
  const link = kind.createLink(config, {
    clock,
    rate: rate ?? createRateLimit(kind.traits(config).partsPerSecond, clock),
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
