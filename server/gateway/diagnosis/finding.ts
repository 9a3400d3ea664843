/** What a diagnosis says: one finding per step, as codes; whoever shows it has the sentences. */

/** In the order in which an operator's engineer asks. */
export const diagnosisSteps = [
  'settings',
  'monitoring',
  'window',
  'throughput',
  'authentication',
  'name',
  'source-address',
  'reachability',
  'tls',
  'login',
  'keep-alive',
  'submit-parameters',
  'submit',
  'receipt',
  'reply',
  'reply-acknowledged',
] as const

export type DiagnosisStep = (typeof diagnosisSteps)[number]

export const findingCodes = [
  /** Nothing to say but the details. */
  'read-back',
  'settings-unreadable',
  'unlimited',
  'no-password',
  'long-password',
  'no-login-needed',
  'resolved',
  'is-an-address',
  'name-unknown',
  'system-chooses',
  'on-this-machine',
  'not-on-this-machine',
  'connected',
  'connect-refused',
  'connect-no-answer',
  'connect-unreachable',
  'connect-source-address',
  'connect-failed',
  'tls-not-used',
  'tls-up',
  'tls-failed',
  /** The link of the running operator is bound: no second session was opened, it would end the first. */
  'live-bound',
  'live-on-its-way',
  'live-down',
  'live-refused',
  'logged-in',
  'login-refused',
  'login-unanswered',
  'login-closed',
  'account-in-use',
  'keep-alive-answered',
  /** Bound for longer than a keep-alive and its answer take, so that they were answered. */
  'keep-alive-proven',
  'keep-alive-too-early',
  'keep-alive-refused',
  'keep-alive-unanswered',
  'accepted',
  'submit-refused',
  'submit-unanswered',
  'submit-waiting',
  'delivered',
  'not-delivered',
  'no-receipt-yet',
  'reply-received',
  'no-reply',
  'after-storage',
  /** The operator submits nothing now. */
  'draining',
  'not-started',
  'no-number-given',
  'not-asked-for',
  'earlier-step-failed',
  'interrupted',
] as const

export type FindingCode = (typeof findingCodes)[number]

export interface Finding {
  step: DiagnosisStep
  outcome: 'ok' | 'warning' | 'failed' | 'skipped'
  code: FindingCode
  details: Record<string, unknown>
}

export function finding(
  step: DiagnosisStep,
  outcome: Finding['outcome'],
  code: FindingCode,
  details: Record<string, unknown> = {},
): Finding {
  return { step, outcome, code, details }
}

export function skipped(step: DiagnosisStep, code: FindingCode): Finding {
  return finding(step, 'skipped', code)
}
