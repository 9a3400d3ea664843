/**
 * The check-list that an operator's support asks for before it takes a call, walked by the product: from the settings
 * to the reply of a phone. A running operator is looked at through its live link; a stopped one logs in for a moment.
 *
 * @see facts of Orange's "Procédure de caractérisation des incidents", whose order this follows
 */

import type { Clock } from '../../../connectors/clock.ts'
import { type OperatorKind, operatorKinds } from '../../../connectors/operators/kinds.ts'
import type { LinkTrial } from '../../../connectors/operators/trial.ts'
import { RappelError } from '../../errors.ts'
import type { Store } from '../../store/operations.ts'
import type { Gateway } from '../gateway.ts'
import type { OperatorSettings } from '../operator-runtime.ts'
import { type Finding, finding, skipped } from './finding.ts'
import { messageSteps, untestedMessage } from './message-steps.ts'
import { liveReachSteps, reachSteps } from './reach-steps.ts'
import { liveSessionSteps, trialSessionSteps } from './session-steps.ts'
import { settingsSteps, submitParameters } from './settings-steps.ts'

export interface DiagnosisRequest {
  /** A phone that somebody holds, E.164 digits: it gets a real message. null sends none. */
  to: string | null
  /** The API key that asked. */
  clientId: number | null
  receiptSeconds: number
  /** 0 waits for no reply. */
  replySeconds: number
  /** The client has gone: the test ends, a message that left has left. */
  signal: AbortSignal
}

export interface DiagnosisDependencies {
  store: Pick<Store, 'messages' | 'incoming'>
  gateway: Pick<Gateway, 'operators' | 'accounts' | 'sendThrough'>
  clock: Clock
  /**
   * Opens what is sealed.
   *
   * @throws RappelError `not-found`; PasswordNotReadable
   */
  settingsOf(operatorId: number): Promise<OperatorSettings>
}

export type Diagnose = (operatorId: number, request: DiagnosisRequest) => Promise<Finding[]>

/** A test message that still waits after this is told of. */
const submitSeconds = 60

/** @throws RappelError `not-found`; `conflict` while another diagnosis of the operator goes on */
export function createDiagnosis(dependencies: DiagnosisDependencies): Diagnose {
  const running = new Set<number>()
  return async (operatorId, request) => {
    if (running.has(operatorId))
      throw new RappelError('conflict', { operatorId, reason: 'diagnosis-in-progress' })
    running.add(operatorId)
    try {
      return await walk(operatorId, request, dependencies)
    } finally {
      running.delete(operatorId)
    }
  }
}

async function walk(
  operatorId: number,
  request: DiagnosisRequest,
  dependencies: DiagnosisDependencies,
): Promise<Finding[]> {
  const { gateway, clock, store, settingsOf } = dependencies
  const settings = await settingsOf(operatorId)
  const kind = operatorKinds[settings.protocol]
  const read = kind.configSchema.safeParse(settings.config)
  if (!read.success) {
    // A former version took it; nothing can be tried with it.
    const fields = read.error.issues.map(issue => issue.path.join('.')).slice(0, 10)
    return [finding('settings', 'failed', 'settings-unreadable', { fields })]
  }
  const trial = kind.trial(read.data)
  const findings = settingsSteps(trial, settings.protocol, settings.sender)
  const live = gateway.operators().find(operator => operator.operatorId === operatorId)
  if (live === undefined) {
    findings.push(...(await stoppedSteps(operatorId, { kind, trial }, request, dependencies)))
    return [...findings, submitParameters(trial), ...untestedMessage('not-started')]
  }
  const isBound = live.state === 'bound'
  // The link that is down tries by itself: a connection more, without a login, harms nobody.
  if (isBound) findings.push(...(await liveReachSteps(trial)))
  else findings.push(...(await reachSteps(trial, { clock, signal: request.signal })).findings)
  findings.push(...liveSessionSteps(trial, live, clock.nowMs()), submitParameters(trial))
  if (request.to === null) return [...findings, ...untestedMessage('no-number-given')]
  if (!isBound) return [...findings, ...untestedMessage('earlier-step-failed')]
  if (live.mode !== 'sending') return [...findings, ...untestedMessage('draining')]
  const { to, clientId, receiptSeconds, replySeconds, signal } = request
  const test = { operatorId, to, clientId, submitSeconds, receiptSeconds, replySeconds }
  return [...findings, ...(await messageSteps(test, { store, gateway, clock, signal }))]
}

async function stoppedSteps(
  operatorId: number,
  { kind, trial }: { kind: OperatorKind<unknown>; trial: LinkTrial },
  request: DiagnosisRequest,
  { gateway, clock }: DiagnosisDependencies,
): Promise<Finding[]> {
  const found = await gateway.accounts.borrow(operatorId, async takenBack => {
    const signal = AbortSignal.any([takenBack, request.signal])
    const { findings, isReached } = await reachSteps(trial, { clock, signal })
    if (!isReached) {
      return [
        ...findings,
        skipped('login', 'earlier-step-failed'),
        skipped('keep-alive', 'earlier-step-failed'),
      ]
    }
    return [...findings, ...(await trialSessionSteps(kind, trial, { clock, signal }))]
  })
  return found ?? [skipped('login', 'account-in-use'), skipped('keep-alive', 'account-in-use')]
}
