/** A real link on a real clock that submits given parts and keeps what it is told. */
import type { ExecutionContext } from 'ava'
import { systemClock } from '../../connectors/clock.ts'
import type { DeliveryReceipt, IncomingPart, OutgoingPart, SubmitOutcome } from '../../connectors/operator.ts'
import { createRateLimit } from '../../connectors/operators/rate-limit.ts'
import { type SmppConfigInput, smppConfigSchema } from '../../connectors/operators/smpp/config.ts'
import { createSmppLink } from '../../connectors/operators/smpp/link.ts'

export interface Talk {
  outcomes: SubmitOutcome[]
  receipts: DeliveryReceipt[]
  incoming: IncomingPart[]
  /** Resolves once the condition holds; asked after everything the link tells. */
  when(condition: () => boolean): Promise<void>
  /** Drains, unbinds, closes. */
  stop(): Promise<void>
}

/** Submits the parts as the link takes them and acknowledges whatever comes. */
export function talk(
  t: ExecutionContext,
  parts: readonly OutgoingPart[],
  config: Partial<SmppConfigInput> & { port: number },
): Talk {
  const queue = [...parts]
  const waiters = new Set<() => void>()
  const changed = (): void => {
    for (const look of waiters) look()
  }
  const submit = (): void => {
    const capacity = link.capacity()
    if (capacity > 0 && queue.length > 0) link.submit(queue.splice(0, capacity))
  }
  const heard: Talk = {
    outcomes: [],
    receipts: [],
    incoming: [],
    when: condition =>
      new Promise(resolve => {
        const look = (): void => {
          if (!condition()) return
          waiters.delete(look)
          resolve()
        }
        waiters.add(look)
        look()
      }),
    stop: () => link.stop(),
  }
  const parsed = smppConfigSchema.parse({
    host: '127.0.0.1',
    systemId: 'rappel',
    password: 'secret',
    partsPerSecond: 0,
    ...config,
  })
  const link = createSmppLink({
    config: parsed,
    rate: createRateLimit(parsed.partsPerSecond, systemClock),
    clock: systemClock,
    random: () => 0,
    log: () => {},
    handlers: {
      onOutcomes(outcomes) {
        heard.outcomes.push(...outcomes)
        changed()
      },
      onReceipts(receipts) {
        heard.receipts.push(...receipts)
        acknowledge(receipts)
      },
      onIncoming(incoming) {
        heard.incoming.push(...incoming)
        acknowledge(incoming)
      },
      onState: submit,
      onCapacity: submit,
    },
  })
  const acknowledge = (deliveries: readonly { receiptToken: number }[]): void => {
    link.acknowledge(
      deliveries.map(({ receiptToken }) => receiptToken),
      true,
    )
    changed()
  }
  link.start()
  t.teardown(() => link.stop(0))
  return heard
}

export function outgoing(partId: number, fields: Partial<OutgoingPart> = {}): OutgoingPart {
  return {
    partId,
    recipient: `2267000${String(partId).padStart(4, '0')}`,
    sender: 'ASSURANCE',
    encoding: 'gsm7',
    text: `Rappel ${partId} : votre prime de 45 000 F CFA est échue`,
    partNumber: 1,
    partCount: 1,
    reference: 0,
    validitySeconds: 86_400,
    requestReceipt: true,
    isFlash: false,
    ...fields,
  }
}
