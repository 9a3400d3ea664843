/** Alerts: configured, tried without writing, run. */

import { z } from 'zod'
import { type AlertDefinition, alertDefinitionSchema } from '../../../scheduler/alerts/alert.ts'
import { watermarkProblem } from '../../../scheduler/alerts/watermark.ts'
import { watermarkScope } from '../../../scheduler/alerts/watermark-scope.ts'
import type { AlertRecord } from '../../../scheduler/store.ts'
import { RappelError } from '../../errors.ts'
import { refuseHopeless, warningsOf } from '../alert-contract.ts'
import {
  alertDraftOf,
  alertList,
  alertRequestOf,
  alertWithWarnings,
  dryRun,
  dryRunRequest,
  watermarkRequest,
} from '../contract/alerts.ts'
import { idParams } from '../contract/values.ts'
import { type Endpoint, endpoint } from '../endpoint.ts'
import { invalidRequest, parseKnown } from '../issues.ts'
import type { Workshop } from '../workshop.ts'
import { dryRunOf } from './dry-runs.ts'
import { isoOrNull } from './times.ts'

const noun = 'alerts'
/** Checked by the handler, which also refuses fields that the definition does not know. */
const anyDefinition = z.record(z.string(), z.unknown())
const alertRequest = alertRequestOf(anyDefinition)
const alertDraft = alertDraftOf(anyDefinition)
const documentedRequest = alertRequestOf(alertDefinitionSchema)
const documentedDraft = alertDraftOf(alertDefinitionSchema)

/** A source that fails later, under the query, is an outcome of the dry run. */
const tryingErrors = ['not-found', 'alert-invalid', 'source-unreachable', 'source-login-refused'] as const

export const alertEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/alerts',
    noun,
    scope: 'alerts:read',
    summary: 'List the alerts',
    status: 200,
    answer: alertList,
    handle: async (_call, { store }) => ({ alerts: (await store.alerts.list()).map(alertOf) }),
  }),
  endpoint({
    method: 'post',
    path: '/alerts',
    noun,
    scope: 'alerts:write',
    summary: 'Add an alert; it is not active at first',
    body: alertRequest,
    documentedBody: documentedRequest,
    status: 201,
    answer: alertWithWarnings,
    errors: ['name-taken', 'alert-invalid'],
    async handle({ body, change }, workshop) {
      const definition = definitionOf(body.definition)
      return warned(await workshop.store.alerts.create({ name: body.name, definition }, change), workshop)
    },
  }),
  endpoint({
    method: 'post',
    path: '/alerts/dry-run',
    noun,
    scope: 'alerts:write',
    summary: 'Try a definition that is not saved on the real rows, writing nothing',
    body: alertDraft,
    documentedBody: documentedDraft,
    status: 200,
    answer: dryRun,
    errors: tryingErrors,
    async handle({ body }, workshop) {
      const definition = definitionOf(body.definition)
      const saved = body.alertId === undefined ? null : await findAlert(body.alertId, workshop)
      const { coveredUntil, hasBaseline } = saved ?? { coveredUntil: null, hasBaseline: false }
      const isSameReading = saved !== null && watermarkScope(saved.definition) === watermarkScope(definition)
      const draft = {
        id: saved?.id ?? 0,
        name: body.name ?? saved?.name ?? '',
        definition,
        coveredUntil,
        hasBaseline,
        watermark: isSameReading ? saved.watermark : null,
      }
      return dryRunOf(await workshop.alerts.dryRun(draft, { sampleSize: body.sampleSize ?? usualSample }))
    },
  }),
  endpoint({
    method: 'get',
    path: '/alerts/:id',
    noun,
    scope: 'alerts:read',
    summary: 'Show an alert',
    params: idParams,
    status: 200,
    answer: alertWithWarnings,
    errors: ['not-found'],
    handle: async ({ params }, workshop) => warned(await findAlert(params.id, workshop), workshop),
  }),
  endpoint({
    method: 'put',
    path: '/alerts/:id',
    noun,
    scope: 'alerts:write',
    summary: 'Change an alert',
    params: idParams,
    body: alertRequest,
    documentedBody: documentedRequest,
    status: 200,
    answer: alertWithWarnings,
    errors: ['not-found', 'name-taken', 'alert-invalid', 'alert-refused'],
    async handle({ params, body, change }, workshop) {
      const definition = definitionOf(body.definition)
      if ((await findAlert(params.id, workshop)).isActive) await refuseHopeless(definition, workshop)
      const changed = await workshop.store.alerts.update(params.id, { name: body.name, definition }, change)
      if (changed.isActive) await workshop.alerts.plan(params.id)
      return warned(await findAlert(params.id, workshop), workshop)
    },
  }),
  endpoint({
    method: 'delete',
    path: '/alerts/:id',
    noun,
    scope: 'alerts:write',
    summary: 'Delete an alert; its runs and messages stay',
    params: idParams,
    status: 204,
    errors: ['not-found', 'run-in-progress'],
    handle: ({ params, change }, { store }) => store.alerts.remove(params.id, change),
  }),
  endpoint({
    method: 'post',
    path: '/alerts/:id/activate',
    noun,
    scope: 'alerts:write',
    summary: 'Let an alert run by its schedule',
    params: idParams,
    status: 200,
    answer: alertWithWarnings,
    errors: ['not-found', 'alert-refused'],
    async handle({ params, change }, workshop) {
      await refuseHopeless((await findAlert(params.id, workshop)).definition, workshop)
      await workshop.store.alerts.activate(params.id, null, change)
      await workshop.alerts.plan(params.id)
      return warned(await findAlert(params.id, workshop), workshop)
    },
  }),
  endpoint({
    method: 'post',
    path: '/alerts/:id/deactivate',
    noun,
    scope: 'alerts:write',
    summary: 'Stop the schedule of an alert; a run that goes on ends by itself',
    params: idParams,
    status: 200,
    answer: alertWithWarnings,
    errors: ['not-found'],
    handle: async ({ params, change }, workshop) =>
      warned(await workshop.store.alerts.deactivate(params.id, change), workshop),
  }),
  endpoint({
    method: 'put',
    path: '/alerts/:id/watermark',
    noun,
    scope: 'alerts:write',
    summary: 'Set how far an incremental alert has read, or let it begin anew',
    params: idParams,
    body: watermarkRequest,
    status: 200,
    answer: alertWithWarnings,
    errors: ['not-found', 'conflict'],
    async handle({ params, body, change }, workshop) {
      const { incremental } = (await findAlert(params.id, workshop)).definition
      if (incremental === undefined)
        throw new RappelError('conflict', { noun, id: params.id, incremental: null })
      const problem = body.watermark === null ? null : watermarkProblem(incremental, body.watermark)
      if (problem !== null) {
        throw invalidRequest([{ path: 'body.watermark', expected: problem, received: 'string' }])
      }
      return warned(await workshop.store.alerts.setWatermark(params.id, body.watermark, change), workshop)
    },
  }),
  endpoint({
    method: 'post',
    path: '/alerts/:id/dry-run',
    noun,
    scope: 'alerts:read',
    summary: 'Show what a run would send now, writing nothing',
    params: idParams,
    body: dryRunRequest,
    isBodyOptional: true,
    status: 200,
    answer: dryRun,
    errors: tryingErrors,
    async handle({ params, body }, workshop) {
      const saved = await findAlert(params.id, workshop)
      return dryRunOf(await workshop.alerts.dryRun(saved, { sampleSize: body.sampleSize ?? usualSample }))
    },
  }),
]

const usualSample = 10

export async function findAlert(id: number, { store }: Workshop): Promise<AlertRecord> {
  const record = await store.alerts.find(id)
  if (record === null) throw new RappelError('not-found', { noun, id })
  return record
}

/** @throws RappelError `invalid-request`, also for a field that no definition has */
function definitionOf(input: Record<string, unknown>): AlertDefinition {
  return parseKnown(alertDefinitionSchema, input, 'body.definition')
}

async function warned(record: AlertRecord, workshop: Workshop) {
  return { ...alertOf(record), warnings: await warningsOf(record.definition, workshop) }
}

function alertOf(record: AlertRecord) {
  return {
    alertId: record.id,
    name: record.name,
    isActive: record.isActive,
    definition: { ...record.definition },
    nextRunAt: isoOrNull(record.nextRunAtMs),
    coveredUntil: record.coveredUntil,
    hasBaseline: record.hasBaseline,
    watermark: record.watermark,
  }
}
