import { readFileSync } from 'node:fs'
import test from 'ava'
import { operatorKinds } from '../../connectors/operators/kinds.ts'
import { sourceKinds } from '../../connectors/sources/kinds.ts'
import { triggerKinds } from '../../scheduler/alerts/triggers/kinds.ts'
import { messageStates as contractStates } from '../../server/api/contract/messages.ts'
import { operatorProtocols } from '../../server/api/contract/operators.ts'
import { sourceKindNames } from '../../server/api/contract/sources.ts'
import { triggerKindNames } from '../../server/api/contract/templates.ts'
import { endpoints } from '../../server/api/endpoints/all.ts'
import { operationId } from '../../server/api/openapi.ts'
import { errorCatalogue } from '../../server/errors.ts'
import { messageStates } from '../../server/gateway/message-state.ts'
import { startApi } from './api-under-test.ts'

test('the OpenAPI document needs no key, lists every endpoint and resolves every reference', async t => {
  const api = await startApi(t)
  const { status, body: document } = await api.call('GET', '/api/v1/openapi.json', { key: null })
  t.is(status, 200)
  t.is(document.openapi, '3.1.0')
  for (const { method, path } of endpoints) {
    const operation = document.paths[path.replace(/:(\w+)/g, '{$1}')]?.[method]
    t.truthy(operation, `${method} ${path}`)
    for (const [, name] of path.matchAll(/:(\w+)/g)) {
      t.true(
        operation.parameters.some(
          (each: { name: string; in: string }) => each.name === name && each.in === 'path',
        ),
      )
    }
  }
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]*)"/g)].map(match => match[1]!)
  t.true(references.length > 50)
  const { MessageRequest, Alert } = document.components.schemas
  t.deepEqual(MessageRequest.properties.unknownPolicy.enum, ['resend', 'hold'])
  t.is(Alert.properties.isActive.type, 'boolean')
  const draft = document.paths['/alerts'].post.requestBody.content['application/json'].schema
  const follow = (schema: { $ref?: string }) =>
    schema.$ref === undefined ? schema : document.components.schemas[schema.$ref.split('/').at(-1)!]
  const definition = follow(draft.properties.definition)
  t.true(follow(definition.properties.country).enum.includes('BF'))
  t.deepEqual(follow(definition.properties.unknownPolicy).enum, ['resend', 'hold'])
  t.is(follow(definition.properties.runCap).maximum, 10_000_000)
  for (const reference of new Set(references)) {
    let target = document
    for (const step of reference.replace('#/', '').split('/')) target = target?.[step]
    t.truthy(target, reference)
  }
  t.false(JSON.stringify(document).includes('$defs'))
  const ids = endpoints.map(operationId)
  t.is(new Set(ids).size, ids.length)
})

test('every declared endpoint is served', async t => {
  const api = await startApi(t)
  for (const { method, path } of endpoints) {
    const answer = await api.call(method.toUpperCase(), `/api/v1${path.replace(/:\w+/g, '999999')}`)
    const isRouted =
      answer.status !== 405 && !(answer.status === 404 && answer.body?.error.details.path !== undefined)
    t.true(isRouted, `${method} ${path} gave ${answer.status}`)
    t.not(answer.status, 500, `${method} ${path}`)
  }
})

test('the documentation page stands by itself in both languages', async t => {
  const api = await startApi(t)
  for (const [query, heading] of [
    ['', 'Stop list'],
    ['?lang=fr', 'Liste d’opposition'],
  ] as const) {
    const { status, headers, body } = await api.call('GET', `/api/docs${query}`, { key: null })
    t.is(status, 200)
    t.true(body.includes(heading))
    t.false(/<script|src=|@import|url\(/.test(body))
    t.regex(headers.get('content-security-policy')!, /^default-src 'none'; style-src 'sha256-/)
    for (const { path } of endpoints) t.true(body.includes(`/api/v1${path.replace(/:(\w+)/g, '{$1}')}`), path)
    for (const code of Object.keys(errorCatalogue)) t.true(body.includes(`<code>${code}</code>`), code)
    t.true(body.includes('curl -H'))
  }
})

test('the contract, which imports nothing, says the same words as the product', t => {
  t.deepEqual([...contractStates], [...messageStates])
  t.deepEqual([...sourceKindNames].sort(), Object.keys(sourceKinds).sort() as never)
  t.deepEqual([...operatorProtocols].sort(), Object.keys(operatorKinds).sort() as never)
  t.deepEqual([...triggerKindNames].sort(), Object.keys(triggerKinds).sort() as never)
})

test('the reference lists every error code with its status and meaning', t => {
  const readme = readFileSync(new URL('../../server/api/README.md', import.meta.url), 'utf8')
  const rows = [...readme.matchAll(/^\| `([a-z-]+)` \| (\d{3}) \| (.*) \|$/gm)].map(
    ([, code, status, meaning]) => [code, { status: Number(status), meaning }],
  )
  t.deepEqual(Object.fromEntries(rows), errorCatalogue)
})
