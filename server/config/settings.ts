/** The schema of the start-up settings as a flat list, for all that works by name: variables, suggestions, refusals. */
import { z } from 'zod'
import { type SettingAbout, settingAbout, settingsSchema } from './schema.ts'

export interface Setting extends SettingAbout {
  /** As it is written in a refusal and in the manual: `http.tls.certFile`. */
  key: string
  path: readonly string[]
  /** `RAPPEL_HTTP_TLS_CERT_FILE`. */
  variable: string
  kind: 'text' | 'number' | 'list'
  defaultValue: unknown
}

/** Every setting, in the order of the schema. */
export const settings: readonly Setting[] = listSettings(settingsSchema, [])

const byKey = new Map(settings.map(setting => [setting.key, setting]))
const sections = new Set(
  settings.flatMap(({ path }) => path.slice(1).map((_, i) => keyOf(path.slice(0, i + 1)))),
)

export function findSetting(key: string): Setting | undefined {
  return byKey.get(key)
}

/** Whether settings stand below this key: `http`, `http.tls`, `database`. */
export function isSection(key: string): boolean {
  return sections.has(key)
}

/** A path as it is written in a refusal. */
export function keyOf(path: readonly PropertyKey[]): string {
  return path.map(String).join('.')
}

function listSettings(schema: z.core.$ZodType, path: string[], defaultValue?: unknown): Setting[] {
  if (schema instanceof z.ZodObject) {
    return Object.entries(schema.shape).flatMap(([name, inner]) => listSettings(inner, [...path, name]))
  }
  if (schema instanceof z.ZodDefault) {
    return listSettings(schema.def.innerType, path, schema.def.defaultValue)
  }
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    return listSettings(schema.def.innerType, path)
  }
  const about = settingAbout.get(schema)
  const key = keyOf(path)
  if (about === undefined) throw new Error(`${key} does not say what it expects`)
  const kind =
    schema instanceof z.ZodNumber ? 'number' : schema instanceof z.ZodArray ? 'list' : ('text' as const)
  return [
    {
      ...about,
      key,
      path,
      variable: variableOf(path),
      kind,
      defaultValue: defaultValue ?? about.impliedDefault,
    },
  ]
}

function variableOf(path: readonly string[]): string {
  const words = path.map(name => name.replace(/[A-Z]/g, capital => `_${capital}`).toUpperCase())
  return `RAPPEL_${words.join('_')}`
}
