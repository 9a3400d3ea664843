/** Write-back of a source: set up, tried, watched, tried again. */
import { SourceError } from '../../../connectors/source.ts'
import { dialectOfSource, guardOptionsOf } from '../../../connectors/sources/kind-dialect.ts'
import type { SourceKindName } from '../../../connectors/sources/kinds.ts'
import { checkUpdate, type UpdateVerdict } from '../../../connectors/sources/update-guard.ts'
import { RappelError } from '../../errors.ts'
import { sealPassword } from '../../sealed-passwords.ts'
import type { SourceRecord } from '../../store/sources.ts'
import type { WriteBackRecord } from '../../store/write-back-lists.ts'
import type { WriteBackSettings } from '../../store/write-back-settings.ts'
import { canBeWritten, openWriteBack } from '../../write-back/open-write-back.ts'
import { type MissingParameters, missingParameters } from '../../write-back/parameters.ts'
import { idParams } from '../contract/values.ts'
import {
  writeBack,
  writeBackPage,
  writeBackQuery,
  writeBackRequest,
  writeBackRetry,
  writeBackRetryRequest,
  writeBackTest,
  writeBackTestRequest,
} from '../contract/write-backs.ts'
import { type Endpoint, endpoint } from '../endpoint.ts'
import { invalidRequest } from '../issues.ts'
import type { Workshop } from '../workshop.ts'
import { askFor, pageOf } from './pages.ts'
import { findSource } from './sources.ts'
import { iso, isoOrNull } from './times.ts'

const noun = 'write-backs'

/** What stands for the values of a message when a person tries the statement. */
const sampleParams = {
  key: '',
  ...Object.fromEntries([1, 2, 3, 4, 5, 6].map(number => [`key${number}`, null])),
  state: 'delivered',
  messageId: 0,
  sentAt: '2027-01-04 09:00:00',
  finalAt: '2027-01-04 09:00:05',
  error: null,
}

export const writeBackEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/sources/:id/write-back',
    noun,
    scope: 'sources:read',
    summary: 'Show how the end of messages is written back into a source',
    params: idParams,
    status: 200,
    answer: writeBack,
    errors: ['not-found'],
    handle: async ({ params }, workshop) => writeBackOf(await findSettings(params.id, workshop), workshop),
  }),
  endpoint({
    method: 'put',
    path: '/sources/:id/write-back',
    noun,
    scope: 'sources:write',
    summary: 'Switch the write-back of a source on, or change it',
    params: idParams,
    body: writeBackRequest,
    status: 200,
    answer: writeBack,
    errors: ['not-found', 'conflict', 'source-query-refused'],
    async handle({ params, body, change }, workshop) {
      const { store, secrets } = workshop
      const source = await findSource(params.id, workshop)
      if (!canBeWritten(source.kind))
        throw new RappelError('conflict', { noun: 'sources', kind: source.kind })
      const account = accountOf(source, body.user)
      const names = checkedNames(source, body.sql)
      refuseMissing(await missingIn(names, params.id, workshop))
      const before = await store.writeBackSettings.find(params.id)
      const sealedPassword =
        body.password === undefined
          ? keptPassword(before, account)
          : sealPassword(secrets, 'write-back', params.id, body.password)
      const { sql: statement, states } = body
      const wanted = { sourceId: params.id, account, sealedPassword, statement, states }
      return writeBackOf(await store.writeBackSettings.set(wanted, change), workshop)
    },
  }),
  endpoint({
    method: 'delete',
    path: '/sources/:id/write-back',
    noun,
    scope: 'sources:write',
    summary: 'Switch the write-back of a source off; what waits is not written any more',
    params: idParams,
    status: 204,
    errors: ['not-found'],
    handle: ({ params, change }, { store }) => store.writeBackSettings.remove(params.id, change),
  }),
  endpoint({
    method: 'post',
    path: '/sources/:id/write-back/test',
    noun,
    scope: 'sources:write',
    summary: 'Run the update with values of yours and roll it back',
    params: idParams,
    body: writeBackTestRequest,
    isBodyOptional: true,
    status: 200,
    answer: writeBackTest,
    errors: [
      'not-found',
      'conflict',
      'source-query-refused',
      'source-unreachable',
      'source-login-refused',
      'source-query-failed',
      'source-timeout',
      'source-row-cap',
    ],
    async handle({ params, body, signal }, { store, secrets, clock, ownFiles }) {
      const opened = await openWriteBack(params.id, { store, secrets, clock, ownFiles })
      if (opened === null) throw new RappelError('not-found', { noun, id: params.id })
      const { statement, writer } = opened
      try {
        const update = { sql: statement, params: { ...sampleParams, ...body.params } }
        return { rowsChanged: await writer.rehearse(update, signal) }
      } finally {
        await writer.close()
      }
    },
  }),
  endpoint({
    method: 'get',
    path: '/write-backs',
    noun,
    scope: 'sources:read',
    summary: 'List what was written back, or waits, or failed; newest message first',
    query: writeBackQuery,
    status: 200,
    answer: writeBackPage,
    async handle({ query }, { store }) {
      const { state, sourceId } = query
      const found = await store.writeBacks.list({
        ...askFor(query),
        ...(state !== undefined && { state }),
        ...(sourceId !== undefined && { sourceId }),
      })
      const { entries, nextBefore } = pageOf(found, query, entry => entry.messageId)
      return { writeBacks: entries.map(entryOf), nextBefore }
    },
  }),
  endpoint({
    method: 'post',
    path: '/write-backs/retry',
    noun,
    scope: 'sources:write',
    summary: 'Try again now what failed, with three more days to succeed',
    body: writeBackRetryRequest,
    status: 200,
    answer: writeBackRetry,
    handle: async ({ body }, { store, clock }) => ({
      retried: await store.writeBacks.retry(body, clock.nowMs()),
    }),
  }),
]

async function findSettings(id: number, workshop: Workshop): Promise<WriteBackSettings> {
  await findSource(id, workshop)
  const settings = await workshop.store.writeBackSettings.find(id)
  if (settings === null) throw new RappelError('not-found', { noun, id })
  return settings
}

/**
 * The account that reads stays one that only reads.
 *
 * @throws RappelError `invalid-request`
 */
function accountOf({ config }: SourceRecord, user: string | undefined): string | null {
  const reader = typeof config.user === 'string' && config.user !== '' ? config.user : null
  const wrong = (expected: string): RappelError =>
    invalidRequest([{ path: 'body.user', expected, received: user === undefined ? 'nothing' : 'string' }])
  if (reader === null) {
    if (user !== undefined) throw wrong('nothing: this source has no accounts')
    return null
  }
  if (user === undefined) throw wrong('an account that may write')
  if (user.toLowerCase() === reader.toLowerCase()) throw wrong('another account than the one that reads')
  return user
}

function verdictOn({ kind, config }: SourceRecord, sql: string): UpdateVerdict {
  const known = kind as SourceKindName
  return checkUpdate(sql, dialectOfSource(known, config), guardOptionsOf(known))
}

/** Of a stored statement, which a later version may refuse: it is shown all the same. */
function parameterNamesOf(source: SourceRecord, sql: string): string[] {
  const verdict = verdictOn(source, sql)
  return verdict.kind === 'update' ? verdict.parameterNames : []
}

/**
 * @returns the parameters that the statement names
 * @throws SourceError `source-query-refused`
 */
function checkedNames(source: SourceRecord, sql: string): string[] {
  const verdict = verdictOn(source, sql)
  if (verdict.kind === 'update') return verdict.parameterNames
  const { reason, position, excerpt } = verdict
  const message = `the update is refused (${reason}) at character ${position + 1}: "${excerpt}". Write one UPDATE of one table, with a WHERE that compares a parameter.`
  throw new SourceError('source-query-refused', message, { reason, position, excerpt })
}

async function missingIn(
  names: readonly string[],
  sourceId: number,
  { store }: Workshop,
): Promise<MissingParameters> {
  const alerts = (await store.alerts.list()).filter(({ definition }) => definition.sourceId === sourceId)
  return missingParameters(
    names,
    alerts.map(({ definition }) => definition.keyColumns),
  )
}

/** @throws SourceError `source-query-refused`: every message would fail by it */
function refuseMissing({ byAll: [parameter] }: MissingParameters): void {
  if (parameter === undefined) return
  const message = `the update names :${parameter}, which no alert of this source gives. Known are the alerts' key columns by name, :key, :key1 … :key6 as far as there are key columns, :state, :messageId, :sentAt, :finalAt and :error.`
  throw new SourceError('source-query-refused', message, { reason: 'missing-parameter', parameter })
}

/** @throws RappelError `invalid-request` when the account is another one */
function keptPassword(before: WriteBackSettings | null, account: string | null): string | null {
  if (before?.sealedPassword == null) return null
  if (before.account === account) return before.sealedPassword
  throw invalidRequest([
    { path: 'body.password', expected: 'the password of the other account', received: 'nothing' },
  ])
}

async function writeBackOf(settings: WriteBackSettings, workshop: Workshop) {
  const { sourceId, account, sealedPassword, statement, states, updatedAtMs } = settings
  const { store } = workshop
  const names = parameterNamesOf(await findSource(sourceId, workshop), statement)
  return {
    sourceId,
    user: account,
    hasPassword: sealedPassword !== null,
    sql: statement,
    missingParameters: (await missingIn(names, sourceId, workshop)).bySome,
    states,
    updatedAt: iso(updatedAtMs),
    counts: await store.writeBacks.count(sourceId),
  }
}

function entryOf({ queuedAtMs, dueAtMs, finishedAtMs, ...entry }: WriteBackRecord) {
  return {
    ...entry,
    queuedAt: iso(queuedAtMs),
    dueAt: isoOrNull(dueAtMs),
    finishedAt: isoOrNull(finishedAtMs),
  }
}
