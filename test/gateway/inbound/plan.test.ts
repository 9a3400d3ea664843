import test from 'ava'
import { planFor } from '../../../server/gateway/inbound/plan.ts'
import { readSender } from '../../../server/gateway/inbound/sender.ts'
import type { ReadyIncoming } from '../../../server/store/inbound-handling.ts'
import type { InboundAction, InboundRuleRecord } from '../../../server/store/inbound-rules.ts'
import { inboundDefaults } from '../../../server/store/migrations/0003-inbound-defaults.ts'

const nowMs = Date.UTC(2027, 0, 4, 9)
const ownNumbers = new Set(['38001', '22670009999'])

const ruleOf = (actions: InboundAction[], extra: Partial<InboundRuleRecord> = {}): InboundRuleRecord => ({
  ruleId: 1,
  name: 'A',
  isActive: true,
  shortCode: null,
  keywords: ['CODE'],
  match: 'first-word',
  updatedAtMs: null,
  actions,
  ...extra,
})

function plan(
  rules: InboundRuleRecord[],
  {
    sender = '22670000001',
    owner = null as { service: string } | null,
    ...message
  } = {} as Partial<ReadyIncoming> & {
    owner?: { service: string; clientId?: number } | null
  },
) {
  return planFor(
    {
      incomingId: 1,
      operatorId: 3,
      sender,
      shortCode: '38001',
      encoding: 'gsm7',
      text: 'Code 77, merci',
      missingParts: [],
      receivedAtMs: nowMs,
      ...message,
    },
    {
      rules,
      templates: new Map([[9, { language: 'fr', source: 'Reçu {{suite}} de {{telephone}}' }]]),
      country: 'BF',
      sender: readSender(sender, { country: 'BF', ownNumbers }),
      owner: owner === null ? null : { clientId: 4, alertId: null, messageId: 8, ...owner },
      nowMs,
      operatorId: 3,
    },
  )
}

test('a reply is rendered with the values of the message and leaves from the number that was written to', t => {
  const { steps, keyword } = plan([ruleOf([{ kind: 'reply', text: { templateId: 9 } }])])
  t.is(keyword, 'CODE')
  t.like(steps[0], {
    kind: 'reply',
    text: {
      recipient: '22670000001',
      sender: '38001',
      operatorId: 3,
      text: 'Recu 77, merci de 22670000001',
      category: 'transactional',
      unknownPolicy: 'hold',
    },
  })
})

test('a national number is the same phone', t => {
  t.is(plan([], { sender: '70000001' }).phone, '22670000001')
  t.is(plan([], { sender: '+22670000001' }).phone, '22670000001')
})

test('short codes, names and our own numbers are never answered, but the message is handed on', t => {
  const rules = [
    ruleOf([
      { kind: 'reply', text: { language: 'fr', source: 'x' } },
      { kind: 'application', target: 'caisse' },
    ]),
  ]
  for (const [sender, kind] of [
    ['1234', 'short-code'],
    ['ORANGE', 'name'],
    ['38001', 'own-number'],
    ['70009999', 'own-number'],
  ] as const) {
    const { steps } = plan(rules, { sender })
    t.like(steps[0], { kind: 'not-done', of: 'reply', isFailure: false, reason: kind }, sender)
    t.like(steps[1], { kind: 'application', target: 'caisse' })
  }
  t.is(plan([ruleOf([{ kind: 'stop', service: '*' }])], { sender: '1234' }).steps[0]?.kind, 'not-done')
})

test('the service of a STOP is that of the rule, or that of the last message; without one, all', t => {
  const last = [ruleOf([{ kind: 'stop', service: 'last' }])]
  t.is(plan(last, { owner: { service: 'auto' } }).service, 'auto')
  t.is(plan(last).service, '*')
  t.is(plan([ruleOf([{ kind: 'stop', service: 'sante' }])], { owner: { service: 'auto' } }).service, 'sante')
})

test('what goes to the owner waits for it, or is not done when nobody wrote', t => {
  const rules = [ruleOf([{ kind: 'application', target: 'owner' }])]
  t.like(plan(rules, { owner: { service: 'auto' } }).steps[0], { kind: 'application', target: 'api-key:4' })
  t.like(plan(rules).steps[0], { kind: 'not-done', isFailure: false })
})

test('a text that cannot be written is a failure, but STOP stays STOP', t => {
  const broken = { language: 'fr', source: '{{inconnu}}' } as const
  t.like(plan([ruleOf([{ kind: 'reply', text: broken }])]).steps[0], {
    kind: 'not-done',
    isFailure: true,
    reason: 'missing-value: inconnu',
  })
  t.like(plan([ruleOf([{ kind: 'reply', text: { templateId: 10 } }])]).steps[0], { isFailure: true })
  const [stop] = plan([ruleOf([{ kind: 'stop', service: '*', text: broken }])]).steps
  t.like(stop, { kind: 'stop', text: null, textFailure: 'missing-value: inconnu' })
})

test('a message of the day before is not answered, and its STOP counts', t => {
  const receivedAtMs = nowMs - 25 * 3_600_000
  const text = { language: 'fr', source: 'x' } as const
  t.like(plan([ruleOf([{ kind: 'reply', text }])], { receivedAtMs }).steps[0], { reason: 'too-late' })
  t.like(plan([ruleOf([{ kind: 'stop', service: '*', text }])], { receivedAtMs }).steps[0], {
    kind: 'stop',
    text: null,
    textFailure: '',
  })
})

test('binary messages and those that no rule wants are kept without an answer', t => {
  const rules = [ruleOf([{ kind: 'reply', text: { language: 'fr', source: 'x' } }], { keywords: [] })]
  t.like(plan(rules, { encoding: 'binary', text: '00ff' }), { steps: [], detail: 'binary', ruleId: null })
  t.like(plan([]), { steps: [], detail: 'no-rule' })
})

test('the rules of the product answer each of their words by one GSM-7 part', t => {
  const rules: InboundRuleRecord[] = inboundDefaults.map((rule, index) => ({
    ...rule,
    ruleId: index + 1,
    isActive: true,
    updatedAtMs: null,
    keywords: [...rule.keywords],
    actions: [...rule.actions] as InboundAction[],
  }))
  for (const rule of rules) {
    for (const keyword of rule.keywords) {
      const { ruleId, steps } = plan(rules, { text: `${keyword.toLowerCase()} !` })
      t.is(ruleId, rule.ruleId, keyword)
      const [step] = steps
      t.like(step, { text: { encoding: 'gsm7', parts: 1 } }, keyword)
    }
  }
  t.is(plan(rules, { text: 'STOP 12345' }).ruleId, null)
  t.like(plan(rules, { text: 'Arrêt' }), { service: '*' })
})
