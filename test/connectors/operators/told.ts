/** Everything a link under test told, kept for the test, and a wait until it satisfies a condition. */
import type {
  DeliveryReceipt,
  IncomingPart,
  LinkHandlers,
  LinkStatus,
  SubmitOutcome,
} from '../../../connectors/operator.ts'
import type { LinkLog } from '../../../connectors/operators/link-life.ts'

export interface Told {
  outcomes: SubmitOutcome[]
  /** How many calls brought them. */
  outcomeCalls: number
  receipts: DeliveryReceipt[]
  receiptCalls: number
  incoming: IncomingPart[]
  states: LinkStatus[]
  capacityCalls: number
  log: { event: string; fields: Readonly<Record<string, unknown>> }[]
  /** Resolves as soon as `check` holds; looked at after every call of the link. */
  until(check: () => boolean): Promise<void>
}

export function listener(): { told: Told; handlers: LinkHandlers; log: LinkLog } {
  const waiting: { check: () => boolean; resolve: () => void }[] = []
  const look = (): void => {
    for (const wait of [...waiting]) {
      if (!wait.check()) continue
      waiting.splice(waiting.indexOf(wait), 1)
      wait.resolve()
    }
  }
  const told: Told = {
    outcomes: [],
    outcomeCalls: 0,
    receipts: [],
    receiptCalls: 0,
    incoming: [],
    states: [],
    capacityCalls: 0,
    log: [],
    until: check =>
      new Promise(resolve => {
        waiting.push({ check, resolve })
        look()
      }),
  }
  const handlers: LinkHandlers = {
    onOutcomes(outcomes) {
      told.outcomes.push(...outcomes)
      told.outcomeCalls += 1
      queueMicrotask(look)
    },
    onReceipts(receipts) {
      told.receipts.push(...receipts)
      told.receiptCalls += 1
      queueMicrotask(look)
    },
    onIncoming(parts) {
      told.incoming.push(...parts)
      queueMicrotask(look)
    },
    onState(status) {
      told.states.push(status)
      queueMicrotask(look)
    },
    onCapacity() {
      told.capacityCalls += 1
      queueMicrotask(look)
    },
  }
  const log: LinkLog = (event, fields) => {
    told.log.push({ event, fields })
    queueMicrotask(look)
  }
  return { told, handlers, log }
}
