/** What is particular to TLS with SQL Server, for the step `tls` of its connection test. */
import type { MssqlConfig } from './mssql-config.ts'
import type { ExactConnection } from './mssql-driver.ts'
import type { TlsTest } from './server-place.ts'

/** @param connection the one that was logged in, once there is one */
export function tlsTest(
  { tls, allowOldTls }: MssqlConfig,
  connection: () => ExactConnection | undefined,
): TlsTest {
  return {
    mode: tls.mode,
    withoutTls:
      'Without TLS the login of SQL Server shows its password to everybody on the network between; set the mode to require.',
    findWeakness: () => (allowOldTls ? weaknessOf(connection()?.tlsVersion) : ''),
  }
}

function weaknessOf(version: string | undefined): string {
  if (version === 'TLSv1' || version === 'TLSv1.1') {
    return `The server speaks ${version}, which can be broken: have it patched for TLS 1.2, keep it on a network of its own, and then take back allowOldTls.`
  }
  return `The server speaks ${version ?? 'TLS'}: allowOldTls only weakens the connection, take it back.`
}
