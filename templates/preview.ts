/**
 * What an editor shows while a template is written: every sample row as it would leave, and the worst case.
 */

import type { TemplateLanguage } from './helpers/helper.ts'
import { TemplateError } from './parse.ts'
import {
  compileTemplate,
  type MessageOptions,
  type RenderedMessage,
  renderMessage,
  type TemplateValues,
} from './render.ts'
import type { CountryCode } from './text/country-presets.ts'
import { accumulateWorstCase, type WorstCase } from './text/worst-case.ts'

export interface PreviewOptions extends MessageOptions {
  language: TemplateLanguage
  country: CountryCode
}

export type Preview =
  | { kind: 'preview'; variables: readonly string[]; rows: RenderedMessage[]; worstCase: WorstCase }
  | { kind: 'template-refused'; code: string; line: number; column: number; found: string; expected: string }

/** Rows shown at most; the worst case of a whole batch is counted by its dry run. */
const maxPreviewRows = 1_000

/** Compiles and renders with the functions that send, so that what is shown is what leaves. */
export function previewTemplate(
  source: string,
  rows: readonly TemplateValues[],
  options: PreviewOptions,
): Preview {
  try {
    const compiled = compileTemplate(source, options)
    const worstCase = accumulateWorstCase({ referenceBits: options.referenceBits ?? 8 })
    const rendered = rows.slice(0, maxPreviewRows).map(row => {
      const message = renderMessage(compiled, row, options)
      if (message.kind === 'ready') worstCase.add(message.text)
      return message
    })
    return { kind: 'preview', variables: compiled.variables, rows: rendered, worstCase: worstCase.result() }
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    const { code, line, column, found, expected } = error
    return { kind: 'template-refused', code, line, column, found, expected }
  }
}
