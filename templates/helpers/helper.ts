/**
 * The contract of a helper: what `{{name argument …}}` may call. `helpers.ts` is the visible map of them.
 */
import type { CountryPreset } from '../text/country-presets.ts'
import type { LocalDate } from '../values.ts'

export type TemplateLanguage = 'fr' | 'en'

/** A value inside an evaluation; null is a missing one. */
export type HelperValue = string | number | bigint | boolean | null

/** A helper is never given a missing value: the message is held before. */
export type HelperArgument = Exclude<HelperValue, null>

export interface HelperContext {
  language: TemplateLanguage
  preset: CountryPreset
  /** The day the message is for; null when the caller gave none. */
  today: LocalDate | null
}

export type HelperHash = Readonly<Record<string, HelperArgument>>

/** The argument does not suit: the row's message is not sent and is listed with this reason. */
export interface HelperFailure {
  kind: 'failed'
  code: HelperFailureCode
  /** What was expected, in the words of the field. */
  expected: string
}

export type HelperFailureCode =
  | 'value-not-a-date'
  | 'value-not-an-amount'
  | 'value-not-a-number'
  | 'today-missing'

export interface HelperFunction {
  kind: 'function'
  minArguments: number
  maxArguments: number
  /** Names allowed as `name=value`. */
  hash: readonly string[]
  /** Checks arguments written as literals when the template is compiled; @returns what was expected, or null. */
  checkLiteral?: (position: number, value: HelperArgument) => string | null
  run(
    args: readonly HelperArgument[],
    context: HelperContext,
    hash: HelperHash,
  ): HelperArgument | HelperFailure
}

/** Evaluates an argument. `strict` notes a missing value, `lenient` only gives null. */
export interface LazyArgument<Frame> {
  strict: (frame: Frame) => HelperValue
  lenient: (frame: Frame) => HelperValue
}

/** A helper that decides which of its arguments are looked at: it can guard a missing value. */
export interface HelperForm {
  kind: 'form'
  minArguments: number
  maxArguments: number
  hash: readonly string[]
  build<Frame>(args: readonly LazyArgument<Frame>[]): LazyArgument<Frame>
}

export type TemplateHelper = HelperFunction | HelperForm
