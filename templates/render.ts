/**
 * From values to the text on the phone. Preview and send call these same functions.
 */
import { buildEvaluator } from './evaluate.ts'
import type { Frame, RenderFailure } from './frame.ts'
import type { HelperContext, TemplateLanguage } from './helpers/helper.ts'
import { parseTemplate } from './parse.ts'
import { type CountryCode, countryPresets } from './text/country-presets.ts'
import { type EncodingPolicy, type PreparedText, type PrepareOptions, prepareText } from './text/policy.ts'
import type { LocalDate, TemplateValue } from './values.ts'

export type TemplateValues = Readonly<Record<string, TemplateValue>>

export interface CompileOptions {
  language: TemplateLanguage
  /** Gives the currency of amounts. */
  country: CountryCode
}

export type RenderOutcome =
  | { kind: 'text'; text: string }
  /** A value used outside a guard is absent, null or blank: the message is held, never sent with an empty word. */
  | { kind: 'missing'; variables: string[] }
  | ({ kind: 'failed' } & RenderFailure)

export interface CompiledTemplate {
  /** Every column the template reads, guarded or not, in order of appearance. */
  readonly variables: readonly string[]
  /**
   * Renders one row. Never throws.
   *
   * @param today the day the message is for, needed by `jours` / `days` only
   */
  render(values: TemplateValues, today?: LocalDate): RenderOutcome
}

/**
 * Reads and checks a template once; its rendering is then cheap.
 *
 * @param source Handlebars, restricted: variables, the helpers of `helpers/helpers.ts`, `if` and `unless`
 * @throws TemplateError with code, line, column and what was expected
 */
export function compileTemplate(source: string, { language, country }: CompileOptions): CompiledTemplate {
  const { variables, write } = buildEvaluator(parseTemplate(source))
  const preset = countryPresets[country]
  const withoutToday: HelperContext = { language, preset, today: null }
  let lastContext = withoutToday
  return {
    variables,
    render(values, today) {
      // One context per day, not per row.
      if (today === undefined) lastContext = withoutToday
      else if (lastContext.today !== today) lastContext = { language, preset, today }
      const frame: Frame = { values, context: lastContext, missing: null, failure: null }
      const text = write(frame)
      if (frame.failure !== null) return { kind: 'failed', ...frame.failure }
      if (frame.missing !== null) return { kind: 'missing', variables: frame.missing }
      return { kind: 'text', text }
    },
  }
}

export interface MessageOptions extends PrepareOptions {
  policy: EncodingPolicy
  today?: LocalDate
}

/** A message ready for its parts, or why it is not sent. */
export type RenderedMessage = PreparedText | Exclude<RenderOutcome, { kind: 'text' }>

/** Row to parts: the one function behind preview, dry run and send. Never throws. */
export function renderMessage(
  compiled: CompiledTemplate,
  values: TemplateValues,
  options: MessageOptions,
): RenderedMessage {
  const outcome = compiled.render(values, options.today)
  return outcome.kind === 'text' ? prepareText(outcome.text, options.policy, options) : outcome
}
