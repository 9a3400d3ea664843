/** Settings of an Oracle source, where they lead, and what its failures mean. */
import { z } from 'zod'
import type { SourceError } from '../source.ts'
import { errorCode, errorWords } from './error-words.ts'
import { networkError, type ServerPlace, serverError } from './server-place.ts'
import { absolutePath, port, readingSettings, serverSettings, type TlsSettings } from './settings.ts'

/** Names that can stand in a descriptor without ending it. */
const hostName = z
  .string()
  .trim()
  .regex(/^[A-Za-z0-9_.:-]{1,255}$/, 'a host name or an address')
const serviceName = z.string().regex(/^[A-Za-z0-9_.$#-]{1,128}$/, 'a service name or a SID')

export const oracleConfigSchema = z
  .strictObject({
    ...serverSettings,
    host: hostName.optional(),
    port: port(1521),
    /** Service name, or SID as `naming` says; ORASS sites usually have a SID. */
    database: serviceName.optional(),
    naming: z.enum(['service', 'sid']).default('service'),
    /** Instead of host, port and database: `host:1521/service` or a whole `(DESCRIPTION=…)`; no tnsnames alias. */
    connectString: z
      .string()
      .trim()
      .max(4_000)
      .regex(/^(?:\(|(?:tcps?:)?\/\/|[\w.[\]:-]+\/)[^@\s]*/, 'host:port/service or (DESCRIPTION=…)')
      .optional(),
    /**
     * `thin` needs nothing and Oracle 12.1 or newer. `thick` loads Oracle's Instant Client: older servers, old password
     * verifiers, native network encryption.
     */
    mode: z.enum(['thin', 'thick']).default('thin'),
    /** Folder of the Instant Client; absent, the machine's own search path is asked. */
    instantClient: absolutePath.optional(),
    ...readingSettings,
  })
  .superRefine((config, context) => {
    const refuse = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message })
    if (config.connectString === undefined) {
      if (config.host === undefined) refuse('host', 'a host, or a connectString')
      if (config.database === undefined) refuse('database', 'a service name or SID, or a connectString')
    } else if (config.host !== undefined || config.database !== undefined) {
      refuse('connectString', 'either this, or host and database')
    }
    if (config.tls.mode === 'require')
      refuse('tls', 'off or verify: the driver always checks the certificate')
    if (config.mode === 'thick' && config.tls.mode !== 'off') {
      refuse('tls', 'off in thick mode, where the wallet of the Instant Client and a connectString say it')
    }
    if (config.mode === 'thin' && config.instantClient !== undefined) {
      refuse('instantClient', 'only with mode thick')
    }
  })
export type OracleConfig = z.output<typeof oracleConfigSchema>

export function oraclePlace(config: OracleConfig): ServerPlace {
  const { host, port: portNumber, database } = config.connectString === undefined ? config : placeOf(config)
  return {
    product: 'Oracle',
    host: host ?? '',
    port: portNumber,
    user: config.user,
    database: database ?? '',
    connectTimeoutMs: config.connectTimeoutMs,
  }
}

/** Host, port and service of a connect string, for messages and the connection test; the first address counts. */
function placeOf({ connectString = '' }: OracleConfig): { host: string; port: number; database: string } {
  const part = (name: string): string | undefined =>
    new RegExp(`\\(\\s*${name}\\s*=\\s*([^()\\s]+)\\s*\\)`, 'i').exec(connectString)?.[1]
  const easy = /^(?:tcps?:)?(?:\/\/)?(\[[^\]]+\]|[\w.-]+)(?::(\d+))?\/([^:/?]*)/.exec(connectString)
  return {
    host: (part('HOST') ?? easy?.[1] ?? '').replace(/^\[|\]$/g, ''),
    port: Number(part('PORT') ?? easy?.[2] ?? 1521),
    database: part('SERVICE_NAME') ?? part('SID') ?? easy?.[3] ?? '',
  }
}

/** What the driver is given: an own connect string as it is, else a descriptor with our time limits. */
export function connectDescriptor(config: OracleConfig): string {
  if (config.connectString !== undefined) return config.connectString
  const { host, port: portNumber, database, naming, connectTimeoutMs, tls } = config
  const seconds = Math.ceil(connectTimeoutMs / 1_000)
  const limits = `(CONNECT_TIMEOUT=${seconds})(TRANSPORT_CONNECT_TIMEOUT=${seconds})(RETRY_COUNT=0)`
  const address = `(ADDRESS=(PROTOCOL=${protocolOf(tls)})(HOST=${host})(PORT=${portNumber}))`
  const name = naming === 'sid' ? 'SID' : 'SERVICE_NAME'
  const security = tls.mode === 'verify' ? '(SECURITY=(SSL_SERVER_DN_MATCH=YES))' : ''
  return `(DESCRIPTION=${limits}${address}(CONNECT_DATA=(${name}=${database}))${security})`
}

function protocolOf(tls: TlsSettings): string {
  return tls.mode === 'off' ? 'TCP' : 'TCPS'
}

/** Which Instant Client reads which server. @see Oracle support note 207303.1 */
const clientVersions =
  'Instant Client 19 reads servers from 11.2 on, 12.1 from 10.2 on, 11.2 from 9.2 on; set mode thick and its folder'

interface Meaning {
  codes: RegExp
  code: SourceError['code']
  advice: string
}

const meanings: Meaning[] = [
  {
    codes: /^NJS-138$/,
    code: 'source-unreachable',
    advice: `The server is older than 12.1, which thin mode cannot read. ${clientVersions}.`,
  },
  {
    codes: /^(?:NJS-116|ORA-28040)$/,
    code: 'source-login-refused',
    advice: `The account only has an old password verifier. Have its password set again on the server with SEC_CASE_SENSITIVE_LOGON=TRUE, or use thick mode: ${clientVersions}.`,
  },
  {
    codes: /^(?:NJS-533|NJS-531|NJS-532|ORA-12660)$/,
    code: 'source-unreachable',
    advice: 'The server demands native network encryption: set mode thick and the Instant Client folder.',
  },
  {
    codes: /^(?:DPI-1047|DPI-1050|NJS-045)$/,
    code: 'source-unreachable',
    advice:
      'The Instant Client cannot be loaded: check its folder, its 64-bit build, libaio on Linux, and that the service may read it.',
  },
  {
    codes: /^(?:DPI-1072|ORA-03134)$/,
    code: 'source-unreachable',
    advice: `This Instant Client and this server do not go together. ${clientVersions}.`,
  },
  {
    codes: /^(?:NJS-518|NJS-519|ORA-12505|ORA-12514)$/,
    code: 'source-login-refused',
    advice: 'Ask the administrator for the exact name, and whether it is a service name or a SID.',
  },
  {
    codes: /^(?:ORA-01017|ORA-01045|ORA-28000|ORA-28001|ORA-28009|ORA-01005|NJS-101)$/,
    code: 'source-login-refused',
    advice: 'Check user and password (capital letters count), and that the account is open and may log in.',
  },
  {
    codes: /^(?:NJS-123|DPI-1067|ORA-01013|ORA-02049|ORA-00040)$/,
    code: 'source-timeout',
    advice: 'Narrow the query or raise the limit.',
  },
  {
    codes: /^NJS-51[24567]$|^NJS-520$|^ORA-1215[34]$/,
    code: 'source-unreachable',
    advice:
      'Correct the connect string: host:port/service, or a whole (DESCRIPTION=…); aliases are not read.',
  },
  {
    codes: /^NJS-50[5-8]$|^NJS-529$|^ORA-28759$|^ORA-2902[45]$/,
    code: 'source-unreachable',
    advice: 'Check the TLS mode of the source, the port (often 2484) and the certificate of the authority.',
  },
  { codes: /^(?:NJS-530|ORA-12545)$/, code: 'source-unreachable', advice: 'ENOTFOUND' },
  { codes: /^(?:NJS-510|ORA-12170|ORA-12535)$/, code: 'source-unreachable', advice: 'ETIMEDOUT' },
  {
    codes:
      /^(?:NJS-5\d\d|NJS-10[23]|NJS-11[1-3]|NJS-173|DPI-1010|DPI-1080|ORA-00028|ORA-0101[24]|ORA-0103[34]|ORA-01089|ORA-01090|ORA-02396|ORA-0311[34]|ORA-03135|ORA-125\d\d|ORA-28547)$/,
    code: 'source-unreachable',
    advice:
      'Check that this is the listener of an Oracle database and that the database is open; see its log.',
  },
  {
    codes: /^ORA-00942$/,
    code: 'source-query-failed',
    advice: 'Write the owner before the table (OWNER.TABLE), or grant SELECT on it to the account.',
  },
  { codes: /^ORA-01031$/, code: 'source-query-failed', advice: 'Grant SELECT to the account.' },
  {
    codes: /^ORA-01456$/,
    code: 'source-query-failed',
    advice: 'It writes, and runs in a read-only transaction.',
  },
]

const crashed =
  'Its process ended in the middle: see the service log; in thick mode try another Instant Client.'

/** @see Oracle Database error messages; node-oracledb lib/errors.js */
export function explainOracle(error: unknown, place: ServerPlace): SourceError {
  const code = errorCode(error)
  const words = plainWords(errorWords(error))
  if (code === 'ENDED') {
    return serverError(place, 'source-unreachable', { words, advice: crashed, cause: error })
  }
  const meaning = meanings.find(({ codes }) => codes.test(code))
  // The driver wraps the network's own failure in a sentence of its own.
  const networkCode =
    /^NJS-50/.test(code) && /\bE[A-Z_]{4,}\b/.exec(words)?.[0] !== undefined
      ? /\bE[A-Z_]{4,}\b/.exec(words)?.[0]
      : /^E[A-Z]+$/.exec(meaning?.advice ?? '')?.[0]
  if (networkCode !== undefined) {
    const network = networkError(place, Object.assign(new Error(words), { code: networkCode }))
    if (network !== undefined) return network
  }
  const { code: sourceCode, advice } = meaning ?? {
    code: 'source-query-failed' as const,
    advice: 'Correct the query.',
  }
  return serverError(place, sourceCode, { words, advice, cause: error })
}

/** Without the driver's links and connection ids, which differ from one try to the next. */
function plainWords(words: string): string {
  return words
    .replace(/\(CONNECTION_ID=[^)]*\)/g, '')
    .replace(/\s*\bHelp: https?:\/\/\S+/g, '')
    .replace(/\s*https?:\/\/docs\.oracle\.com\S*/g, '')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 1_000)
    .replace(/\.$/, '')
}
