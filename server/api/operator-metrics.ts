/** Figures of the links for Prometheus: per operator and per bind. Series of an operator that is gone end with it. */
import { Counter, Gauge, type Registry } from 'prom-client'
import type { OperatorState } from '../gateway/gateway.ts'
import type { Store } from '../store/operations.ts'
import type { ApiDependencies } from './dependencies.ts'

export interface OperatorMetrics {
  /** What the gateway knows without asking the store. */
  collect(): void
  /** @throws RappelError `store-unavailable`; `forget` then takes back what it would have told */
  askStore(): Promise<void>
  forget(): void
}

const hourMs = 3_600_000

export function createOperatorMetrics(
  registry: Registry,
  { store, gateway, clock }: Pick<ApiDependencies, 'store' | 'gateway' | 'clock'>,
): OperatorMetrics {
  const registers = [registry]
  const gauge = <Label extends string>(name: string, help: string, labelNames: Label[]): Gauge<Label> =>
    new Gauge({ name, help, labelNames, registers })
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> =>
    new Counter({ name, help, labelNames, registers })

  const bound = gauge('rappel_bind_bound', '1 when the link of the operator is up', ['operator', 'state'])
  const inFlight = gauge('rappel_window_in_flight', 'Submits awaiting their answer', ['operator'])
  const window = gauge('rappel_window_size', 'Unanswered submits at most', ['operator'])
  const rate = gauge('rappel_parts_last_second', 'Parts that left in the second before', ['operator'])
  const contract = gauge('rappel_parts_contract', 'Parts per second of the contract; 0 is unlimited', [
    'operator',
  ])
  const ahead = gauge('rappel_parts_ahead', 'Parts claimed and not yet submitted', ['operator'])
  const paused = gauge('rappel_link_paused', '1 while the operator has asked for a pause', ['operator'])
  const draining = gauge('rappel_link_draining', '1 while nothing is submitted though the link is up', [
    'operator',
  ])
  const traced = gauge('rappel_trace_on', '1 while the protocol is written to a file', ['operator'])
  const connectionUp = gauge('rappel_connection_up', '1 when the connection is bound', ['operator', 'bind'])
  const connectionInFlight = gauge('rappel_connection_in_flight', 'Submits awaiting their answer', [
    'operator',
    'bind',
  ])
  const connectionParts = counter('rappel_connection_parts_total', 'Parts submitted', ['operator', 'bind'])
  const reconnects = counter('rappel_connection_reconnects_total', 'Connections made after the first', [
    'operator',
    'bind',
  ])
  const accepted = counter('rappel_parts_accepted_total', 'Parts accepted by the operator', ['operator'])
  const refused = counter('rappel_parts_refused_total', 'Parts refused, by what it means', [
    'operator',
    'class',
  ])
  const unknown = counter('rappel_parts_unknown_total', 'Parts that left and were not answered', [
    'operator',
    'reason',
  ])
  const throttles = counter('rappel_throttles_total', 'Minutes in which the operator asked for a pause', [
    'operator',
  ])
  const changes = counter('rappel_link_changes_total', 'Times the link came up, went down, was refused', [
    'operator',
    'change',
  ])
  const receipts = counter('rappel_receipts_total', 'Receipts that came, by what they say', [
    'operator',
    'state',
  ])
  const incomingParts = counter('rappel_incoming_parts_total', 'Parts of incoming messages', ['operator'])
  const incoming = gauge('rappel_incoming_last_day', 'Incoming messages of 24 hours, by what was done', [
    'operator',
    'event',
  ])
  const incomingWaiting = gauge('rappel_incoming_waiting', 'Incoming messages that wait', ['state'])

  const ofGateway = [
    ...[bound, inFlight, window, rate, contract, ahead, paused, draining, traced],
    ...[connectionUp, connectionInFlight, connectionParts, reconnects],
    ...[accepted, refused, unknown, throttles, changes, receipts, incomingParts],
  ]
  const ofStore = [incoming, incomingWaiting]

  function collectTotals(operator: string, { totals }: OperatorState): void {
    accepted.inc({ operator }, totals.accepted)
    for (const [kind, parts] of Object.entries(totals.refused)) refused.inc({ operator, class: kind }, parts)
    for (const [reason, parts] of Object.entries(totals.unknown)) unknown.inc({ operator, reason }, parts)
    for (const [state, count] of Object.entries(totals.receipts)) receipts.inc({ operator, state }, count)
    throttles.inc({ operator }, totals.throttles)
    changes.inc({ operator, change: 'up' }, totals.ups)
    changes.inc({ operator, change: 'down' }, totals.downs)
    changes.inc({ operator, change: 'refused' }, totals.refusals)
    incomingParts.inc({ operator }, totals.incomingParts)
  }

  return {
    collect() {
      for (const each of ofGateway) each.reset()
      for (const link of gateway.operators()) {
        const operator = String(link.operatorId)
        bound.set({ operator, state: link.state }, link.state === 'bound' ? 1 : 0)
        inFlight.set({ operator }, link.inFlight)
        window.set({ operator }, link.window)
        rate.set({ operator }, link.partsInLastSecond)
        contract.set({ operator }, link.partsPerSecond)
        ahead.set({ operator }, link.ahead)
        paused.set({ operator }, link.pausedUntilMs > clock.nowMs() ? 1 : 0)
        draining.set({ operator }, link.mode === 'sending' ? 0 : 1)
        traced.set({ operator }, gateway.traces?.status(link.operatorId).isOn === true ? 1 : 0)
        for (const connection of link.binds) {
          const labels = { operator, bind: connection.name }
          connectionUp.set(labels, connection.state === 'bound' ? 1 : 0)
          connectionInFlight.set(labels, connection.inFlight)
          connectionParts.inc(labels, connection.submitted)
          reconnects.inc(labels, connection.reconnects)
        }
        collectTotals(operator, link)
      }
    },
    async askStore() {
      const nowMs = clock.nowMs()
      const [totals, figures] = await askInbound(store, nowMs)
      for (const each of ofStore) each.reset()
      for (const { operatorId, event, total } of totals) {
        incoming.set({ operator: String(operatorId), event }, total)
      }
      for (const [state, messages] of Object.entries(figures)) incomingWaiting.set({ state }, messages)
    },
    forget() {
      for (const each of ofStore) each.reset()
    },
  }
}

function askInbound({ inbound }: Pick<Store, 'inbound'>, nowMs: number) {
  return Promise.all([
    inbound.totals({ fromMs: nowMs - 24 * hourMs, toMs: nowMs + hourMs }),
    inbound.figures(),
  ])
}
