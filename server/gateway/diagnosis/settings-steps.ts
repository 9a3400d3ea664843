/** The settings read back, to be laid beside the contract. Pure. */
import type { LinkTrial } from '../../../connectors/operators/trial.ts'
import { type Finding, finding } from './finding.ts'

export function settingsSteps(trial: LinkTrial, protocol: string, sender: string): Finding[] {
  const { facts, keepAliveSeconds, keepAliveAnswerSeconds } = trial
  const isUnlimited = facts.throughput.partsPerSecond === 0
  return [
    finding('settings', 'ok', 'read-back', { protocol, sender }),
    finding('monitoring', 'ok', 'read-back', { keepAliveSeconds, keepAliveAnswerSeconds }),
    finding('window', 'ok', 'read-back', { ...facts.window }),
    finding('throughput', isUnlimited ? 'warning' : 'ok', isUnlimited ? 'unlimited' : 'read-back', {
      ...facts.throughput,
    }),
    authentication(trial),
  ]
}

export function submitParameters({ facts }: LinkTrial): Finding {
  return finding('submit-parameters', 'ok', 'read-back', { ...facts.submit })
}

function authentication({ account, hasPassword, remarks }: LinkTrial): Finding {
  const step = 'authentication'
  if (account === null) return finding(step, 'ok', 'no-login-needed')
  if (!hasPassword) return finding(step, 'warning', 'no-password', { account })
  const isLong = remarks.includes('long-password')
  return finding(step, isLong ? 'warning' : 'ok', isLong ? 'long-password' : 'read-back', { account })
}
