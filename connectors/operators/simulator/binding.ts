/** Whether a bind is accepted: the fault plan first, then the account. */
import type { AccountDesk, SimulatorCore } from './core.ts'
import type { BindClaim } from './dialogue-words.ts'

export type BindJudgement =
  | { kind: 'accepted'; desk: AccountDesk; delayMs: number }
  | { kind: 'refused'; code: number }
  /** The fault plan wants silence. */
  | { kind: 'ignored' }

export function judgeBind(core: SimulatorCore, claim: BindClaim | null): BindJudgement {
  const codes = core.protocol.bindRefusals
  if (claim === null) {
    core.counts.malformedPdus += 1
    return { kind: 'refused', code: codes.unreadable }
  }
  const { systemId, password, mode } = claim
  const fault = core.faults.ofSession(['refuse-bind', 'ignore-bind', 'delay-bind'], systemId)
  if (fault?.kind === 'refuse-bind') return { kind: 'refused', code: fault.status ?? codes.failed }
  if (fault?.kind === 'ignore-bind') return { kind: 'ignored' }
  const desk = core.desks.get(systemId)
  if (desk === undefined) return { kind: 'refused', code: codes['unknown-account'] }
  const { account } = desk
  if (account.password !== password) return { kind: 'refused', code: codes['wrong-password'] }
  if (!account.modes.includes(mode)) return { kind: 'refused', code: codes['mode-not-allowed'] }
  if (desk.sessions >= account.maxSessions) return { kind: 'refused', code: codes['bound-already'] }
  return { kind: 'accepted', desk, delayMs: fault === null ? 0 : core.faults.delayMs(fault.ms) }
}
