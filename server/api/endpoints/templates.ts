/** Templates: compiled when saved, previewed by the functions that send. */
import type { z } from 'zod'
import { localDateAt } from '../../../scheduler/calendar/zoned.ts'
import { previewTemplate } from '../../../templates/preview.ts'
import type { RenderedMessage } from '../../../templates/render.ts'
import { starterTemplates } from '../../../templates/starters/starters.ts'
import { parseLocalDate } from '../../../templates/values.ts'
import { RappelError } from '../../errors.ts'
import type { TemplateRecord } from '../../store/templates.ts'
import {
  starterList,
  starterQuery,
  template,
  templateList,
  templatePreview,
  templatePreviewRequest,
  templateRequest,
} from '../contract/templates.ts'
import { idParams } from '../contract/values.ts'
import { batchBodyBytes, type Endpoint, endpoint } from '../endpoint.ts'
import { compileOrRefuse } from '../template-shelf.ts'
import { iso } from './times.ts'

const noun = 'templates'

export const templateEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/templates',
    noun,
    scope: 'templates:read',
    summary: 'List the templates, each in its newest version',
    status: 200,
    answer: templateList,
    handle: async (_call, { store }) => ({ templates: (await store.templates.list()).map(templateOf) }),
  }),
  endpoint({
    method: 'post',
    path: '/templates',
    noun,
    scope: 'templates:write',
    summary: 'Add a template',
    body: templateRequest,
    status: 201,
    answer: template,
    errors: ['template-invalid', 'name-taken'],
    async handle({ body, change }, { store, settings }) {
      compileOrRefuse(body.source, { language: body.language, country: settings.country })
      return templateOf(await store.templates.create(body, change))
    },
  }),
  endpoint({
    method: 'post',
    path: '/templates/preview',
    noun,
    scope: 'templates:read',
    summary: 'Show rows as they would leave, with what they cost',
    body: templatePreviewRequest,
    bodyBytes: batchBodyBytes,
    status: 200,
    answer: templatePreview,
    errors: ['template-invalid'],
    async handle({ body, change }, { settings }) {
      const preview = previewTemplate(body.source, body.rows, {
        language: body.language,
        country: settings.country,
        policy: body.encoding ?? 'smart',
        maxParts: body.maxParts ?? 10,
        tooLong: 'refuse',
        ...todayOf(body.today ?? localDateAt(new Date(change.nowMs), settings.zone)),
      })
      if (preview.kind === 'template-refused') {
        const { code: reason, line, column, found, expected } = preview
        throw new RappelError('template-invalid', { reason, line, column, found, expected })
      }
      const { maxParts, ucs2Count, totalParts, longest } = preview.worstCase
      return {
        variables: [...preview.variables],
        rows: preview.rows.map(rowOf),
        worstCase: { maxParts, ucs2Count, totalParts, longest: longest?.text ?? null },
      }
    },
  }),
  endpoint({
    method: 'get',
    path: '/templates/starters',
    noun,
    scope: 'templates:read',
    summary: 'List the ready-made templates with sample rows',
    query: starterQuery,
    status: 200,
    answer: starterList,
    handle: async ({ query }) => ({
      starters: starterTemplates
        .filter(starter => query.language === undefined || starter.language === query.language)
        .map(({ id, language, name, category, trigger, source, sampleRows }) => ({
          starterId: id,
          language,
          name,
          category,
          trigger: trigger === null ? null : { ...trigger },
          source,
          sampleRows: sampleRows.map(row => ({ ...row })),
        })),
    }),
  }),
  endpoint({
    method: 'get',
    path: '/templates/:id',
    noun,
    scope: 'templates:read',
    summary: 'Show a template in its newest version',
    params: idParams,
    status: 200,
    answer: template,
    errors: ['not-found'],
    async handle({ params }, { store }) {
      const record = await store.templates.find(params.id)
      if (record === null) throw new RappelError('not-found', { noun, id: params.id })
      return templateOf(record)
    },
  }),
  endpoint({
    method: 'put',
    path: '/templates/:id',
    noun,
    scope: 'templates:write',
    summary: 'Change a template; another text is a new version',
    params: idParams,
    body: templateRequest,
    status: 200,
    answer: template,
    errors: ['not-found', 'template-invalid', 'name-taken'],
    async handle({ params, body, change }, { store, settings, templates }) {
      compileOrRefuse(body.source, { language: body.language, country: settings.country })
      const changed = await store.templates.update(params.id, body, change)
      templates.forget()
      return templateOf(changed)
    },
  }),
  endpoint({
    method: 'delete',
    path: '/templates/:id',
    noun,
    scope: 'templates:write',
    summary: 'Delete a template that no alert uses',
    params: idParams,
    status: 204,
    errors: ['not-found', 'conflict'],
    async handle({ params, change }, { store, templates }) {
      await store.templates.remove(params.id, change)
      templates.forget()
    },
  }),
]

function todayOf(date: string): { today?: { year: number; month: number; day: number } } {
  const read = parseLocalDate(date)
  return read.kind === 'date' ? { today: { year: read.year, month: read.month, day: read.day } } : {}
}

function rowOf(row: RenderedMessage): z.input<typeof templatePreview>['rows'][number] {
  switch (row.kind) {
    case 'ready': {
      const { kind, text, encoding, units, parts, replacements } = row
      return {
        kind,
        text,
        encoding,
        units,
        parts: parts.length,
        replacements: replacements.map(each => ({ ...each })),
      }
    }
    case 'missing':
      return { kind: 'missing', variables: [...row.variables] }
    case 'failed':
      return { kind: 'refused', code: row.code, details: { ...row.detail } }
    case 'refused':
      return { kind: 'refused', code: row.code, details: { ...row.details } }
  }
}

function templateOf(record: TemplateRecord): z.input<typeof template> {
  const { templateId, version, name, language, source, updatedAtMs } = record
  return { templateId, version, name, language, source, updatedAt: iso(updatedAtMs) }
}
