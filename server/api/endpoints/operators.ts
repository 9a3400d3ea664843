/** Operators: configured, started, stopped, with the live state of their links. */
import type { z } from 'zod'
import { operatorKinds } from '../../../connectors/operators/kinds.ts'
import { RappelError } from '../../errors.ts'
import { sealPassword, sealPrivateKey } from '../../sealed-passwords.ts'
import type { OperatorInput, OperatorRecord } from '../../store/operators.ts'
import { operator, operatorList, operatorRequest } from '../contract/operators.ts'
import { idParams } from '../contract/values.ts'
import { type Endpoint, endpoint } from '../endpoint.ts'
import type { Workshop } from '../workshop.ts'
import {
  keepPrivateKey,
  refuseMovedPassword,
  shownConfig,
  splitPassword,
  withoutPrivateKey,
} from './secret-config.ts'
import { iso } from './times.ts'

const noun = 'operators'
/** Where a password goes: with another of these, it must be given again. */
const passwordPlace = ['host', 'port', 'systemId', 'localAddress', 'tls']

export const operatorEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/operators',
    noun,
    scope: 'operators:read',
    summary: 'List the operators with the state of their links',
    status: 200,
    answer: operatorList,
    handle: async (_call, workshop) => ({
      operators: (await workshop.store.operators.list()).map(record => operatorOf(record, workshop)),
    }),
  }),
  endpoint({
    method: 'post',
    path: '/operators',
    noun,
    scope: 'operators:write',
    summary: 'Add an operator',
    body: operatorRequest,
    status: 201,
    answer: operator,
    errors: ['name-taken'],
    async handle({ body, change }, workshop) {
      const { config, password } = splitPassword(operatorKinds[body.protocol].configSchema, body.config)
      const { store, secrets } = workshop
      const bare = { ...inputOf(body, withoutPrivateKey(config)), sealedPassword: null }
      const { operatorId } = await store.operators.create(bare, change)
      // Sealed to its row, whose id is known only now.
      const sealed = sealPrivateKey(secrets, operatorId, config)
      if (password !== undefined || sealed !== config) {
        const sealedPassword =
          password === undefined ? null : sealPassword(secrets, 'operator', operatorId, password)
        await store.operators.update(operatorId, { config: sealed, sealedPassword }, change)
      }
      await workshop.reloadOperators()
      return operatorOf(await findOperator(operatorId, workshop), workshop)
    },
  }),
  endpoint({
    method: 'get',
    path: '/operators/:id',
    noun,
    scope: 'operators:read',
    summary: 'Show an operator',
    params: idParams,
    status: 200,
    answer: operator,
    errors: ['not-found'],
    handle: async ({ params }, workshop) => operatorOf(await findOperator(params.id, workshop), workshop),
  }),
  endpoint({
    method: 'put',
    path: '/operators/:id',
    noun,
    scope: 'operators:write',
    summary: 'Change an operator; without a password it keeps its own',
    params: idParams,
    body: operatorRequest,
    status: 200,
    answer: operator,
    errors: ['not-found', 'name-taken', 'conflict'],
    async handle({ params, body, change }, workshop) {
      const split = splitPassword(operatorKinds[body.protocol].configSchema, body.config)
      const before = await findOperator(params.id, workshop)
      const { secrets } = workshop
      const config = keepPrivateKey(sealPrivateKey(secrets, params.id, split.config), before.config)
      if (split.password === undefined && before.sealedPassword !== null) {
        refuseMovedPassword(config, before.config, passwordPlace)
      }
      const { store } = workshop
      const sealed =
        split.password === undefined
          ? {}
          : { sealedPassword: sealPassword(secrets, 'operator', params.id, split.password) }
      await store.operators.update(params.id, { ...inputOf(body, config, before), ...sealed }, change)
      await workshop.reloadOperators()
      return operatorOf(await findOperator(params.id, workshop), workshop)
    },
  }),
  endpoint({
    method: 'delete',
    path: '/operators/:id',
    noun,
    scope: 'operators:write',
    summary: 'Delete an operator to which no route leads and for which nothing waits',
    params: idParams,
    status: 204,
    errors: ['not-found', 'conflict'],
    async handle({ params, change }, workshop) {
      await workshop.store.operators.remove(params.id, change)
      await workshop.reloadOperators()
    },
  }),
  startOrStop('start', 'Bind an operator, now and after each start of the product'),
  startOrStop('stop', 'Unbind an operator; its messages wait'),
]

function startOrStop(verb: 'start' | 'stop', summary: string): Endpoint {
  return endpoint({
    method: 'post',
    path: `/operators/:id/${verb}`,
    noun,
    scope: 'operators:write',
    summary,
    params: idParams,
    status: 200,
    answer: operator,
    // A password that this key file did not seal.
    errors: ['not-found', 'conflict'],
    async handle({ params, change }, workshop) {
      await workshop.store.operators.setStarted(params.id, verb === 'start', change)
      await workshop.reloadOperators()
      return operatorOf(await findOperator(params.id, workshop), workshop)
    },
  })
}

async function findOperator(id: number, { store }: Workshop): Promise<OperatorRecord> {
  const record = await store.operators.find(id)
  if (record === null) throw new RappelError('not-found', { noun, id })
  return record
}

function inputOf(
  body: z.output<typeof operatorRequest>,
  config: Record<string, unknown>,
  before: Pick<OperatorInput, 'pricePerPartMilli' | 'currency' | 'isStarted'> = {
    pricePerPartMilli: 0,
    currency: 'XOF',
    isStarted: true,
  },
): Omit<OperatorInput, 'sealedPassword'> {
  return {
    name: body.name,
    protocol: body.protocol,
    config,
    sender: body.sender,
    pricePerPartMilli: body.pricePerPartMilli ?? before.pricePerPartMilli,
    currency: body.currency ?? before.currency,
    isStarted: body.isStarted ?? before.isStarted,
  }
}

function operatorOf(record: OperatorRecord, { gateway }: Workshop): z.input<typeof operator> {
  const live = gateway.operators().find(each => each.operatorId === record.operatorId)
  return {
    operatorId: record.operatorId,
    name: record.name,
    protocol: record.protocol,
    config: shownConfig(record.config),
    hasPassword: record.sealedPassword !== null,
    sender: record.sender,
    pricePerPartMilli: record.pricePerPartMilli,
    currency: record.currency,
    isStarted: record.isStarted,
    createdAt: iso(record.createdAtMs),
    updatedAt: iso(record.updatedAtMs),
    link:
      live === undefined
        ? null
        : {
            state: live.state,
            since: iso(live.sinceMs),
            reason: live.reason,
            inFlight: live.inFlight,
            window: live.window,
            pausedUntil: live.pausedUntilMs === 0 ? null : iso(live.pausedUntilMs),
            ahead: live.ahead,
          },
  }
}
