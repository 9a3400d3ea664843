/** Contracts: what short codes may be used for, and which senders an operator takes. */
import { linkAllowsChange } from '../../gateway/contracts/read-contracts.ts'
import { senderRuleProblems } from '../../gateway/contracts/sender-rules.ts'
import { shippedTranches, trancheProblems } from '../../gateway/contracts/tranches.ts'
import type { OperatorRecord } from '../../store/operators.ts'
import { senderRules, senderRulesRequest, tranches, tranchesRequest } from '../contract/contracts.ts'
import { idParams } from '../contract/values.ts'
import { type Endpoint, endpoint } from '../endpoint.ts'
import { refuseProblems } from '../issues.ts'
import type { Workshop } from '../workshop.ts'
import { findOperator } from './operators.ts'

const noun = 'contracts'

export const contractEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/tranches',
    noun,
    scope: 'operators:read',
    summary: 'Show what the ranges of short codes may be used for',
    status: 200,
    answer: tranches,
    handle: async (_call, workshop) => tranchesAnswer(workshop),
  }),
  endpoint({
    method: 'put',
    path: '/tranches',
    noun,
    scope: 'operators:write',
    summary: 'Replace the table of short codes; what is queued is held to it when it leaves',
    body: tranchesRequest,
    status: 200,
    answer: tranches,
    async handle({ body, change }, workshop) {
      refuseProblems(trancheProblems(body.tranches ?? []))
      await workshop.store.contracts.replaceTranches(body.tranches, change)
      await workshop.reloadContracts()
      return tranchesAnswer(workshop)
    },
  }),
  endpoint({
    method: 'get',
    path: '/operators/:id/sender-rules',
    noun,
    scope: 'operators:read',
    summary: 'Show which senders the contract with an operator has',
    params: idParams,
    status: 200,
    answer: senderRules,
    errors: ['not-found'],
    handle: async ({ params }, workshop) => rulesAnswer(await findOperator(params.id, workshop), workshop),
  }),
  endpoint({
    method: 'put',
    path: '/operators/:id/sender-rules',
    noun,
    scope: 'operators:write',
    summary: 'Replace the senders that the contract with an operator has',
    params: idParams,
    body: senderRulesRequest,
    status: 200,
    answer: senderRules,
    errors: ['not-found'],
    async handle({ params, body, change }, workshop) {
      const record = await findOperator(params.id, workshop)
      const link = { ownSender: record.sender, linkAllowsChange: linkAllowsChange(record) }
      refuseProblems(senderRuleProblems(body.rules, link))
      await workshop.store.contracts.setSenderRules(params.id, body.rules, change)
      await workshop.reloadContracts()
      return rulesAnswer(record, workshop)
    },
  }),
]

async function tranchesAnswer({ store }: Workshop) {
  const { tranches: own } = await store.contracts.list()
  const inForce = own ?? shippedTranches
  return { isShipped: own === null, tranches: structuredClone(inForce) as Mutable<typeof inForce> }
}

async function rulesAnswer(record: OperatorRecord, { store }: Workshop) {
  const { operatorId, sender: ownSender } = record
  const { senderRules: rules } = await store.contracts.find(operatorId)
  return {
    operatorId,
    ownSender,
    linkAllowsChange: linkAllowsChange(record),
    rules: structuredClone(rules) as Mutable<typeof rules>,
  }
}

/** Zod's input types have no readonly arrays. */
type Mutable<Value> = Value extends readonly (infer Item)[]
  ? Mutable<Item>[]
  : Value extends object
    ? { -readonly [Key in keyof Value]: Mutable<Value[Key]> }
    : Value
