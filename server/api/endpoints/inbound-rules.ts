/** Rules for incoming messages: kept, and tried without a phone. */
import type { z } from 'zod'
import { RappelError } from '../../errors.ts'
import { ruleCollisions } from '../../gateway/inbound/match.ts'
import { foldKeyword } from '../../gateway/inbound/words.ts'
import type { InboundRuleInput, InboundRuleRecord } from '../../store/inbound-rules.ts'
import {
  type InboundRuleRequest,
  inboundRule,
  inboundRuleList,
  inboundRuleRequest,
  inboundTryAnswer,
  inboundTryRequest,
} from '../contract/inbound.ts'
import { idParams } from '../contract/values.ts'
import { type Endpoint, endpoint } from '../endpoint.ts'
import { invalidRequest } from '../issues.ts'
import { compileOrRefuse } from '../template-shelf.ts'
import { tryInbound } from '../try-inbound.ts'
import type { Workshop } from '../workshop.ts'
import { isoOrNull } from './times.ts'

const noun = 'inbound'

export const inboundRuleEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'post',
    path: '/inbound/try',
    noun,
    scope: 'inbound:read',
    summary: 'Show which rule a text would meet and what would be answered; nothing is done',
    body: inboundTryRequest,
    status: 200,
    answer: inboundTryAnswer,
    handle: ({ body, change }, workshop) => tryInbound(body, workshop, change.nowMs),
  }),
  endpoint({
    method: 'get',
    path: '/inbound/rules',
    noun,
    scope: 'inbound:read',
    summary: 'List the rules for incoming messages, the oldest first',
    status: 200,
    answer: inboundRuleList,
    handle: async (_call, { store }) => ({ rules: (await store.inboundRules.list()).map(ruleOf) }),
  }),
  endpoint({
    method: 'post',
    path: '/inbound/rules',
    noun,
    scope: 'inbound:write',
    summary: 'Add a rule',
    body: inboundRuleRequest,
    status: 201,
    answer: inboundRule,
    errors: ['name-taken', 'conflict', 'template-invalid'],
    async handle({ body, change }, workshop) {
      const rule = await checked(body, workshop, null)
      return ruleOf(await workshop.store.inboundRules.create(rule, change))
    },
  }),
  endpoint({
    method: 'get',
    path: '/inbound/rules/:id',
    noun,
    scope: 'inbound:read',
    summary: 'Show a rule',
    params: idParams,
    status: 200,
    answer: inboundRule,
    errors: ['not-found'],
    async handle({ params }, { store }) {
      const rule = await store.inboundRules.find(params.id)
      if (rule === null) throw new RappelError('not-found', { noun, id: params.id })
      return ruleOf(rule)
    },
  }),
  endpoint({
    method: 'put',
    path: '/inbound/rules/:id',
    noun,
    scope: 'inbound:write',
    summary: 'Replace a rule',
    params: idParams,
    body: inboundRuleRequest,
    status: 200,
    answer: inboundRule,
    errors: ['not-found', 'name-taken', 'conflict', 'template-invalid'],
    async handle({ params, body, change }, workshop) {
      const rule = await checked(body, workshop, params.id)
      return ruleOf(await workshop.store.inboundRules.update(params.id, rule, change))
    },
  }),
  endpoint({
    method: 'delete',
    path: '/inbound/rules/:id',
    noun,
    scope: 'inbound:write',
    summary: 'Delete a rule',
    params: idParams,
    status: 204,
    errors: ['not-found'],
    handle: ({ params, change }, { store }) => store.inboundRules.remove(params.id, change),
  }),
]

/** @throws RappelError `invalid-request`, `template-invalid`, `conflict` with `details.problems` */
async function checked(
  body: InboundRuleRequest,
  { store, settings }: Workshop,
  ruleId: number | null,
): Promise<InboundRuleInput> {
  const empty = body.keywords.findIndex(keyword => foldKeyword(keyword) === '')
  if (empty >= 0) {
    const path = `body.keywords.${empty}`
    throw invalidRequest([{ path, expected: 'a letter or a digit', received: 'punctuation' }])
  }
  const texts = body.actions.flatMap(action => ('text' in action ? (action.text ?? []) : []))
  // A phone that writes once is answered once.
  if (texts.length > 1) {
    throw invalidRequest([
      { path: 'body.actions', expected: 'at most one text for the phone', received: `${texts.length}` },
    ])
  }
  for (const text of texts) {
    if ('source' in text) {
      compileOrRefuse(text.source, { language: text.language, country: settings.country })
    }
  }
  const isWish = body.actions.some(({ kind }) => kind === 'stop' || kind === 'start')
  const rule: InboundRuleInput = {
    name: body.name,
    isActive: body.isActive ?? true,
    shortCode: body.shortCode?.replace(/^\+/, '') ?? null,
    keywords: body.keywords,
    match: body.match ?? (isWish ? 'whole' : 'first-word'),
    actions: body.actions,
  }
  const problems = ruleCollisions(rule, await store.inboundRules.list(), ruleId)
  if (problems.length > 0) throw new RappelError('conflict', { noun, problems })
  return rule
}

function ruleOf({ updatedAtMs, ...rule }: InboundRuleRecord): z.input<typeof inboundRule> {
  return { ...rule, updatedAt: isoOrNull(updatedAtMs) }
}
