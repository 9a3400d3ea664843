/** The settings of a SQL Server. */
import { isIP } from 'node:net'
import type { ConnectionConfiguration } from 'tedious'
import { z } from 'zod'
import { isCertificatePem } from '../pem.ts'
import { readingSettings, serverSettings } from './settings.ts'

const { tls: _tls, timeZone: _timeZone, ...account } = serverSettings

/** As the documentation of SQL Server names them: 2000, 2005, 2008, 2008 R2, 2012 and newer. */
const driverVersions = {
  '7.1': '7_1',
  '7.2': '7_2',
  '7.3A': '7_3_A',
  '7.3B': '7_3_B',
  '7.4': '7_4',
} as const

export const usualPort = 1433

export const mssqlConfigSchema = z
  .strictObject({
    ...account,
    /** 1433 when neither this nor `instanceName` is given. */
    port: z.int().min(1).max(65_535).optional(),
    /** A named instance, whose port the SQL Server Browser tells (UDP 1434); not together with `port`. */
    instanceName: z
      .string()
      // @see "Database Instance Configuration": 16 characters of these
      .regex(
        /^[A-Za-z_#][A-Za-z0-9_#$]{0,15}$/,
        'the name of an instance, without the host and the backslash',
      )
      .optional(),
    /** The Windows domain of the account: the login is then NTLM. */
    domain: z.string().min(1).max(255).optional(),
    tls: z
      .strictObject({
        /**
         * `require` encrypts without asking who answers; `verify` also checks the certificate and its name; `strict`
         * does so from the first byte (TDS 8.0, SQL Server 2022 and newer).
         */
        mode: z.enum(['off', 'require', 'verify', 'strict']),
        caPem: z.string().max(100_000).refine(isCertificatePem, 'a certificate, PEM').optional(),
      })
      .default({ mode: 'require' }),
    /**
     * Also accepts TLS 1.0 and 1.1 with their old ciphers and signatures, for a server of 2008 to 2014 that nobody
     * can patch. Whoever sits on the network between may then break the encryption.
     */
    allowOldTls: z.boolean().default(false),
    /** Only for a server that ends the login with an error of protocol; `auto` lets it choose. */
    tdsVersion: z.enum(['auto', '7.1', '7.2', '7.3A', '7.3B', '7.4']).default('auto'),
    /** Says ApplicationIntent=ReadOnly: an availability group sends us to a readable copy. */
    readOnlyIntent: z.boolean().default(false),
    ...readingSettings,
  })
  .refine(({ port, instanceName }) => port === undefined || instanceName === undefined, {
    message: 'either a port or the name of an instance',
    path: ['instanceName'],
  })
  .refine(({ host, tls }) => !['verify', 'strict'].includes(tls.mode) || isIP(host) === 0, {
    message: 'a host name, the one in the certificate: the driver cannot verify an address',
    path: ['host'],
  })
  .refine(({ tls, allowOldTls }) => !allowOldTls || tls.mode === 'require' || tls.mode === 'verify', {
    message: 'only with the TLS modes require and verify',
    path: ['allowOldTls'],
  })

export type MssqlConfig = z.output<typeof mssqlConfigSchema>

/** The driver's configuration; nothing that decides about rows or statements is left to its defaults. */
export function driverConfiguration(config: MssqlConfig, port: number): ConnectionConfiguration {
  const { host: server, user: userName, password, domain, tls, tdsVersion } = config
  const authentication =
    domain === undefined
      ? { type: 'default' as const, options: { userName, password } }
      : { type: 'ntlm' as const, options: { userName, password, domain } }
  return {
    server,
    authentication,
    options: {
      port,
      database: config.database,
      appName: 'rappel',
      connectTimeout: config.connectTimeoutMs,
      // Ours ends the read; a second clock would only tell it in other words.
      requestTimeout: 0,
      // An attention that nobody answers: then the connection is cut.
      cancelTimeout: 5_000,
      // A database that does not exist is not a passing trouble.
      maxRetriesOnTransientErrors: 0,
      encrypt: tls.mode === 'strict' ? 'strict' : tls.mode !== 'off',
      trustServerCertificate: tls.mode === 'require',
      // Node warns of an address as the name of a TLS server; nobody checks this one.
      ...(isIP(server) !== 0 && { serverName: 'sql-server.invalid' }),
      cryptoCredentialsDetails: {
        ...(tls.caPem !== undefined && { ca: tls.caPem }),
        // OpenSSL 3 refuses SHA-1 signatures and keys of 1,024 bits above this level.
        ...(config.allowOldTls && { minVersion: 'TLSv1' as const, ciphers: 'DEFAULT@SECLEVEL=0' }),
      },
      ...(tdsVersion !== 'auto' && { tdsVersion: driverVersions[tdsVersion] }),
      readOnlyIntent: config.readOnlyIntent,
      // The guard reads "…" as a name.
      enableQuotedIdentifier: true,
      abortTransactionOnError: true,
      // '2027-02-01' is the first of February whatever the language of the login.
      dateFormat: 'ymd',
      language: 'us_english',
      useColumnNames: false,
      rowCollectionOnDone: false,
      rowCollectionOnRequestCompletion: false,
    },
  }
}
