/** Retry policies: how an operator's refusals and silences are followed, with the table of its error codes. */
import type { z } from 'zod'
import { type ErrorCode, type OperatorProtocol, operatorKinds } from '../../../connectors/operators/kinds.ts'
import {
  leastDelaySeconds,
  retryPolicyProblems,
  usualRetryPolicy,
} from '../../gateway/outbox/retry-policy.ts'
import type { RetryPolicy } from '../../store/contracts.ts'
import { retryDefaults, retryPolicyAnswer, retryPolicyRequest } from '../contract/contracts.ts'
import { idParams } from '../contract/values.ts'
import { type Endpoint, endpoint } from '../endpoint.ts'
import { parseWith, refuseProblems } from '../issues.ts'
import type { Workshop } from '../workshop.ts'
import { findOperator } from './operators.ts'

const noun = 'contracts'

type PolicyAnswer = z.input<typeof retryPolicyAnswer>

export const retryPolicyEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/retry-defaults',
    noun,
    scope: 'operators:read',
    summary: 'Show how refusals are followed where nobody has changed it, and what error codes mean',
    status: 200,
    answer: retryDefaults,
    handle: async () => ({
      policy: policyOf(usualRetryPolicy),
      leastDelaySeconds,
      protocols: Object.entries(operatorKinds).map(([protocol, { errorTable }]) => ({
        protocol,
        errorTable: [...errorTable],
      })),
    }),
  }),
  endpoint({
    method: 'get',
    path: '/operators/:id/retry-policy',
    noun,
    scope: 'operators:read',
    summary: 'Show how an operator’s refusals and silences are followed',
    params: idParams,
    status: 200,
    answer: retryPolicyAnswer,
    errors: ['not-found'],
    handle: ({ params }, workshop) => answerFor(params.id, workshop),
  }),
  endpoint({
    method: 'put',
    path: '/operators/:id/retry-policy',
    noun,
    scope: 'operators:write',
    summary: 'Replace how an operator’s refusals and silences are followed',
    params: idParams,
    body: retryPolicyRequest,
    status: 200,
    answer: retryPolicyAnswer,
    errors: ['not-found', 'conflict'],
    async handle({ params, body, change }, workshop) {
      const { store } = workshop
      const { policy, errorClasses } = body
      const { protocol, config } = await findOperator(params.id, workshop)
      if (policy !== null) refuseProblems(retryPolicyProblems(policy))
      const { classesSetting, configSchema } = operatorKinds[protocol as OperatorProtocol]
      const newConfig = { ...config, ...(errorClasses && { [classesSetting]: errorClasses }) }
      if (errorClasses !== undefined) {
        // A stored private key is sealed, which no schema takes; it is not what changes here.
        const { tls: _tls, ...checked } = newConfig
        parseWith(configSchema, checked, 'body')
      }
      await store.contracts.setRetryPolicy(params.id, policy, change)
      await workshop.reloadContracts()
      if (errorClasses !== undefined && !isSame(config[classesSetting], errorClasses)) {
        await store.operators.update(params.id, { config: newConfig }, change)
        await workshop.reloadOperators()
      }
      return answerFor(params.id, workshop)
    },
  }),
]

async function answerFor(operatorId: number, workshop: Workshop): Promise<PolicyAnswer> {
  const { protocol, config } = await findOperator(operatorId, workshop)
  const { retryPolicy } = await workshop.store.contracts.find(operatorId)
  const { classesSetting, errorTable } = operatorKinds[protocol as OperatorProtocol]
  return {
    operatorId,
    isShipped: retryPolicy === null,
    policy: policyOf(retryPolicy ?? usualRetryPolicy),
    errorClasses: (config[classesSetting] ?? {}) as Record<string, ErrorCode['refusal']>,
    errorTable: [...errorTable],
  }
}

function policyOf(policy: RetryPolicy): PolicyAnswer['policy'] {
  const { temporary } = policy
  return { ...policy, temporary: { ...temporary, delaysSeconds: [...temporary.delaysSeconds] } }
}

function isSame(before: unknown, after: Record<string, string>): boolean {
  return JSON.stringify(before ?? {}) === JSON.stringify(after)
}
