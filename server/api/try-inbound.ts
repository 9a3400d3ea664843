/** What would be done for a text that a phone might write: the functions that handle real ones, and nothing stored. */
import type { z } from 'zod'
import { parsePhones } from '../../templates/text/phone.ts'
import { planFor } from '../gateway/inbound/plan.ts'
import { readSender } from '../gateway/inbound/sender.ts'
import { ownNumbersOf, replyTemplates } from '../gateway/inbound/worker.ts'
import type { InboundStep } from '../store/inbound-handling.ts'
import type { inboundTryAnswer, inboundTryRequest } from './contract/inbound.ts'
import type { Workshop } from './workshop.ts'

type Answer = z.output<typeof inboundTryAnswer>
type Tried = Answer['steps'][number]

/** A phone that nobody has written to; any number of that kind is treated alike. */
const anyPhone = '22670000000'

export async function tryInbound(
  { shortCode: given, text, phone: written = anyPhone }: z.output<typeof inboundTryRequest>,
  { store, settings }: Pick<Workshop, 'store' | 'settings'>,
  nowMs: number,
): Promise<Answer> {
  const { country } = settings
  // A person writes 70 00 00 01; an operator writes the whole number, and a name for what is none.
  const read = parsePhones(written, { country })
  const phone = read.kind === 'phones' ? read.phones[0]!.e164Digits : written
  const shortCode = given.replace(/^\+/, '')
  const rules = await store.inboundRules.list()
  const operators = await store.operators.list()
  const ownNumbers = ownNumbersOf([...operators.map(operator => operator.sender), shortCode], rules)
  const sender = readSender(phone, { country, ownNumbers })
  const [owner] = await store.inbound.ownersOf([{ phone: sender.phone, shortCode }], nowMs)
  const plan = planFor(
    {
      incomingId: 0,
      operatorId: 0,
      sender: phone,
      shortCode,
      encoding: 'gsm7',
      text,
      missingParts: [],
      receivedAtMs: nowMs,
    },
    {
      rules,
      templates: await replyTemplates(rules, store),
      country,
      sender,
      owner: owner!,
      nowMs,
      operatorId: null,
    },
  )
  const rule = rules.find(({ ruleId }) => ruleId === plan.ruleId)
  const isGuarded = await store.inbound.isGuarded(sender.phone, nowMs)
  let reply: Answer['reply'] = null
  const steps: Tried[] = []
  for (const step of plan.steps) {
    const { tried, isTold } = await tryStep(step, { phone: sender.phone, isGuarded, store })
    steps.push(tried)
    if (!isTold || !('text' in step) || step.text === null) continue
    const { text: said, encoding, parts, sender: from } = step.text
    reply = { text: said, encoding, parts, sender: from }
  }
  return {
    rule: rule === undefined ? null : { ruleId: rule.ruleId, name: rule.name },
    keyword: plan.keyword,
    steps,
    reply,
  }
}

/** @returns the step as it would stand in the message's history, and whether the phone would be told */
async function tryStep(
  step: InboundStep,
  { phone, isGuarded, store }: { phone: string; isGuarded: boolean; store: Workshop['store'] },
): Promise<{ tried: Tried; isTold: boolean }> {
  const { target } = step
  const tried = (kind: string, state: string, detail = '', isTold = false) => ({
    tried: { kind, target, state, detail },
    isTold,
  })
  switch (step.kind) {
    case 'not-done':
      return tried(step.of, step.isFailure ? 'failed' : 'skipped', step.reason)
    case 'mail':
    case 'application':
    case 'smpp-client':
      return tried(step.kind, 'waiting')
    case 'reply':
    case 'help':
      return isGuarded ? tried(step.kind, 'skipped', 'loop-guard') : tried(step.kind, 'done', '', true)
    case 'stop':
    case 'start': {
      const isStopped = await store.inbound.isStopped({
        phone,
        service: target,
        isCovered: step.kind === 'stop',
      })
      if (isStopped === (step.kind === 'stop')) return tried(step.kind, 'done', 'unchanged')
      return told(step.kind, step.textFailure)
    }
    case 'list':
      return told(step.kind, step.textFailure)
  }

  function told(kind: string, textFailure: string) {
    return isGuarded
      ? tried(kind, 'done', 'loop-guard')
      : tried(kind, 'done', textFailure, textFailure === '')
  }
}
