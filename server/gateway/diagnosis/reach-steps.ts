/** From this machine to the operator's port: name, source address, TCP, TLS. Tells a tunnel that is down from a refusal. */
import type { Clock } from '../../../connectors/clock.ts'
import { isLocalAddress, type ProbeOutcome, probe, resolveHost } from '../../../connectors/operators/probe.ts'
import { openSocket } from '../../../connectors/operators/socket.ts'
import type { LinkTrial } from '../../../connectors/operators/trial.ts'
import { type Finding, type FindingCode, finding, skipped } from './finding.ts'

export interface Reach {
  findings: Finding[]
  /** Whether a login may be tried. */
  isReached: boolean
}

export interface ReachContext {
  clock: Clock
  signal: AbortSignal
}

/** The steps with the outcome of a bare connection, which is closed again without a word. */
export async function reachSteps(trial: LinkTrial, context: ReachContext): Promise<Reach> {
  const names = await nameSteps(trial)
  const source = sourceAddress(trial)
  const findings: Finding[] = [...names, source]
  if (names.every(({ outcome }) => outcome === 'failed') || source.outcome === 'failed') {
    return { findings: [...findings, ...unreached()], isReached: false }
  }
  const connections: Finding[] = []
  for (const endpoint of trial.endpoints) connections.push(await connection(trial, endpoint, context))
  findings.push(...connections)
  if (connections.every(({ outcome }) => outcome === 'failed')) {
    findings.push(skipped('tls', 'earlier-step-failed'))
    return { findings, isReached: false }
  }
  const tls = await tlsStep(trial, context)
  return { findings: [...findings, tls], isReached: tls.outcome !== 'failed' }
}

/** The same for a link that is bound: nothing is opened beside it. */
export async function liveReachSteps(trial: LinkTrial): Promise<Finding[]> {
  return [
    ...(await nameSteps(trial)),
    sourceAddress(trial),
    finding('reachability', 'ok', 'live-bound'),
    trial.openTls === null ? skipped('tls', 'tls-not-used') : finding('tls', 'ok', 'live-bound'),
  ]
}

async function nameSteps({ endpoints }: LinkTrial): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const { host } of endpoints) {
    const name = await resolveHost(host)
    if (name.kind === 'address') findings.push(finding('name', 'ok', 'is-an-address', { host }))
    else if (name.kind === 'resolved') {
      findings.push(finding('name', 'ok', 'resolved', { host, addresses: name.addresses.slice(0, 8) }))
    } else findings.push(finding('name', 'failed', 'name-unknown', { host, reason: name.reason }))
  }
  return findings
}

function sourceAddress({ localAddress }: LinkTrial): Finding {
  const step = 'source-address'
  if (localAddress === null) return finding(step, 'ok', 'system-chooses')
  const isHere = isLocalAddress(localAddress)
  return finding(step, isHere ? 'ok' : 'failed', isHere ? 'on-this-machine' : 'not-on-this-machine', {
    localAddress,
  })
}

async function connection(
  { localAddress, connectSeconds }: LinkTrial,
  endpoint: { host: string; port: number },
  { clock, signal }: ReachContext,
): Promise<Finding> {
  const target = { ...endpoint, localAddress: localAddress ?? undefined }
  const outcome = await probe(() => openSocket(target), {
    timeoutMs: connectSeconds * 1000,
    clock,
    signal,
  })
  const { kind, ...details } = outcome
  const code = connectionCodes[kind]
  if (kind === 'aborted') return finding('reachability', 'skipped', 'interrupted')
  const waited = kind === 'no-answer' ? { seconds: connectSeconds } : {}
  return finding('reachability', kind === 'connected' ? 'ok' : 'failed', code, {
    ...endpoint,
    ...details,
    ...waited,
  })
}

const connectionCodes: Readonly<Record<ProbeOutcome['kind'], FindingCode>> = {
  connected: 'connected',
  refused: 'connect-refused',
  'no-answer': 'connect-no-answer',
  unreachable: 'connect-unreachable',
  'source-address': 'connect-source-address',
  failed: 'connect-failed',
  aborted: 'interrupted',
}

async function tlsStep({ openTls, connectSeconds }: LinkTrial, context: ReachContext): Promise<Finding> {
  if (openTls === null) return skipped('tls', 'tls-not-used')
  const outcome = await probe(openTls, { timeoutMs: connectSeconds * 1000, ...context })
  if (outcome.kind === 'aborted') return skipped('tls', 'interrupted')
  if (outcome.kind === 'connected') return finding('tls', 'ok', 'tls-up')
  const reason = 'reason' in outcome ? outcome.reason : outcome.kind
  return finding('tls', 'failed', 'tls-failed', { reason })
}

function unreached(): Finding[] {
  return [skipped('reachability', 'earlier-step-failed'), skipped('tls', 'earlier-step-failed')]
}
