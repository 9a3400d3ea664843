import { createApiKey, findApiKeyByHash, listApiKeys, revokeApiKey } from '../../server/store/api-keys.ts'
import { listAudit } from '../../server/store/audit.ts'
import {
  createOperator,
  deleteOperator,
  findOperator,
  listOperators,
  type OperatorInput,
  setOperatorStarted,
  updateOperator,
} from '../../server/store/operators.ts'
import { replaceRoutes } from '../../server/store/routes.ts'
import { getSetting, setSetting } from '../../server/store/settings.ts'
import {
  createSource,
  deleteSource,
  findSource,
  listSources,
  updateSource,
} from '../../server/store/sources.ts'
import {
  createTemplate,
  deleteTemplate,
  findTemplate,
  findTemplateVersion,
  listTemplates,
  updateTemplate,
} from '../../server/store/templates.ts'
import { rulesTo } from '../support/rules.ts'
import { storeTest } from '../support/store.ts'
import { putOne, take } from '../support/stored-messages.ts'

const change = { actor: 'aminata', nowMs: 1_000 }
const later = { actor: 'issa', nowMs: 2_000 }
const source = {
  name: 'Production',
  kind: 'postgres',
  config: { host: 'db.example', port: 5432 },
  sealedPassword: 'sealed-secret',
}
const operator: OperatorInput = {
  name: 'Faso Mobile',
  protocol: 'smpp',
  config: { host: 'smsc.example', window: 50 },
  sealedPassword: 'sealed-secret',
  sender: '8010',
  pricePerPartMilli: 12_500,
  currency: 'XOF',
  isStarted: true,
}

storeTest('a source is created, changed, listed and deleted', async (t, { knex }) => {
  const created = await createSource(knex, source, change)
  t.deepEqual(created, { sourceId: created.sourceId, ...source, createdAtMs: 1_000, updatedAtMs: 1_000 })
  const config = { host: 'db2.example', port: 5432 }
  const updated = await updateSource(knex, created.sourceId, { config }, later)
  t.deepEqual(updated, { ...created, config, updatedAtMs: 2_000 })
  t.deepEqual(await findSource(knex, created.sourceId), updated)
  t.deepEqual(await listSources(knex), [updated])
  await deleteSource(knex, created.sourceId, later)
  t.is(await findSource(knex, created.sourceId), null)
})

storeTest('a name is taken once, and what does not exist is not found', async (t, { knex }) => {
  const { sourceId } = await createSource(knex, source, change)
  await createSource(knex, { ...source, name: 'Sinistres' }, change)
  await t.throwsAsync(createSource(knex, source, change), { code: 'name-taken' })
  await t.throwsAsync(updateSource(knex, sourceId, { name: 'Sinistres' }, change), { code: 'name-taken' })
  await t.throwsAsync(updateSource(knex, 99, { name: 'x' }, change), { code: 'not-found' })
  await t.throwsAsync(deleteSource(knex, 99, change), { code: 'not-found' })
  await t.throwsAsync(updateOperator(knex, 99, {}, change), { code: 'not-found' })
  await t.throwsAsync(setOperatorStarted(knex, 99, true, change), { code: 'not-found' })
  await t.throwsAsync(deleteTemplate(knex, 99, change), { code: 'not-found' })
  await t.throwsAsync(revokeApiKey(knex, 99, change), { code: 'not-found' })
  t.is((await listAudit(knex, { limit: 10 })).length, 2)
})

storeTest('every change is audited with its author, and no secret is in it', async (t, { knex }) => {
  const { sourceId } = await createSource(knex, source, change)
  const changes = { config: { host: 'db2.example', user: 'rappel' }, sealedPassword: 'other-secret' }
  await updateSource(knex, sourceId, changes, later)
  await createOperator(knex, operator, change)
  await setSetting(knex, 'smtp', 'password=hunter2', change)
  await createApiKey(knex, { name: 'CRM', prefix: 'rk_1', hash: 'f'.repeat(64), scopes: ['send'] }, change)
  const entries = await listAudit(knex, { limit: 10 })
  t.deepEqual(
    entries.map(entry => [entry.action, entry.noun]),
    [
      ['create', 'api_keys'],
      ['set', 'settings'],
      ['create', 'operators'],
      ['update', 'sources'],
      ['create', 'sources'],
    ],
  )
  t.notRegex(JSON.stringify(entries), /secret|hunter2|ffff/)
  t.like((await listAudit(knex, { noun: 'sources', nounId: sourceId, limit: 1 }))[0], {
    actor: 'issa',
    atMs: 2_000,
    detail: { changed: ['config.host', 'config.port', 'config.user', 'sealedPassword'] },
  })
  t.is((await listAudit(knex, { limit: 10, beforeId: entries[3]!.auditId })).length, 1)
})

storeTest('an operator is created, changed, stopped and deleted', async (t, { knex }) => {
  const created = await createOperator(knex, operator, change)
  t.deepEqual(created, {
    operatorId: created.operatorId,
    ...operator,
    createdAtMs: 1_000,
    updatedAtMs: 1_000,
  })
  await updateOperator(knex, created.operatorId, { sender: '8020', pricePerPartMilli: 10_000 }, later)
  await setOperatorStarted(knex, created.operatorId, false, later)
  t.like(await findOperator(knex, created.operatorId), {
    sender: '8020',
    isStarted: false,
    updatedAtMs: 2_000,
  })
  await deleteOperator(knex, created.operatorId, later)
  t.deepEqual(await listOperators(knex), [])
  t.is(await findOperator(knex, created.operatorId), null)
  t.is((await knex('operators').first()).sealed_password, null)
  const again = await createOperator(knex, operator, later)
  t.not(again.operatorId, created.operatorId)
})

storeTest(
  'an operator with routes, or with messages on their way, is not deleted',
  async (t, { knex, clock }) => {
    const { operatorId } = await createOperator(knex, operator, change)
    await replaceRoutes(knex, rulesTo([operatorId]), change)
    await t.throwsAsync(deleteOperator(knex, operatorId, change), { code: 'conflict' })
    await replaceRoutes(knex, { rules: [] }, change)
    for (const state of ['queued', 'held'] as const) {
      await putOne(knex, clock, { operatorId, state, reason: state === 'held' ? 'approval' : '' })
      await t.throwsAsync(deleteOperator(knex, operatorId, change), { code: 'conflict' })
      await take(knex, clock, { operatorId })
      await t.throwsAsync(deleteOperator(knex, operatorId, change), { code: 'conflict' })
      await knex('messages').delete()
    }
    await deleteOperator(knex, operatorId, change)
    await t.throwsAsync(replaceRoutes(knex, rulesTo([operatorId]), change), {
      code: 'invalid-request',
    })
  },
)

storeTest('a template keeps all its versions', async (t, { knex }) => {
  const first = await createTemplate(knex, { name: 'J-7', language: 'fr', source: 'Cher {{nom}}' }, change)
  t.is(first.version, 1)
  const second = await updateTemplate(knex, first.templateId, { source: 'Bonjour {{nom}}' }, later)
  t.like(second, { version: 2, source: 'Bonjour {{nom}}', updatedAtMs: 2_000 })
  const renamed = await updateTemplate(knex, first.templateId, { name: 'J moins 7' }, later)
  t.like(renamed, { version: 2, name: 'J moins 7' })
  t.is((await findTemplateVersion(knex, first.templateId, 1))?.source, 'Cher {{nom}}')
  t.is(await findTemplateVersion(knex, first.templateId, 3), null)
  t.deepEqual(await findTemplate(knex, first.templateId), renamed)
  t.deepEqual(await listTemplates(knex), [renamed])
  const input = { name: 'J moins 7', language: 'en', source: 'x' } as const
  await t.throwsAsync(createTemplate(knex, input, change), { code: 'name-taken' })
  await deleteTemplate(knex, first.templateId, change)
  t.is(await findTemplate(knex, first.templateId), null)
  t.is(await findTemplateVersion(knex, first.templateId, 1), null)
})

storeTest('two editors at once get two versions', async (t, { knex }) => {
  const { templateId } = await createTemplate(knex, { name: 'J0', language: 'fr', source: 'a' }, change)
  const edits = ['b', 'c'].map(text => updateTemplate(knex, templateId, { source: text }, later))
  const versions = (await Promise.all(edits)).map(template => template.version)
  t.deepEqual(versions.sort(), [2, 3])
})

storeTest('an API key is found by its hash until it is revoked', async (t, { knex }) => {
  const hash = 'a1'.repeat(32)
  const created = await createApiKey(
    knex,
    { name: 'CRM', prefix: 'rk_ab12', hash, scopes: ['send', 'read'] },
    change,
  )
  t.deepEqual(await findApiKeyByHash(knex, hash), created)
  t.is(await findApiKeyByHash(knex, 'b2'.repeat(32)), null)
  await t.throwsAsync(
    createApiKey(knex, { name: 'CRM', prefix: 'rk', hash: 'c3'.repeat(32), scopes: [] }, change),
    { code: 'name-taken' },
  )
  await revokeApiKey(knex, created.apiKeyId, later)
  await revokeApiKey(knex, created.apiKeyId, { ...later, nowMs: 3_000 })
  t.is(await findApiKeyByHash(knex, hash), null)
  t.deepEqual(await listApiKeys(knex), [{ ...created, revokedAtMs: 2_000 }])
  t.false('hash' in created)
})

storeTest('a setting is set, changed and forgotten', async (t, { knex }) => {
  t.is(await getSetting(knex, 'company'), null)
  await setSetting(knex, 'company', 'Assurances du Faso', change)
  await setSetting(knex, 'company', 'Assurances du Sahel', later)
  t.is(await getSetting(knex, 'company'), 'Assurances du Sahel')
  await setSetting(knex, 'company', null, later)
  t.is(await getSetting(knex, 'company'), null)
})
