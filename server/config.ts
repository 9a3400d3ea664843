/**
 * The start-up configuration: options of the command, then RAPPEL_* variables, then the file `rappel.yaml`, then
 * defaults; the first that speaks wins. This file is the only reader of process.env.
 */
import { dirname, join, resolve } from 'node:path'
import {
  configVariable,
  type Environment,
  readEnvironment,
  readOptions,
  type SettingOptions,
} from './config/environment.ts'
import { type ConfigProblem, problem, problemsOf } from './config/problem.ts'
import { type ReadFile, readTextFile } from './config/read-file.ts'
import { databaseDefaults, type LogLevel, type Settings, settingsSchema } from './config/schema.ts'
import { keyOf, settings } from './config/settings.ts'
import { emptyTree, isTree, type SettingsTree, type WrittenSettings } from './config/tree.ts'
import { largestFileBytes, readYaml } from './config/yaml-file.ts'

export type DatabaseConfig =
  | { kind: 'sqlite'; file: string }
  /** Holds the password; TLS stands in it as sslmode and sslrootcert. */
  | { kind: 'postgres'; url: string }

/** Every path is absolute. */
export interface Config {
  dataDirectory: string
  http: {
    host: string
    /** 0 listens on any free port. */
    port: number
    tls: { certFile: string; keyFile: string } | null
    /** Given to Express as `trust proxy`. */
    trustProxy: string[]
  }
  database: DatabaseConfig
  keyFile: string
  logLevel: LogLevel
  /** null writes to stdout. */
  logFile: string | null
  timeZone: string
  country: string
}

export type ConfigOutcome =
  | { kind: 'config'; config: Config; configFile: string | null }
  | { kind: 'refused'; problems: ConfigProblem[] }

export interface ConfigSources {
  options: SettingOptions & { config?: string | undefined }
  environment: Environment
  /** Relative names in options and variables count from here. */
  workingDirectory: string
  readFile: ReadFile
}

/** A page of lines helps; a thousand hide the first. */
const mostProblems = 20

/** Reads options, environment and file of this process. */
export function loadProcessConfig(options: ConfigSources['options'] = {}): ConfigOutcome {
  return loadConfig({
    options,
    environment: process.env,
    workingDirectory: process.cwd(),
    readFile: readTextFile,
  })
}

/** Whether the command line shows the stack of an error: RAPPEL_DEBUG=1. */
export function isDebugging(): boolean {
  return process.env.RAPPEL_DEBUG === '1'
}

/**
 * Puts the configuration together from what it is given; touches nothing else.
 *
 * @returns the configuration with absolute paths, or every problem found, one readable line each; never throws
 */
export function loadConfig(sources: ConfigSources): ConfigOutcome {
  const environment = readEnvironment(sources.environment, sources.readFile)
  const options = readOptions(sources.options)
  const above = merge(environment, options)
  const file = readConfigFile(sources, above.tree)
  const problems = [...environment.problems, ...file.problems]
  const all = merge(file.written, above)

  const originOf = (path: readonly PropertyKey[]): string | undefined => {
    for (let length = path.length; length > 0; length -= 1) {
      const origin = all.origins.get(keyOf(path.slice(0, length)))
      if (origin !== undefined) return origin
    }
    return undefined
  }
  const parsed = settingsSchema.safeParse(all.tree)
  if (!parsed.success) problems.push(...problemsOf(parsed.error.issues, all.tree, originOf))
  if (!parsed.success || problems.length > 0) return { kind: 'refused', problems: firstProblems(problems) }

  const isFromFile = above.tree.dataDirectory === undefined && file.written.tree.dataDirectory !== undefined
  const base = isFromFile && file.path !== null ? dirname(file.path) : sources.workingDirectory
  const dataDirectory = resolve(base, parsed.data.dataDirectory)
  if (file.path !== null && !file.isNamed && dirname(file.path) !== dataDirectory) {
    const expected = `expected ${dirname(file.path)}, where this file was found; start with --config to name another`
    const moved = problem('dataDirectory', `found ${dataDirectory}, ${expected}`, originOf(['dataDirectory']))
    return { kind: 'refused', problems: [moved] }
  }
  return { kind: 'config', config: complete(parsed.data, dataDirectory), configFile: file.path }
}

/** The configuration as it may be logged: without the database URL's password. */
export function loggableConfig(config: Config): Record<string, unknown> {
  const { database } = config
  if (database.kind === 'sqlite') return { ...config }
  const { hostname, port, pathname } = new URL(database.url)
  return { ...config, database: { kind: 'postgres', host: hostname, port, name: pathname.slice(1) } }
}

interface ConfigFile {
  path: string | null
  /** By --config or RAPPEL_CONFIG, not found in the data directory. */
  isNamed: boolean
  written: WrittenSettings
  problems: ConfigProblem[]
}

function readConfigFile(sources: ConfigSources, above: SettingsTree): ConfigFile {
  const named = sources.options.config ?? (sources.environment[configVariable] || undefined)
  const isNamed = named !== undefined
  const directory = typeof above.dataDirectory === 'string' ? above.dataDirectory : defaultDataDirectory()
  const path = resolve(sources.workingDirectory, named ?? join(directory, 'rappel.yaml'))
  const nothing = { tree: emptyTree(), origins: new Map<string, string>() }
  const file = sources.readFile(path, largestFileBytes)
  if (file.kind === 'text') {
    const { problems, ...written } = readYaml(file.text, path)
    return { path, isNamed, written, problems }
  }
  const isExpected = file.kind === 'absent' && !isNamed
  const problems = isExpected ? [] : [problem(path, `start-up file cannot be read: ${file.reason}`)]
  return { path: null, isNamed, written: nothing, problems }
}

function defaultDataDirectory(): string {
  return String(settings.find(setting => setting.key === 'dataDirectory')?.defaultValue)
}

/** `above` wins, value by value. */
function merge(below: WrittenSettings, above: WrittenSettings): WrittenSettings {
  return { tree: mergeTrees(below.tree, above.tree), origins: new Map([...below.origins, ...above.origins]) }
}

function mergeTrees(below: SettingsTree, above: SettingsTree): SettingsTree {
  const merged = Object.assign(emptyTree(), below)
  for (const [name, value] of Object.entries(above)) {
    const present = merged[name]
    if (isTree(value) && present !== undefined) {
      // A section written as a plain value stays, for the schema to refuse it by name.
      if (isTree(present)) merged[name] = mergeTrees(present, value)
    } else merged[name] = value
  }
  return merged
}

function complete(written: Settings, dataDirectory: string): Config {
  const within = (name: string): string => resolve(dataDirectory, name)
  const { certFile, keyFile } = written.http.tls
  const tls = certFile && keyFile ? { certFile: within(certFile), keyFile: within(keyFile) } : null
  return {
    dataDirectory,
    http: { ...written.http, tls },
    database: completeDatabase(written.database, within),
    keyFile: within(written.keyFile),
    logLevel: written.logLevel,
    logFile: written.logFile === undefined ? null : within(written.logFile),
    timeZone: written.timeZone,
    country: written.country,
  }
}

function completeDatabase(written: Settings['database'], within: (name: string) => string): DatabaseConfig {
  if (written.kind === 'sqlite')
    return { kind: 'sqlite', file: within(written.file ?? databaseDefaults.file) }
  if (written.url !== undefined) return { kind: 'postgres', url: written.url }
  const { user = databaseDefaults.user, password, name = databaseDefaults.name } = written
  const { host = databaseDefaults.host, port = databaseDefaults.port } = written
  const account = [user, password].flatMap(part => (part ? encodeURIComponent(part) : [])).join(':')
  const address = host.includes(':') ? `[${host}]` : host
  const url = new URL(`postgres://${account}@${address}:${port}/${encodeURIComponent(name)}`)
  if (written.tls === 'verify') url.searchParams.set('sslmode', 'verify-full')
  if (written.tls === 'unverified') url.searchParams.set('sslmode', 'no-verify')
  if (written.caFile !== undefined) url.searchParams.set('sslrootcert', within(written.caFile))
  return { kind: 'postgres', url: url.href }
}

function firstProblems(problems: ConfigProblem[]): ConfigProblem[] {
  if (problems.length <= mostProblems) return problems
  const left = problems.length - mostProblems
  return [...problems.slice(0, mostProblems), problem('more', `${left} more problems`)]
}
