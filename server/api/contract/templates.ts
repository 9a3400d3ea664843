/** Templates: every change of the text is a new version. */
import { z } from 'zod'
import { templateValues } from './messages.ts'
import { id, instant, name } from './values.ts'

const language = z.enum(['fr', 'en'])
/** As long as the template parser reads. */
const templateSource = z.string().min(1).max(4_000)

export const templateRequest = z
  .strictObject({ name, language, source: templateSource })
  .meta({ id: 'TemplateRequest' })

export const template = z
  .strictObject({
    templateId: id,
    version: z.int(),
    name,
    language,
    source: z.string(),
    /** When this version was written. */
    updatedAt: instant,
  })
  .meta({ id: 'Template' })

export const templateList = z.strictObject({ templates: z.array(template) })

export const templatePreviewRequest = z.strictObject({
  language,
  source: templateSource,
  rows: z.array(templateValues).max(100),
  encoding: z.enum(['smart', 'simple', 'ucs2', 'reject']).optional(),
  maxParts: z.int().min(1).max(10).optional(),
  /** The day for which it is rendered, `YYYY-MM-DD`; today when absent. */
  today: z.iso.date().optional(),
})

export const templatePreview = z.strictObject({
  /** Every column the template reads. */
  variables: z.array(z.string()),
  rows: z.array(
    z.discriminatedUnion('kind', [
      z.strictObject({
        kind: z.literal('ready'),
        text: z.string(),
        encoding: z.enum(['gsm7', 'ucs2']),
        /** Septets, or UTF-16 code units. */
        units: z.int(),
        parts: z.int(),
        replacements: z.array(z.strictObject({ from: z.string(), to: z.string(), count: z.int() })),
      }),
      z.strictObject({ kind: z.literal('missing'), variables: z.array(z.string()) }),
      z.strictObject({
        kind: z.literal('refused'),
        code: z.string(),
        details: z.record(z.string(), z.unknown()),
      }),
    ]),
  ),
  worstCase: z.strictObject({
    maxParts: z.int(),
    ucs2Count: z.int(),
    totalParts: z.int(),
    longest: z.string().nullable(),
  }),
})

/** The kinds of the definition of an alert. */
export const triggerKindNames = ['due-date', 'new-row', 'changed-row', 'calendar', 'dunning', 'once'] as const

export const starterQuery = z.strictObject({ language: language.optional() })

export const starterList = z.strictObject({
  starters: z.array(
    z.strictObject({
      starterId: z.string(),
      language,
      name: z.string(),
      category: z.string(),
      /** As the definition of an alert takes it; null: no alert, an application sends it when somebody asks. */
      trigger: z.looseObject({ kind: z.enum(triggerKindNames) }).nullable(),
      source: z.string(),
      sampleRows: z.array(z.record(z.string(), z.unknown())),
    }),
  ),
})
