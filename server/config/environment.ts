/** Settings from RAPPEL_* variables and from the options of the command. */
import { type ConfigProblem, problem, suggestion } from './problem.ts'
import type { ReadFile } from './read-file.ts'
import { type Setting, settings } from './settings.ts'
import { emptyTree, type WrittenSettings, writeAt } from './tree.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Options of the command that set one setting each; their names are those of the command line. */
const settingOptions = {
  'data-directory': 'dataDirectory',
  host: 'http.host',
  port: 'http.port',
  'log-level': 'logLevel',
} as const
export type SettingOptions = { readonly [name in keyof typeof settingOptions]?: string | undefined }

/** Names the start-up file; read before any setting. */
export const configVariable = 'RAPPEL_CONFIG'

/** A secret is one line; a larger file is the wrong file. */
const largestSecretBytes = 4_096

/**
 * Variables that are no settings: those of the tests, RAPPEL_DEBUG, and those that Docker and Kubernetes add on their own
 * for a container or service named `rappel` (RAPPEL_PORT=tcp://…, RAPPEL_SERVICE_HOST=…).
 */
const foreignVariable = /^RAPPEL_(TEST_|SERVICE_|PORT$|PORT_|NAME$|ENV_|DEBUG$)/

/** Reads every RAPPEL_* variable; an empty one counts as absent. */
export function readEnvironment(
  environment: Environment,
  readFile: ReadFile,
): WrittenSettings & { problems: ConfigProblem[] } {
  const written = { tree: emptyTree(), origins: new Map<string, string>(), problems: [] as ConfigProblem[] }
  const byVariable = new Map(settings.map(setting => [setting.variable, setting]))
  const byFileVariable = new Map(
    settings.filter(setting => setting.isSecret).map(setting => [`${setting.variable}_FILE`, setting]),
  )
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith('RAPPEL_') || foreignVariable.test(variable)) continue
    if (value === undefined || value === '' || variable === configVariable) continue
    const origin = `environment variable ${variable}`
    const direct = byVariable.get(variable)
    const inFile = byFileVariable.get(variable)
    if (direct !== undefined) {
      writeAt(written.tree, direct.path, parseText(direct, value))
      written.origins.set(direct.key, origin)
    } else if (inFile !== undefined) {
      const secret = readSecret(inFile, variable, value, environment, readFile)
      if (typeof secret === 'string') writeAt(written.tree, inFile.path, secret)
      else written.problems.push(secret)
      written.origins.set(inFile.key, `${origin}, ${value}`)
    } else {
      const near = suggestion(variable, [...byVariable.keys(), ...byFileVariable.keys(), configVariable])
      const hint = near === undefined ? '' : `; did you mean ${near}?`
      written.problems.push(problem(variable, `unknown environment variable${hint}`))
    }
  }
  return written
}

/** Reads the options of the command line. */
export function readOptions(options: SettingOptions): WrittenSettings {
  const written = { tree: emptyTree(), origins: new Map<string, string>() }
  for (const setting of settings) {
    const option = Object.entries(settingOptions).find(([, key]) => key === setting.key)?.[0]
    const value = option === undefined ? undefined : options[option as keyof SettingOptions]
    if (value === undefined) continue
    writeAt(written.tree, setting.path, parseText(setting, value))
    written.origins.set(setting.key, `option --${option}`)
  }
  return written
}

/** Text that is not a number stays text, so that the refusal shows what was written. */
function parseText(setting: Setting, value: string): unknown {
  if (setting.kind === 'number') return /^-?\d{1,15}$/.test(value) ? Number(value) : value
  if (setting.kind === 'list') return value.split(',').map(item => item.trim())
  return value
}

function readSecret(
  setting: Setting,
  variable: string,
  path: string,
  environment: Environment,
  readFile: ReadFile,
): string | ConfigProblem {
  if (environment[setting.variable]) {
    return problem(variable, `set together with ${setting.variable}; keep one`)
  }
  const file = readFile(path, largestSecretBytes)
  if (file.kind !== 'text') return problem(variable, `${path} cannot be read: ${file.reason}`)
  const secret = file.text.replace(/\r?\n$/, '')
  return secret === '' ? problem(variable, `${path} is empty, expected ${setting.expected}`) : secret
}
