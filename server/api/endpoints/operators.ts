/** Operators: configured, started, stopped, with the live state of their links. */
import type { z } from 'zod'
import { operatorKinds } from '../../../connectors/operators/kinds.ts'
import { findPreset, operatorPresets, presetConfig } from '../../../connectors/operators/presets/all.ts'
import { RappelError } from '../../errors.ts'
import { sealPassword, sealPrivateKey } from '../../sealed-passwords.ts'
import type { OperatorInput, OperatorRecord } from '../../store/operators.ts'
import { operator, operatorAddition, operatorList, operatorRequest } from '../contract/operators.ts'
import { idParams } from '../contract/values.ts'
import { type Endpoint, endpoint } from '../endpoint.ts'
import { invalidRequest } from '../issues.ts'
import { operatorView, showOperator } from '../operator-view.ts'
import type { Workshop } from '../workshop.ts'
import { keepPrivateKey, refuseMovedPassword, splitPassword, withoutPrivateKey } from './secret-config.ts'

const noun = 'operators'
/** Where a password goes: with another of these, it must be given again. */
const passwordPlace = [
  'host',
  'port',
  'secondaryHost',
  'secondaryPort',
  'systemId',
  'account',
  'localAddress',
  'tls',
]

export const operatorEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/operators',
    noun,
    scope: 'operators:read',
    summary: 'List the operators with the state of their links',
    status: 200,
    answer: operatorList,
    async handle(_call, workshop) {
      const view = await operatorView(workshop)
      return { operators: (await workshop.store.operators.list()).map(view) }
    },
  }),
  endpoint({
    method: 'post',
    path: '/operators',
    noun,
    scope: 'operators:write',
    summary: 'Add an operator, from a preset or by all its settings',
    body: operatorAddition,
    status: 201,
    answer: operator,
    errors: ['name-taken'],
    async handle({ body: addition, change }, workshop) {
      const body = completed(addition)
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
      return showOperator(await findOperator(operatorId, workshop), workshop)
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
    handle: async ({ params }, workshop) => showOperator(await findOperator(params.id, workshop), workshop),
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
      return showOperator(await findOperator(params.id, workshop), workshop)
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
      return showOperator(await findOperator(params.id, workshop), workshop)
    },
  })
}

export async function findOperator(id: number, { store }: Workshop): Promise<OperatorRecord> {
  const record = await store.operators.find(id)
  if (record === null) throw new RappelError('not-found', { noun, id })
  return record
}

/** @throws RappelError `invalid-request` naming what the preset, or its absence, asks for */
function completed(addition: z.output<typeof operatorAddition>): z.output<typeof operatorRequest> {
  const { preset: presetId, protocol, sender, config = {}, ...rest } = addition
  if (presetId === undefined) {
    const missing = Object.entries({ protocol, sender, config: addition.config })
      .filter(([, value]) => value === undefined)
      .map(([field]) => ({ path: `body.${field}`, expected: 'a value, or a preset', received: 'nothing' }))
    if (missing.length > 0) throw invalidRequest(missing)
    return { ...rest, protocol: protocol!, sender: sender!, config }
  }
  const preset = findPreset(presetId)
  if (preset === undefined) {
    const expected = operatorPresets.map(({ id }) => id).join(' | ')
    throw invalidRequest([{ path: 'body.preset', expected, received: 'another word' }])
  }
  if (protocol !== undefined && protocol !== preset.protocol) {
    throw invalidRequest([{ path: 'body.protocol', expected: preset.protocol, received: protocol }])
  }
  const built = presetConfig(preset, config, sender)
  if (built.kind === 'complete') {
    return { ...rest, protocol: preset.protocol, sender: built.sender, config: built.config }
  }
  throw invalidRequest(
    built.settings.map(setting => ({
      path: setting === 'sender' ? 'body.sender' : `body.config.${setting}`,
      expected: 'what the contract with the operator says',
      received: 'nothing',
    })),
  )
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
