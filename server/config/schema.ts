/**
 * The start-up settings: one schema with units, defaults and reasons. Everything that can wait for a running
 * server lives in the database instead and is edited through the API.
 *
 * `rappel.example.yaml` is the manual of this file; a test keeps both equal.
 */
import { isIP } from 'node:net'
import { z } from 'zod'

const logLevels = ['trace', 'debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

/** What a refusal says of a setting, beside its name. */
export interface SettingAbout {
  /** What would be accepted, as the second half of "found …, expected …". */
  expected: string
  /** Never shown; `<VARIABLE>_FILE` names a file that holds it. */
  isSecret?: true
  /** A file or directory name. */
  isPath?: true
  /** Default that depends on other settings, so that the schema itself cannot hold it. */
  impliedDefault?: string | number
}

/** What stands for a setting of the database that is not written; which of them apply depends on its kind. */
export const databaseDefaults = {
  file: 'rappel.db',
  host: 'localhost',
  port: 5432,
  user: 'rappel',
  name: 'rappel',
} as const

export const settingAbout = z.registry<SettingAbout>()

/** PATH_MAX of Linux, terminating zero included. */
const longestPath = 4_095
/** Longest host name of RFC 1035. */
const longestHost = 253
/** Room for a URL with a long password and options; more is a mistake. */
const longestSecret = 2_000

const text = (maxLength: number) =>
  z
    .string()
    .min(1)
    .max(maxLength)
    // A control character in a name or a path is a copy-and-paste accident or an attack on the terminal.
    .refine(value => !/\p{Cc}/u.test(value))

const path = (expected: string) => text(longestPath).register(settingAbout, { expected, isPath: true })
const hostName = (about: SettingAbout) => text(longestHost).refine(isHost).register(settingAbout, about)

const httpSchema = z.strictObject({
  host: hostName({
    expected: 'an address or host name of this machine to listen on, without port',
  }).default('127.0.0.1'),
  port: z
    .int()
    .min(0)
    .max(65_535)
    .register(settingAbout, { expected: 'a port, a whole number from 1 to 65535, or 0 for any free one' })
    .default(8480),
  tls: z
    .strictObject({
      certFile: path('the name of a PEM file with the certificate and its chain').optional(),
      keyFile: path('the name of a PEM file with the private key of the certificate').optional(),
    })
    .prefault({}),
  trustProxy: z
    .array(z.string().refine(isProxyAddress))
    .max(50)
    .register(settingAbout, {
      expected: 'a list of addresses of proxies: loopback, an IP address, or a range such as 10.0.0.0/8',
    })
    .default([]),
})

const databaseSchema = z.strictObject({
  kind: z
    .enum(['sqlite', 'postgres'])
    .register(settingAbout, { expected: 'sqlite or postgres' })
    .default('sqlite'),
  file: path('the name of the SQLite file')
    .register(settingAbout, {
      expected: 'the name of the SQLite file',
      isPath: true,
      impliedDefault: databaseDefaults.file,
    })
    .optional(),
  url: text(longestSecret)
    .refine(isPostgresUrl)
    .register(settingAbout, { expected: 'postgres://user:password@host:port/name', isSecret: true })
    .optional(),
  host: hostName({
    expected: 'the host name of the PostgreSQL server, without port',
    impliedDefault: databaseDefaults.host,
  }).optional(),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .register(settingAbout, {
      expected: 'the port of the PostgreSQL server, a whole number from 1 to 65535',
      impliedDefault: databaseDefaults.port,
    })
    .optional(),
  user: text(63)
    .register(settingAbout, { expected: 'a PostgreSQL account', impliedDefault: databaseDefaults.user })
    .optional(),
  password: text(longestSecret)
    .register(settingAbout, { expected: 'the password of the account', isSecret: true })
    .optional(),
  name: text(63)
    .register(settingAbout, {
      expected: 'the name of a PostgreSQL database',
      impliedDefault: databaseDefaults.name,
    })
    .optional(),
  tls: z
    .enum(['off', 'verify', 'unverified'])
    .register(settingAbout, { expected: 'off, verify or unverified', impliedDefault: 'off' })
    .optional(),
  caFile: path(
    'the name of a PEM file with the authority that signed the certificate of the server',
  ).optional(),
})

/** What the start-up file, the environment and the options together may say; a refused path names its setting. */
export const settingsSchema = z
  .strictObject({
    dataDirectory: path('the name of a directory').default('./data'),
    http: httpSchema.prefault({}),
    database: databaseSchema.prefault({}),
    keyFile: path('the name of the file that holds the secret key').default('secret.key'),
    logLevel: z
      .enum(logLevels)
      .register(settingAbout, { expected: logLevels.join(', ') })
      .default('info'),
    logFile: path('the name of the file that log lines are added to').optional(),
    timeZone: z
      .string()
      .refine(isTimeZone)
      .register(settingAbout, { expected: 'an IANA time zone such as Africa/Ouagadougou' })
      .default('Africa/Ouagadougou'),
    country: z
      .string()
      .refine(isCountry)
      .register(settingAbout, { expected: 'a country code of ISO 3166-1, two capitals such as BF' })
      .default('BF'),
  })
  .superRefine((settings, refusal) => {
    const refuse = (path: string[], message: string): void => {
      refusal.addIssue({ code: 'custom', path, message })
    }
    const { tls } = settings.http
    if (tls.certFile !== undefined && tls.keyFile === undefined) {
      refuse(['http', 'tls', 'keyFile'], 'the private key that belongs to http.tls.certFile')
    }
    if (tls.keyFile !== undefined && tls.certFile === undefined) {
      refuse(['http', 'tls', 'certFile'], 'the certificate that belongs to http.tls.keyFile')
    }
    const { kind, file, url, ...server } = settings.database
    if (kind === 'sqlite') {
      const serverNames = [...(url === undefined ? [] : ['url']), ...Object.keys(server)]
      for (const name of serverNames) {
        refuse(['database', name], 'this setting only with database.kind: postgres')
      }
    } else {
      if (file !== undefined) refuse(['database', 'file'], 'this setting only with database.kind: sqlite')
      if (url !== undefined) {
        for (const name of Object.keys(server)) {
          refuse(['database', name], 'either database.url or the single settings, not both')
        }
      }
      if (server.caFile !== undefined && server.tls !== 'verify') {
        refuse(['database', 'caFile'], 'this setting only with database.tls: verify')
      }
    }
  })

export type Settings = z.output<typeof settingsSchema>

function isHost(value: string): boolean {
  return isIP(value) !== 0 || /^[A-Za-z0-9_](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?$/.test(value)
}

function isProxyAddress(value: string): boolean {
  if (value === 'loopback') return true
  const [address = '', bits, ...rest] = value.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}

function isPostgresUrl(value: string): boolean {
  return /^postgres(ql)?:\/\//.test(value) && URL.canParse(value)
}

/** Offsets such as `+01:00` are refused although Intl takes them: they know no daylight-saving rule. */
function isTimeZone(value: string): boolean {
  if (!/^[A-Za-z][\w+/-]{1,63}$/.test(value)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: value })
    return true
  } catch {
    return false
  }
}

function isCountry(value: string): boolean {
  if (!/^[A-Z]{2}$/.test(value)) return false
  return new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' }).of(value) !== undefined
}
