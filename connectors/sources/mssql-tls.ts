/** The step `tls` of SQL Server's connection test. */
import type { SourceTestStep } from '../source.ts'
import type { MssqlConfig } from './mssql-config.ts'
import type { ExactConnection } from './mssql-driver.ts'

/**
 * @param connection the one that was logged in; absent when that failed
 * @param error why it failed
 * @returns undefined when nothing can be said about TLS
 */
export function tlsStep(
  { host, tls, allowOldTls }: MssqlConfig,
  connection: ExactConnection | undefined,
  error?: unknown,
): SourceTestStep | undefined {
  if (connection === undefined) {
    const detail = error instanceof Error ? error.message : String(error)
    const isAboutTls = tls.mode !== 'off' && /\bTLS\b|certificate|\bSSL\b/i.test(detail)
    return isAboutTls ? { step: 'tls', outcome: 'failed', detail } : undefined
  }
  const isHere = tls.mode === 'off' && /^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/.test(host)
  const detail = isHere ? '' : warning(tls.mode, allowOldTls, connection.tlsVersion)
  return { step: 'tls', outcome: detail === '' ? 'ok' : 'warning', detail }
}

function warning(
  mode: MssqlConfig['tls']['mode'],
  allowOldTls: boolean,
  version: string | undefined,
): string {
  if (mode === 'off') {
    return 'Without TLS the login of SQL Server shows its password to everybody on the network between; set the mode to require.'
  }
  if (!allowOldTls) return ''
  if (version === 'TLSv1' || version === 'TLSv1.1') {
    return `The server speaks ${version}, which can be broken: have it patched for TLS 1.2, keep it on a network of its own, and then take back allowOldTls.`
  }
  return `The server speaks ${version ?? 'TLS'}: allowOldTls only weakens the connection, take it back.`
}

/** Puts the step in its place: after `connect`, or instead of the `login` that failed for it. */
export function withTlsStep(steps: SourceTestStep[], tls: SourceTestStep | undefined): SourceTestStep[] {
  const login = steps.findIndex(({ step }) => step === 'login')
  if (tls === undefined || login === -1) return steps
  const before = steps.slice(0, login).filter(({ step }) => step !== 'tls')
  return tls.outcome === 'failed' ? [...before, tls] : [...before, tls, ...steps.slice(login)]
}
