import test, { type ExecutionContext } from 'ava'
import { systemClock } from '../../connectors/clock.ts'
import { planFor } from '../../server/gateway/inbound/plan.ts'
import { readSender } from '../../server/gateway/inbound/sender.ts'
import { loopGuard } from '../../server/store/inbound-context.ts'
import { leapingClock } from '../flows/leaping-clock.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { type ApiUnderTest, addOperator, phone, startApi } from './api-under-test.ts'

const reply = (source: string) => ({ kind: 'reply', text: { language: 'fr', source } })

interface Talk extends ApiUnderTest {
  /** Stores a part as the gateway does, and resolves once the product has handled it. @returns its id */
  phoneWrites(text: string): Promise<number>
}

const deadlineMs = 100_000

async function talk(t: ExecutionContext): Promise<Talk> {
  const clock = leapingClock(t)
  const api = await startApi(t, { clock })
  const operatorId = await addOperator(api)
  const { store } = api.application
  return Object.assign(api, {
    async phoneWrites(text: string) {
      const part = {
        sender: phone(1).slice(1),
        recipient: '38001',
        encoding: 'gsm7' as const,
        text,
        reference: null,
        partNumber: 1,
        partCount: 1,
      }
      await store.incoming.store([{ operatorId, part }], clock.nowMs())
      const giveUpAtMs = systemClock.nowMs() + deadlineMs
      for (;;) {
        clock.leap(6_000)
        const [message] = await store.incoming.search({ limit: 1 })
        if (message?.text === text && message.handledAtMs !== null) return message.incomingId
        if (systemClock.nowMs() > giveUpAtMs) throw new Error(`not handled: ${text}`)
        await systemClock.sleep(15)
      }
    },
  })
}

test('the rules of the product are there, and may be changed, switched off and deleted', async t => {
  const api = await startApi(t)
  const { body } = await api.call('GET', '/api/v1/inbound/rules')
  t.is(body.rules.length, 6)
  const stop = body.rules.find((rule: { keywords: string[] }) => rule.keywords.includes('STOP'))
  t.like(stop, { match: 'whole', updatedAt: null, shortCode: null })
  const { ruleId, updatedAt: _, ...rule } = stop
  const path = `/api/v1/inbound/rules/${ruleId}`
  const changed = await api.call('PUT', path, { body: { ...rule, isActive: false } })
  t.like(changed.body, { isActive: false })
  t.truthy(changed.body.updatedAt)
  const audit = await api.call('GET', '/api/v1/audit?noun=inbound_rules')
  t.like(audit.body.entries[0], { action: 'update', nounId: String(ruleId) })
  t.is((await api.call('DELETE', path)).status, 204)
  t.is((await api.call('GET', path)).status, 404)
})

test('a rule is added and tried: which rule, what would be answered, nothing done', async t => {
  const api = await startApi(t)
  const added = await api.call('POST', '/api/v1/inbound/rules', {
    body: {
      name: 'Solde',
      shortCode: '38001',
      keywords: ['SOLDE'],
      actions: [reply('Votre code {{suite}} est reçu.'), { kind: 'application', target: 'owner' }],
    },
  })
  t.is(added.status, 201)
  t.like(added.body, { match: 'first-word', isActive: true })
  const ask = async (text: string, shortCode = '38001') =>
    (await api.call('POST', '/api/v1/inbound/try', { body: { shortCode, text } })).body
  const { rule, keyword, reply: answer, steps } = await ask('solde 77')
  t.deepEqual(rule, { ruleId: added.body.ruleId, name: 'Solde' })
  t.is(keyword, 'SOLDE')
  t.like(answer, { text: 'Votre code 77 est recu.', encoding: 'gsm7', parts: 1, sender: '38001' })
  t.deepEqual(
    steps.map(({ kind, state }: { kind: string; state: string }) => [kind, state]),
    [
      ['reply', 'done'],
      ['application', 'skipped'],
    ],
  )
  t.is((await ask('solde 77', '38002')).rule, null)
  t.like(await ask('Arrêt!'), { keyword: 'ARRET', steps: [{ kind: 'stop', target: '*', state: 'done' }] })
  t.is((await ask('STOP 12345')).rule, null)
  const own = { shortCode: '38001', text: 'SOLDE', phone: '38001' }
  t.like((await api.call('POST', '/api/v1/inbound/try', { body: own })).body, {
    reply: null,
    steps: [{ kind: 'reply', state: 'skipped', detail: 'own-number' }],
  })
  t.is((await api.call('GET', '/api/v1/incoming')).body.messages.length, 0)
  t.is((await api.call('GET', '/api/v1/messages')).body.messages.length, 0)
})

test('a text tried for a phone that was answered five times in ten minutes is not answered', async t => {
  const clock = fakeClock('2027-01-04T09:00:00Z')
  const api = await startApi(t, { clock })
  const operatorId = await addOperator(api)
  const { inbound, inboundRules, incoming } = api.application.store
  const ask = async (written: string) =>
    (
      await api.call('POST', '/api/v1/inbound/try', {
        body: { shortCode: '38001', text: 'AIDE', phone: written },
      })
    ).body
  const sender = phone(1).slice(1)
  const part = { sender, recipient: '38001', encoding: 'gsm7' as const, text: 'AIDE', reference: null }
  for (let count = 0; count < loopGuard.replies; count += 1) {
    t.like(await ask('70 00 00 01'), { steps: [{ kind: 'help', state: 'done' }] })
    const nowMs = clock.nowMs()
    await incoming.store([{ operatorId, part: { ...part, partNumber: 1, partCount: 1 } }], nowMs)
    await inbound.assemble({ nowMs, limit: 1 })
    const [message] = await inbound.takeReady(1)
    const facts = {
      rules: await inboundRules.list(),
      templates: new Map(),
      country: 'BF',
      owner: null,
    } as const
    const from = readSender(sender, { country: 'BF', ownNumbers: new Set() })
    await inbound.handle([planFor(message!, { ...facts, sender: from, nowMs, operatorId })], nowMs)
    await clock.advance(20_000)
  }
  t.like(await ask('70 00 00 01'), {
    reply: null,
    steps: [{ kind: 'help', state: 'skipped', detail: 'loop-guard' }],
  })
  t.like(await ask('70 00 00 02'), { steps: [{ kind: 'help', state: 'done' }] })
})

test('rules that cannot stand are refused', async t => {
  const api = await startApi(t)
  const post = async (body: object) => {
    const { status, body: answer } = await api.call('POST', '/api/v1/inbound/rules', {
      body: { name: 'X', keywords: ['X'], actions: [{ kind: 'mail', target: 'a@example.bf' }], ...body },
    })
    return [status, answer.error?.code]
  }
  t.deepEqual(await post({ keywords: ['arrêt'] }), [409, 'conflict'])
  t.deepEqual(await post({ keywords: ['...'] }), [400, 'invalid-request'])
  t.deepEqual(await post({ keywords: ['x'.repeat(41)] }), [400, 'invalid-request'])
  t.deepEqual(await post({ actions: [] }), [400, 'invalid-request'])
  t.deepEqual(await post({ actions: [reply('a'), reply('b')] }), [400, 'invalid-request'])
  t.deepEqual(await post({ actions: [reply('{{#each x}}')] }), [422, 'template-invalid'])
  t.deepEqual(await post({ actions: [{ kind: 'reply', text: { templateId: 99 } }] }), [
    400,
    'invalid-request',
  ])
  t.deepEqual(await post({ actions: [{ kind: 'list', listId: 99 }] }), [400, 'invalid-request'])
  t.deepEqual(await post({ actions: [{ kind: 'exec', target: 'rm' }] }), [400, 'invalid-request'])
  t.deepEqual(await post({ keywords: [] }), [201, undefined])
  t.deepEqual(await post({ name: 'Y', keywords: [] }), [409, 'conflict'])
  t.deepEqual(await post({ keywords: ['Z'] }), [409, 'name-taken'])
})

test('an incoming message is found with its parts and what was done, and what waits is fetched', async t => {
  const api = await talk(t)
  await api.call('POST', '/api/v1/inbound/rules', {
    body: { name: 'Avis', keywords: ['AVIS'], actions: [{ kind: 'application', target: 'crm' }] },
  })
  const incomingId = await api.phoneWrites('Avis: très bien')
  t.is((await api.call('GET', '/api/v1/inbound/waiting')).body.actions.length, 1)
  const shown = await api.call('GET', `/api/v1/incoming/${incomingId}`)
  t.like(shown.body, { state: 'waiting', text: 'Avis: très bien', keyword: 'AVIS', shortCode: '38001' })
  t.is(shown.body.parts.length, 1)
  const { actionId } = shown.body.actions[0]
  t.like((await api.call('GET', '/api/v1/incoming?phone=70000001&shortCode=38001&state=waiting')).body, {
    messages: [{ incomingId }],
  })
  t.is((await api.call('GET', '/api/v1/incoming?receivedFrom=2030-01-01T00:00:00Z')).body.messages.length, 0)
  t.is((await api.call('GET', '/api/v1/inbound/waiting?kind=mail')).body.actions.length, 0)
  t.like((await api.call('POST', `/api/v1/inbound/waiting/${actionId}/done`)).body, { state: 'done' })
  t.is((await api.call('POST', `/api/v1/inbound/waiting/${actionId}/done`)).status, 409)
  t.like((await api.call('GET', `/api/v1/incoming/${incomingId}`)).body, { state: 'handled' })
  t.is((await api.call('POST', `/api/v1/incoming/${incomingId}/retry`)).status, 409)
  t.is((await api.call('GET', '/api/v1/incoming/999')).status, 404)
})

test('a STOP of one service ends what the API sends in its name, and nothing else', async t => {
  const api = await talk(t)
  await api.call('POST', '/api/v1/inbound/rules', {
    body: {
      name: 'STOP auto',
      shortCode: '38001',
      keywords: ['STOP'],
      actions: [{ kind: 'stop', service: 'auto' }],
    },
  })
  await api.phoneWrites('STOP')
  const send = async (service: string, category: string) => {
    const { status, body } = await api.call('POST', '/api/v1/messages', {
      body: { to: phone(1), text: 'Votre prime', category, service },
    })
    return [status, body.error?.details.reason]
  }
  t.deepEqual(await send('auto', 'reminder'), [422, 'stop-list'])
  t.deepEqual(await send('sante', 'reminder'), [202, undefined])
  t.deepEqual(await send('auto', 'transactional'), [202, undefined])
})

test('lists are kept by name', async t => {
  const api = await startApi(t)
  const added = await api.call('POST', '/api/v1/inbound/lists', { body: { name: 'Tombola' } })
  t.is(added.status, 201)
  const path = `/api/v1/inbound/lists/${added.body.listId}`
  t.like((await api.call('GET', '/api/v1/inbound/lists')).body.lists[0], { name: 'Tombola', numbers: 0 })
  t.deepEqual((await api.call('GET', `${path}/numbers`)).body, { numbers: [], nextAfter: null })
  t.is((await api.call('DELETE', `${path}/numbers?phone=${encodeURIComponent(phone(1))}`)).status, 404)
  t.is((await api.call('POST', '/api/v1/inbound/lists', { body: { name: 'Tombola' } })).status, 409)
  t.is((await api.call('DELETE', path)).status, 204)
  t.is((await api.call('GET', `${path}/numbers`)).status, 404)
})

test('reading and changing have scopes of their own', async t => {
  const api = await startApi(t)
  const reader = await api.newKey(['inbound:read'])
  t.is((await api.call('GET', '/api/v1/incoming', { key: reader })).status, 200)
  t.is((await api.call('DELETE', '/api/v1/inbound/rules/1', { key: reader })).status, 403)
  const other = await api.newKey(['messages:read'])
  t.is((await api.call('GET', '/api/v1/incoming', { key: other })).status, 403)
})
