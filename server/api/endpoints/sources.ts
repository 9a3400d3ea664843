/** Sources: configured, tested, looked into. */
import type { Source } from '../../../connectors/source.ts'
import { sourceKinds } from '../../../connectors/sources/kinds.ts'
import { RappelError } from '../../errors.ts'
import { sealPassword } from '../../sealed-passwords.ts'
import type { SourceRecord } from '../../store/sources.ts'
import {
  source,
  sourceDraft,
  sourceList,
  sourcePreview,
  sourcePreviewRequest,
  sourceRequest,
  sourceTables,
  sourceTest,
} from '../contract/sources.ts'
import { idParams } from '../contract/values.ts'
import { type Endpoint, endpoint } from '../endpoint.ts'
import type { Workshop } from '../workshop.ts'
import { refuseMovedPassword, shownConfig, splitPassword } from './secret-config.ts'
import { previewRows, testOf, withSource } from './source-reading.ts'
import { iso } from './times.ts'

const noun = 'sources'
/** Where a password goes: with another of these, it must be given again. */
const passwordPlace = ['host', 'port', 'user', 'tls']
const sourceErrors = [
  'not-found',
  'source-query-refused',
  'source-unreachable',
  'source-login-refused',
  'source-query-failed',
  'source-timeout',
  'source-row-cap',
] as const

export const sourceEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/sources',
    noun,
    scope: 'sources:read',
    summary: 'List the sources',
    status: 200,
    answer: sourceList,
    handle: async (_call, { store }) => ({ sources: (await store.sources.list()).map(sourceOf) }),
  }),
  endpoint({
    method: 'post',
    path: '/sources',
    noun,
    scope: 'sources:write',
    summary: 'Add a source',
    body: sourceRequest,
    status: 201,
    answer: source,
    errors: ['name-taken'],
    async handle({ body, change }, { store, secrets }) {
      const { config, password } = splitPassword(sourceKinds[body.kind].configSchema, body.config)
      const { name, kind } = body
      const created = await store.sources.create({ name, kind, config, sealedPassword: null }, change)
      if (password === undefined) return sourceOf(created)
      // Sealed to its row, whose id is known only now.
      const sealedPassword = sealPassword(secrets, 'source', created.sourceId, password)
      return sourceOf(await store.sources.update(created.sourceId, { sealedPassword }, change))
    },
  }),
  endpoint({
    method: 'post',
    path: '/sources/test',
    noun,
    scope: 'sources:write',
    summary: 'Try a connection that is not saved yet',
    body: sourceDraft,
    status: 200,
    answer: sourceTest,
    async handle({ body, signal }, { openSourceDraft }) {
      const { config, password } = splitPassword(sourceKinds[body.kind].configSchema, body.config)
      const complete = password === undefined ? config : { ...config, password }
      return withSource(openSourceDraft(body.kind, complete), async opened =>
        testOf(await opened.test(signal)),
      )
    },
  }),
  endpoint({
    method: 'get',
    path: '/sources/:id',
    noun,
    scope: 'sources:read',
    summary: 'Show a source',
    params: idParams,
    status: 200,
    answer: source,
    errors: ['not-found'],
    handle: async ({ params }, workshop) => sourceOf(await findSource(params.id, workshop)),
  }),
  endpoint({
    method: 'put',
    path: '/sources/:id',
    noun,
    scope: 'sources:write',
    summary: 'Change a source; without a password it keeps its own',
    params: idParams,
    body: sourceRequest,
    status: 200,
    answer: source,
    errors: ['not-found', 'name-taken'],
    async handle({ params, body, change }, workshop) {
      const { config, password } = splitPassword(sourceKinds[body.kind].configSchema, body.config)
      const before = await findSource(params.id, workshop)
      const { name, kind } = body
      if (password === undefined && before.sealedPassword !== null) {
        refuseMovedPassword({ ...config, kind }, { ...before.config, kind: before.kind }, [
          'kind',
          ...passwordPlace,
        ])
      }
      const { store, secrets } = workshop
      const sealed =
        password === undefined ? {} : { sealedPassword: sealPassword(secrets, 'source', params.id, password) }
      return sourceOf(await store.sources.update(params.id, { name, kind, config, ...sealed }, change))
    },
  }),
  endpoint({
    method: 'delete',
    path: '/sources/:id',
    noun,
    scope: 'sources:write',
    summary: 'Delete a source that no alert reads',
    params: idParams,
    status: 204,
    errors: ['not-found', 'conflict'],
    handle: ({ params, change }, { store }) => store.sources.remove(params.id, change),
  }),
  endpoint({
    method: 'post',
    path: '/sources/:id/test',
    noun,
    scope: 'sources:write',
    summary: 'Try the connection step by step',
    params: idParams,
    status: 200,
    answer: sourceTest,
    errors: ['not-found', 'source-login-refused'],
    handle: async ({ params, signal }, workshop) =>
      withSource(await opened(params.id, workshop), async source => testOf(await source.test(signal))),
  }),
  endpoint({
    method: 'post',
    path: '/sources/:id/preview',
    noun,
    scope: 'sources:write',
    summary: 'Show the first rows of a query',
    params: idParams,
    body: sourcePreviewRequest,
    status: 200,
    answer: sourcePreview,
    errors: sourceErrors,
    handle: async ({ params, body, signal }, workshop) =>
      withSource(await opened(params.id, workshop), source => previewRows(source, body, signal)),
  }),
  endpoint({
    method: 'get',
    path: '/sources/:id/tables',
    noun,
    scope: 'sources:read',
    summary: 'List the tables and columns that the account can see',
    params: idParams,
    status: 200,
    answer: sourceTables,
    errors: sourceErrors,
    handle: async ({ params, signal }, workshop) =>
      withSource(await opened(params.id, workshop), async source => ({
        tables: await source.describe(signal),
      })),
  }),
]

async function opened(id: number, workshop: Workshop): Promise<Source> {
  await findSource(id, workshop)
  return workshop.openSource(id)
}

async function findSource(id: number, { store }: Workshop): Promise<SourceRecord> {
  const record = await store.sources.find(id)
  if (record === null) throw new RappelError('not-found', { noun, id })
  return record
}

function sourceOf(record: SourceRecord) {
  return {
    sourceId: record.sourceId,
    name: record.name,
    kind: record.kind,
    config: shownConfig(record.config),
    hasPassword: record.sealedPassword !== null,
    createdAt: iso(record.createdAtMs),
    updatedAt: iso(record.updatedAtMs),
  }
}
