/** Settings of an ODBC source, and the connection string that they become. */
import { isAbsolute } from 'node:path'
import { z } from 'zod'
import {
  type OdbcField,
  type OdbcPreset,
  odbcPresetNames,
  odbcPresets,
  sessionsOfDialects,
} from './odbc-presets.ts'
import { absolutePath, readingSettings, serverSettings } from './settings.ts'

/** Variables that drivers of databases obey. Those that change the process itself (LD_PRELOAD…) are not among them. */
const driverVariable =
  /^(?:INFORMIX\w+|ONCONFIG|CLIENT_LOCALE|DB_LOCALE|DBDATE|GL_DATE(?:TIME)?|DELIMIDENT|DB2\w+|IBM_DB_\w+|ODBCINI|ODBCSYSINI|ODBCINSTINI|FREETDS|FREETDSCONF|TDSVER|TDSPORT|SYBASE|PGSSL\w+|PGCLIENTENCODING|LD_LIBRARY_PATH)$/
/** What says who logs in stands in fields of its own: the password of the configuration is the one that is sealed. */
const loginKey = /^\s*(?:pwd|password|uid|user ?(?:id|name)?|encryptedpassword|token|accesstoken)\s*$/i
/** No key of ours or of the driver manager; nothing that ends a line of a file. */
const keyName = /^[A-Za-z][A-Za-z0-9_ ]{0,63}$/
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const controlCharacter = /[\u0000-\u001f\u007f]/
const plain = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .refine(text => !controlCharacter.test(text), 'without control characters')

/** What a server behind a connection string of one's own may speak; nothing tells it before the login. */
const ownDialects = [
  ...(['ansi', 'postgres', 'mysql', 'sqlite', 'mssql', 'oracle', 'informix', 'db2', 'access'] as const),
] as const

export const odbcConfigSchema = z
  .strictObject({
    preset: z.enum(odbcPresetNames),
    /** Instead of the preset's driver: its name, or the path of its library. */
    driver: plain(255)
      .refine(name => !/[/\\]/.test(name) || isAbsolute(name), 'a name or an absolute path')
      .optional(),
    host: serverSettings.host.regex(/^[A-Za-z0-9_.:\\-]+$/, 'a host name or an address').optional(),
    port: z.int().min(1).max(65_535).optional(),
    database: plain(128).optional(),
    /** INFORMIXSERVER of an Informix source. */
    server: plain(128).optional(),
    file: absolutePath.pipe(plain(4_096)).optional(),
    dsn: plain(128).optional(),
    /** Of preset `own`, without user and password. */
    connectionString: plain(4_000)
      .refine(text => !keysOf(text).some(key => loginKey.test(key)), 'without user and password')
      .optional(),
    user: z.string().max(128).default(''),
    password: serverSettings.password.refine(
      text => !controlCharacter.test(text),
      'without control characters',
    ),
    /** More keys of the connection string, for example DB_LOCALE, TDS_Version or CharSet. */
    options: z
      .record(
        z
          .string()
          .regex(keyName, 'a key of the driver')
          .refine(key => !loginKey.test(key), 'not the login'),
        plain(500),
      )
      .default({}),
    /** Variables for the driver's process, for example INFORMIXDIR. */
    environment: z
      .record(z.string().regex(driverVariable, 'a variable of a database driver'), plain(1_000))
      .default({}),
    /** The SQL that presets `dsn` and `own` are checked by; `ansi` for a server that is none of the others. */
    dialect: z.enum(ownDialects).optional(),
    /** Rows of one fetch; 1 for a driver that knows no more, or whose long texts are cut. */
    fetchSize: z.int().min(1).max(500).optional(),
    /** Writes values into the statement, for a driver without SQLDescribeParam. */
    writesParameters: z.boolean().optional(),
    connectTimeoutMs: serverSettings.connectTimeoutMs,
    ...readingSettings,
  })
  .superRefine((config, context) => {
    const preset: OdbcPreset = odbcPresets[config.preset]
    const refuse = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message })
    for (const field of preset.needs) {
      if (config[field] === undefined) refuse(field, `preset ${config.preset} needs it`)
    }
    const fields: OdbcField[] = ['host', 'port', 'database', 'server', 'file', 'dsn', 'connectionString']
    for (const field of fields) {
      const isKnown = preset.needs.includes(field) || (field === 'port' && preset.needs.includes('host'))
      if (!isKnown && config[field] !== undefined) refuse(field, `preset ${config.preset} has none`)
    }
    const hasOwnDialect = preset.dialect === 'ansi'
    if (config.dialect !== undefined && !hasOwnDialect) refuse('dialect', 'only of presets dsn and own')
    if (config.dialect === undefined && hasOwnDialect) {
      const names = ownDialects.filter(name => name !== 'ansi').join(', ')
      const meaning = 'which lets through only what every server reads alike'
      refuse('dialect', `preset ${config.preset} needs it: ${names}, or for another server ansi, ${meaning}`)
    }
    if (config.dialect === 'mysql' && config.writesParameters === true) {
      refuse('writesParameters', 'not with MySQL, where a backslash would escape')
    }
  })
export type OdbcConfig = z.output<typeof odbcConfigSchema>

/** The preset with what the source says otherwise. */
export function presetOf(config: OdbcConfig): OdbcPreset {
  const preset: OdbcPreset = odbcPresets[config.preset]
  return {
    ...preset,
    ...(config.dialect !== undefined && sessionsOfDialects[config.dialect]),
    dialect: config.dialect ?? preset.dialect,
    fetchSize: config.fetchSize ?? preset.fetchSize,
    parameters: config.writesParameters === true ? 'written' : preset.parameters,
  }
}

/** @param writes for the account that is written back with */
export function connectionString(config: OdbcConfig, writes: boolean): string {
  const preset = presetOf(config)
  const { host = '', database = '', server = '', file = '', connectTimeoutMs } = config
  const driver = config.driver ?? preset.driver
  const keys: Record<string, string> = {
    ...(driver !== undefined && { Driver: driver }),
    ...(config.dsn !== undefined && { DSN: config.dsn }),
    ...preset.keys({
      host,
      port: config.port ?? preset.usualPort,
      database,
      server,
      file,
      connectTimeoutMs,
      writes,
    }),
    ...config.options,
    ...(config.user !== '' && { UID: config.user }),
    ...(config.password !== '' && { PWD: config.password }),
  }
  const own = config.connectionString === undefined ? '' : `${config.connectionString.replace(/;\s*$/, '')};`
  return `${own}${Object.entries(keys)
    .map(([key, value]) => `${key}=${quoted(value)}`)
    .join(';')}`
}

/**
 * A value as the connection string's grammar takes it; in braces only where it must be, which every driver reads.
 *
 * @see ODBC programmer's reference, SQLDriverConnect: the signs []{}(),;?*=!@ need braces, a closing one is doubled
 */
export function quoted(value: string): string {
  const isPlain = !/[[\]{}(),;?*=!@]|^\s|\s$/.test(value)
  return isPlain ? value : `{${value.replaceAll('}', '}}')}}`
}

/** Keys of a connection string; a value in braces may hold anything. */
function keysOf(text: string): string[] {
  return [...text.matchAll(/\s*([^=;]+)=(?:\s*\{(?:[^}]|\}\})*\}|[^;]*)(?:;|$)/g)].map(
    match => match[1] ?? '',
  )
}
