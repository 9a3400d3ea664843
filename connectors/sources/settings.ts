/** Settings that several kinds of source share, and their limits. */
import { isAbsolute } from 'node:path'
import { z } from 'zod'
import { isCertificatePem } from '../pem.ts'

/** How much is read, for how long, and in which letters. */
export const readingSettings = {
  /**
   * How long one read may last, from the sent statement to the last row handed on; the reader's own pauses count,
   * because the customer's database holds a transaction open meanwhile.
   */
  timeoutMs: z.int().min(100).max(3_600_000).default(60_000),
  /** Rows of one read; one more is an error that nobody can overlook. */
  maxRows: z.int().min(1).max(10_000_000).default(50_000),
  /** The letters of text that is not valid UTF-8: old databases hold Windows or DOS bytes and do not say so. */
  encoding: z.enum(['utf8', 'cp1252', 'cp850']).default('utf8'),
  /** Takes away the blanks at the end of text: fixed-length columns are filled up with them. */
  trimPadding: z.boolean().default(true),
}

/** Where a server is and who reads it. The password is plain here; keeping it encrypted is the caller's work. */
export const serverSettings = {
  host: z.string().trim().min(1).max(255),
  database: z.string().min(1).max(128),
  user: z.string().min(1).max(128),
  password: z.string().max(1_024).default(''),
  tls: z
    .strictObject({
      /** `require` encrypts without asking who answers; `verify` also checks the certificate and its name. */
      mode: z.enum(['off', 'require', 'verify']),
      caPem: z.string().max(100_000).refine(isCertificatePem, 'a certificate, PEM').optional(),
    })
    .default({ mode: 'off' }),
  /** From the first packet to the accepted login. */
  connectTimeoutMs: z.int().min(100).max(300_000).default(10_000),
  /** Time zone of the session; absent leaves the server's own, which is what its users see. */
  timeZone: z
    .string()
    .regex(/^[A-Za-z0-9_+\-/:]{1,64}$/, 'an IANA name or an offset such as +01:00')
    .optional(),
}

export const port = (usual: number) => z.int().min(1).max(65_535).default(usual)

/** A relative path would depend on where the service was started. */
export const absolutePath = z.string().max(4_096).refine(isAbsolute, 'an absolute path')

export interface ReadingSettings {
  timeoutMs: number
  maxRows: number
  encoding: 'utf8' | 'cp1252' | 'cp850'
  trimPadding: boolean
}

export interface TlsSettings {
  mode: 'off' | 'require' | 'verify'
  caPem?: string | undefined
}

/** The options of node:tls for one server; undefined means no TLS. */
export function tlsOptions(tls: TlsSettings): { rejectUnauthorized: boolean; ca?: string } | undefined {
  if (tls.mode === 'off') return undefined
  const ca = tls.caPem === undefined ? {} : { ca: tls.caPem }
  return { rejectUnauthorized: tls.mode === 'verify', ...ca }
}
