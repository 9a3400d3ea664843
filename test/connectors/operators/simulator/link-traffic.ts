/** A link of the product that submits parts as fast as it is allowed, and acknowledges whatever comes. */
import type { ExecutionContext } from 'ava'
import { type Clock, systemClock } from '../../../../connectors/clock.ts'
import type {
  DeliveryReceipt,
  IncomingPart,
  OperatorLink,
  OutgoingPart,
  SubmitOutcome,
} from '../../../../connectors/operator.ts'
import { operatorKinds } from '../../../../connectors/operators/kinds.ts'
import type { LinkDependencies } from '../../../../connectors/operators/link-life.ts'
import { createRateLimit } from '../../../../connectors/operators/rate-limit.ts'
import type { Simulator } from '../../../../connectors/operators/simulator/simulator.ts'
import type { SmppConfigInput } from '../../../../connectors/operators/smpp/config.ts'
import type { UcpConfigInput } from '../../../../connectors/operators/ucp/config.ts'

export interface Traffic {
  link: OperatorLink
  outcomes: SubmitOutcome[]
  receipts: DeliveryReceipt[]
  incoming: IncomingPart[]
  /** Receipts and outcomes by name, in the order in which they came. */
  order: ('outcome' | 'receipt')[]
  events: string[]
  /** Submits more. */
  send(parts: readonly OutgoingPart[]): void
  /** Resolves once the condition holds; asked after everything the link reports. */
  when(condition: () => boolean): Promise<void>
}

export interface TrafficOptions {
  clock?: Clock
  /** What is told of each batch of receipts and incoming parts: stored or not. */
  isStored?: () => boolean
}

export function smppTraffic(
  t: ExecutionContext,
  operator: Simulator,
  parts: readonly OutgoingPart[],
  config: Partial<SmppConfigInput> = {},
): Traffic {
  const { host, port } = operator
  const login = { systemId: 'rappel', password: 'secret' }
  return traffic(t, parts, dependencies =>
    linkOf('smpp', { host, port, ...login, window: 100, partsPerSecond: 0, ...config }, dependencies),
  )
}

export function ucpTraffic(
  t: ExecutionContext,
  operator: Pick<Simulator, 'host' | 'port'>,
  parts: readonly OutgoingPart[],
  config: Partial<UcpConfigInput> = {},
  options: TrafficOptions = {},
): Traffic {
  const { host, port } = operator
  const login = { shortCode: '38001', password: 'secret', allowOriginatorChange: true }
  return traffic(
    t,
    parts,
    dependencies =>
      linkOf('ucp', { host, port, ...login, window: 50, partsPerSecond: 0, ...config }, dependencies),
    options,
  )
}

function linkOf(
  protocol: keyof typeof operatorKinds,
  config: { partsPerSecond?: number | undefined },
  dependencies: Omit<LinkDependencies, 'rate'>,
): OperatorLink {
  const kind = operatorKinds[protocol]
  const rate = createRateLimit(config.partsPerSecond ?? 0, dependencies.clock)
  return kind.createLink(kind.configSchema.parse(config), { ...dependencies, rate })
}

function traffic(
  t: ExecutionContext,
  parts: readonly OutgoingPart[],
  createLink: (dependencies: Omit<LinkDependencies, 'rate'>) => OperatorLink,
  { clock = systemClock, isStored = () => true }: TrafficOptions = {},
): Traffic {
  const queue = [...parts]
  const known = new Map(parts.map(part => [part.partId, part]))
  const waiters: { condition: () => boolean; resolve: () => void }[] = []
  const changed = (): void => {
    for (const { condition, resolve } of waiters) if (condition()) resolve()
  }
  const submit = (): void => {
    const capacity = link.capacity()
    if (capacity > 0 && queue.length > 0) link.submit(queue.splice(0, capacity))
  }
  const acknowledge = (tokens: readonly { receiptToken: number }[]): void =>
    link.acknowledge(
      tokens.map(({ receiptToken }) => receiptToken),
      isStored(),
    )
  const link = createLink({
    clock,
    random: () => 0,
    log: event => seen.events.push(event),
    handlers: {
      onOutcomes(outcomes) {
        seen.outcomes.push(...outcomes)
        seen.order.push(...outcomes.map(() => 'outcome' as const))
        for (const outcome of outcomes) {
          const isAgain =
            outcome.kind === 'unsent' || (outcome.kind === 'refused' && outcome.refusal === 'throttle')
          const again = isAgain ? known.get(outcome.partId) : undefined
          if (again !== undefined) queue.push(again)
        }
        changed()
      },
      onReceipts(receipts) {
        seen.receipts.push(...receipts)
        seen.order.push(...receipts.map(() => 'receipt' as const))
        acknowledge(receipts)
        changed()
      },
      onIncoming(incoming) {
        seen.incoming.push(...incoming)
        acknowledge(incoming)
        changed()
      },
      onState: () => {
        submit()
        changed()
      },
      onCapacity: () => submit(),
    },
  })
  const seen: Traffic = {
    link,
    outcomes: [],
    receipts: [],
    incoming: [],
    order: [],
    events: [],
    send(more) {
      for (const part of more) known.set(part.partId, part)
      queue.push(...more)
      submit()
    },
    when: condition =>
      new Promise(resolve => {
        waiters.push({ condition, resolve })
        changed()
      }),
  }
  link.start()
  t.teardown(() => link.stop(0))
  return seen
}

export function accepted({ outcomes }: Traffic): Extract<SubmitOutcome, { kind: 'accepted' }>[] {
  return outcomes.filter(outcome => outcome.kind === 'accepted')
}

export function part(partId: number, fields: Partial<OutgoingPart> = {}): OutgoingPart {
  return {
    partId,
    recipient: `2267000${String(partId).padStart(4, '0')}`,
    sender: 'ASSURANCE',
    encoding: 'gsm7',
    text: `Rappel ${partId} : votre prime est échue`,
    partNumber: 1,
    partCount: 1,
    reference: 0,
    validitySeconds: 0,
    requestReceipt: true,
    isFlash: false,
    ...fields,
  }
}

/** Different phones: over UCP parts to one phone wait for each other. */
export function partsTo(count: number, fields: Partial<OutgoingPart> = {}): OutgoingPart[] {
  return Array.from({ length: count }, (_, index) => part(index + 1, fields))
}
