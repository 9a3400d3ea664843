/** Login and keep-alive: on the live link when there is one, else in a short session of our own. */
import type { Clock } from '../../../connectors/clock.ts'
import type { LinkStatus, OperatorLink } from '../../../connectors/operator.ts'
import type { OperatorKind } from '../../../connectors/operators/kinds.ts'
import { createRateLimit } from '../../../connectors/operators/rate-limit.ts'
import type { LinkTrial, TrialSign } from '../../../connectors/operators/trial.ts'
import { type Finding, finding, skipped } from './finding.ts'

/** A login is answered within seconds, or somebody at the other end must be asked. */
const longestLoginSeconds = 40
const keepAliveSeconds = 5
const goodbyeMs = 1_000

/** The live link says it all: a second login would throw out the first. */
export function liveSessionSteps(
  trial: LinkTrial,
  { state, sinceMs, reason, lastError, binds }: LinkStatus,
  nowMs: number,
): Finding[] {
  const since = new Date(sinceMs).toISOString()
  if (state === 'bound') {
    const names = binds.filter(bind => bind.state === 'bound').map(bind => bind.name)
    return [
      finding('login', 'ok', 'live-bound', { since, binds: names }),
      provenKeepAlive(trial, nowMs - sinceMs),
    ]
  }
  const refusal = trial.refusalIn(reason) ?? {}
  const error = lastError === null ? {} : { lastError: lastError.text }
  const details = { state, since, reason, ...refusal, ...error }
  const isOnItsWay = state === 'connecting' || state === 'binding'
  const login = isOnItsWay
    ? finding('login', 'warning', 'live-on-its-way', details)
    : finding('login', 'failed', 'status' in refusal ? 'live-refused' : 'live-down', details)
  return [login, skipped('keep-alive', 'earlier-step-failed')]
}

function provenKeepAlive(
  { keepAliveSeconds: idle, keepAliveAnswerSeconds }: LinkTrial,
  boundMs: number,
): Finding {
  // Two misses of SMPP are forgiven: a link that lives on after them was answered.
  const provenMs = (idle + 2 * keepAliveAnswerSeconds) * 1000
  const boundSeconds = Math.floor(boundMs / 1000)
  return boundMs > provenMs
    ? finding('keep-alive', 'ok', 'keep-alive-proven', { boundSeconds })
    : finding('keep-alive', 'skipped', 'keep-alive-too-early', { boundSeconds, seconds: provenMs / 1000 })
}

/**
 * Logs in for a moment. What the operator delivers meanwhile is refused for now, so that it delivers it again when the
 * operator is started.
 */
export async function trialSessionSteps(
  kind: OperatorKind<unknown>,
  trial: LinkTrial,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<Finding[]> {
  const events = createEvents()
  let turnedAway = 0
  const turnAway = (received: readonly { receiptToken: number }[]): void => {
    turnedAway += received.length
    link.acknowledge(
      received.map(({ receiptToken }) => receiptToken),
      false,
    )
  }
  const link: OperatorLink = kind.createLink(trial.config, {
    clock,
    random: () => 0.5,
    rate: createRateLimit(1, clock),
    log: () => undefined,
    handlers: {
      onOutcomes: () => undefined,
      onReceipts: turnAway,
      onIncoming: turnAway,
      onCapacity: () => undefined,
      onState: status => events.state(status),
    },
  })
  link.trace(line => {
    const sign = trial.signOf(line)
    if (sign !== null) events.sign(sign)
  })
  const onAbort = (): void => events.interrupt()
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  try {
    link.start()
    const login = await events.within(longestLoginSeconds * 1000, clock, loginOver)
    const loggedIn = loginFinding(trial, login)
    if (loggedIn.outcome !== 'ok') return [loggedIn, skipped('keep-alive', 'earlier-step-failed')]
    const alive = await events.within(keepAliveSeconds * 1000, clock, keepAliveOver)
    const details = turnedAway === 0 ? {} : { deliveriesLeftWaiting: turnedAway }
    return [{ ...loggedIn, details }, keepAliveFinding(alive)]
  } finally {
    signal.removeEventListener('abort', onAbort)
    link.trace(null)
    await link.stop(goodbyeMs)
  }
}

interface SessionEvents {
  status: LinkStatus | null
  refusal: Extract<TrialSign, { kind: 'login-refused' }> | null
  keepAlive: Exclude<TrialSign, { kind: 'login-refused' }> | null
  isInterrupted: boolean
}

function createEvents() {
  const seen: SessionEvents = { status: null, refusal: null, keepAlive: null, isInterrupted: false }
  let look: () => void = () => undefined
  return {
    state(status: LinkStatus): void {
      seen.status = status
      look()
    },
    sign(sign: TrialSign): void {
      if (sign.kind === 'login-refused') seen.refusal = sign
      else seen.keepAlive = sign
      look()
    },
    interrupt(): void {
      seen.isInterrupted = true
      look()
    },
    /** Resolves when `isOver` says so, or with what is there when the time is up. */
    within(limitMs: number, clock: Clock, isOver: (seen: SessionEvents) => boolean): Promise<SessionEvents> {
      return new Promise(resolve => {
        const end = (): void => {
          cancel()
          look = () => undefined
          resolve({ ...seen })
        }
        const cancel = clock.after(limitMs, end)
        look = () => {
          if (seen.isInterrupted || isOver(seen)) end()
        }
        look()
      })
    },
  }
}

/** A link that waits has lost its connection: it would try again, and this one try is what was asked for. */
function loginOver({ status }: SessionEvents): boolean {
  return status !== null && ['bound', 'refused', 'waiting'].includes(status.state)
}

function keepAliveOver(seen: SessionEvents): boolean {
  return seen.keepAlive !== null || seen.status?.state !== 'bound'
}

function loginFinding(trial: LinkTrial, { status, refusal, isInterrupted }: SessionEvents): Finding {
  if (isInterrupted) return skipped('login', 'interrupted')
  if (status?.state === 'bound') {
    return finding('login', 'ok', trial.account === null ? 'no-login-needed' : 'logged-in')
  }
  const { reason = '' } = status ?? {}
  const told = refusal ?? trial.refusalIn(reason)
  if (told !== null) {
    return finding('login', 'failed', 'login-refused', { status: told.status, cause: told.cause })
  }
  const isSilent = status === null || !loginOver({ status, refusal, keepAlive: null, isInterrupted })
  const code =
    isSilent || /not answered in time|no connection in time/.test(reason)
      ? 'login-unanswered'
      : 'login-closed'
  return finding('login', 'failed', code, { reason })
}

function keepAliveFinding({ keepAlive, status, isInterrupted }: SessionEvents): Finding {
  if (isInterrupted) return skipped('keep-alive', 'interrupted')
  if (keepAlive?.kind === 'keep-alive-answered') return finding('keep-alive', 'ok', 'keep-alive-answered')
  if (keepAlive !== null) {
    return finding('keep-alive', 'warning', 'keep-alive-refused', { status: keepAlive.status })
  }
  const reason = status?.state === 'bound' ? '' : (status?.reason ?? '')
  return finding('keep-alive', 'failed', 'keep-alive-unanswered', { seconds: keepAliveSeconds, reason })
}
