/** Sources: configured, tested, looked into. */
import { isDeepStrictEqual } from 'node:util'
import type { Source } from '../../../connectors/source.ts'
import { dialectOfSource } from '../../../connectors/sources/kind-dialect.ts'
import { type SourceKindName, sourceKinds } from '../../../connectors/sources/kinds.ts'
import { readyQueries } from '../../../connectors/sources/ready-queries/ready-queries.ts'
import { RappelError } from '../../errors.ts'
import { sealPassword } from '../../sealed-passwords.ts'
import type { SourceRecord } from '../../store/sources.ts'
import {
  source,
  sourceDraft,
  sourceGuess,
  sourceGuessRequest,
  sourceList,
  sourcePreview,
  sourcePreviewRequest,
  sourceQueries,
  sourceRequest,
  sourceTables,
  sourceTablesQuery,
  sourceTest,
} from '../contract/sources.ts'
import { idParams } from '../contract/values.ts'
import { type Endpoint, endpoint } from '../endpoint.ts'
import type { Workshop } from '../workshop.ts'
import { refuseMovedPassword, shownConfig, splitPassword } from './secret-config.ts'
import { passwordBearers } from './source-password.ts'
import { guessColumns, previewRows, searchTables, testOf, withSource } from './source-reading.ts'
import { iso } from './times.ts'

const noun = 'sources'
/** Settings that say nothing about where a password goes; with another of any other one, it must be given again. */
const placeless: ReadonlySet<string> = new Set([
  ...[
    'timeoutMs',
    'connectTimeoutMs',
    'requestTimeoutMs',
    'answerTimeoutMs',
    'maxRedirects',
    'maxRows',
    'maxBodyBytes',
    'maxFileMiB',
    'fetchSize',
  ],
  ...['encoding', 'trimPadding', 'timeZone', 'database', 'requests', 'wsdl'],
])
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
      const after: Record<string, unknown> = { ...config, kind }
      const place: Record<string, unknown> = { ...before.config, kind: before.kind }
      const fields = placeFields(after, place)
      if (password === undefined && before.sealedPassword !== null) {
        refuseMovedPassword(after, place, [...fields, ...passwordBearers(after, place)])
      }
      const { store, secrets } = workshop
      const sealed =
        password === undefined ? {} : { sealedPassword: sealPassword(secrets, 'source', params.id, password) }
      const isElsewhere = fields.some(
        field => field !== 'user' && !isDeepStrictEqual(after[field], place[field]),
      )
      // The other account's password must not follow to another server either; nobody has given it anew.
      if (isElsewhere) await store.writeBackSettings.forgetPassword(params.id, change)
      const updated = await store.sources.update(params.id, { name, kind, config, ...sealed }, change)
      workshop.forgetSource(params.id)
      return sourceOf(updated)
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
    async handle({ params, change }, { store, forgetSource }) {
      await store.sources.remove(params.id, change)
      forgetSource(params.id)
    },
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
      withSource(await opened(params.id, workshop), source =>
        previewRows(source, body, placeAndTime(workshop), signal),
      ),
  }),
  endpoint({
    method: 'post',
    path: '/sources/:id/guess',
    noun,
    scope: 'sources:write',
    summary: 'Guess what the columns of a query are: phone, names, plate, due date …',
    params: idParams,
    body: sourceGuessRequest,
    status: 200,
    answer: sourceGuess,
    errors: sourceErrors,
    handle: async ({ params, body, signal }, workshop) =>
      withSource(await opened(params.id, workshop), source => {
        const asked = { ...body, country: body.country ?? workshop.settings.country }
        return guessColumns(source, asked, placeAndTime(workshop), signal)
      }),
  }),
  endpoint({
    method: 'get',
    path: '/sources/:id/queries',
    noun,
    scope: 'sources:read',
    summary: 'Give ready-made queries in the SQL of the source, to be adapted',
    params: idParams,
    status: 200,
    answer: sourceQueries,
    errors: ['not-found'],
    async handle({ params }, workshop) {
      const { kind, config } = await findSource(params.id, workshop)
      const dialect = dialectOfSource(kind as SourceKindName, config)
      return { dialect, queries: readyQueries(dialect) }
    },
  }),
  endpoint({
    method: 'get',
    path: '/sources/:id/tables',
    noun,
    scope: 'sources:read',
    summary: 'List the tables and columns that the account can see, or search them',
    params: idParams,
    query: sourceTablesQuery,
    status: 200,
    answer: sourceTables,
    errors: sourceErrors,
    handle: async ({ params, query, signal }, workshop) =>
      withSource(await opened(params.id, workshop), async source =>
        searchTables(await source.describe(signal), query),
      ),
  }),
]

function placeAndTime({ clock, settings }: Workshop): { now: Date; zone: string } {
  return { now: clock.now(), zone: settings.zone }
}

async function opened(id: number, workshop: Workshop): Promise<Source> {
  await findSource(id, workshop)
  return workshop.openSource(id)
}

export async function findSource(id: number, { store }: Workshop): Promise<SourceRecord> {
  const record = await store.sources.find(id)
  if (record === null) throw new RappelError('not-found', { noun, id })
  return record
}

function placeFields(...configs: readonly Record<string, unknown>[]): string[] {
  return [...new Set(configs.flatMap(Object.keys))].filter(field => !placeless.has(field))
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
