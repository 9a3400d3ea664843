/** The text of an automatic reply: a template of the store or of the rule itself, with the values of the message. */
import type { TemplateLanguage } from '../../../templates/helpers/helper.ts'
import { TemplateError } from '../../../templates/parse.ts'
import { compileTemplate, renderMessage, type TemplateValues } from '../../../templates/render.ts'
import type { CountryCode } from '../../../templates/text/country-presets.ts'
import type { InboundText } from '../../store/inbound-rules.ts'

export type ReplyText =
  | { kind: 'ready'; text: string; encoding: 'gsm7' | 'ucs2'; parts: number }
  /** Why nothing can be answered: a code and what explains it. */
  | { kind: 'failed'; reason: string }

/** Stored templates by id; absent when one was deleted. */
export type ReplyTemplates = ReadonlyMap<number, { language: TemplateLanguage; source: string }>

/** 918 characters: an answer to an SMS is not a letter, and whoever writes may be hostile. */
const mostParts = 6

/** Values that a reply may use, by their names in both languages. */
export interface ReplyValues {
  phone: string
  shortCode: string
  text: string
  keyword: string
  rest: string
  /** Empty when the rule is about every service. */
  service: string
}

export function renderReply(
  given: InboundText,
  values: ReplyValues,
  { templates, country }: { templates: ReplyTemplates; country: CountryCode },
): ReplyText {
  const template = 'templateId' in given ? templates.get(given.templateId) : given
  if (template === undefined) return { kind: 'failed', reason: 'the template does not exist any more' }
  try {
    const compiled = compileTemplate(template.source, { language: template.language, country })
    const rendered = renderMessage(compiled, namesOf(values), {
      policy: 'smart',
      maxParts: mostParts,
      tooLong: 'refuse',
    })
    switch (rendered.kind) {
      case 'ready':
        return {
          kind: 'ready',
          text: rendered.text,
          encoding: rendered.encoding,
          parts: rendered.parts.length,
        }
      case 'missing':
        return { kind: 'failed', reason: `missing-value: ${rendered.variables.join(', ')}` }
      case 'failed':
      case 'refused':
        return { kind: 'failed', reason: rendered.code }
    }
  } catch (error) {
    if (error instanceof TemplateError) return { kind: 'failed', reason: error.message }
    throw error
  }
}

function namesOf({ phone, shortCode, text, keyword, rest, service }: ReplyValues): TemplateValues {
  return {
    phone,
    telephone: phone,
    shortCode,
    numeroCourt: shortCode,
    text,
    texte: text,
    keyword,
    motCle: keyword,
    rest,
    suite: rest,
    service,
  }
}
