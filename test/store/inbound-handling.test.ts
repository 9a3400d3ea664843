/** What is done for an incoming message: once, whatever is killed or repeated. */
import type { ExecutionContext } from 'ava'
import type { Knex } from 'knex'
import { listAudit } from '../../server/store/audit.ts'
import { assemble } from '../../server/store/inbound-assembly.ts'
import { isGuarded, loopGuard, ownersOf } from '../../server/store/inbound-context.ts'
import { inboundTotals } from '../../server/store/inbound-counters.ts'
import {
  failIncoming,
  handle,
  type InboundPlan,
  type InboundStep,
  takeReady,
} from '../../server/store/inbound-handling.ts'
import { createInboundList, deleteInboundList, listedNumbers } from '../../server/store/inbound-lists.ts'
import {
  findIncoming,
  finishAction,
  retryIncoming,
  waitingActions,
} from '../../server/store/inbound-messages.ts'
import { createInboundRule, listInboundRules, updateInboundRule } from '../../server/store/inbound-rules.ts'
import { storeIncoming } from '../../server/store/incoming.ts'
import { addStops, isStopped } from '../../server/store/stop-list.ts'
import { createTemplate, deleteTemplate } from '../../server/store/templates.ts'
import type { FakeClock } from '../support/fake-clock.ts'
import { storeTest } from '../support/store.ts'
import { item, putOne, putSent, stateOf } from '../support/stored-messages.ts'

const phone = '22670000001'
const change = { actor: 'test', nowMs: 1 }

interface Place {
  knex: Knex
  clock: FakeClock
}

let written = 0

/** A phone writes; returns the plan that its rule would make. */
async function wrote({ knex, clock }: Place, ...steps: InboundStep[]): Promise<InboundPlan> {
  written += 1
  const part = {
    sender: phone,
    recipient: '38001',
    encoding: 'gsm7' as const,
    text: `message ${written}`,
    reference: null,
    partNumber: 1,
    partCount: 1,
  }
  await storeIncoming(knex, [{ operatorId: 1, part }], clock.nowMs())
  await assemble(knex, { nowMs: clock.nowMs(), limit: 100 })
  const ready = await takeReady(knex, 100)
  return {
    incomingId: ready.at(-1)!.incomingId,
    operatorId: 1,
    phone,
    ruleId: 1,
    keyword: 'X',
    service: null,
    owner: null,
    detail: '',
    steps,
  }
}

const text = (clock: FakeClock) =>
  item({ text: 'Réponse', category: 'transactional', dueAtMs: clock.nowMs(), recipient: phone }).message

const stop = (clock: FakeClock, target = '*'): InboundStep => ({
  kind: 'stop',
  target,
  text: text(clock),
  textFailure: '',
})

const replies = (knex: Knex) => knex('messages').where({ text: 'Réponse' })

storeTest('a STOP is confirmed once, blocks what waits, and is not confirmed again', async (t, place) => {
  const { knex, clock } = place
  const queued = await putOne(knex, clock)
  const held = await putOne(knex, clock, { state: 'held', reason: 'approval', category: 'marketing' })
  const code = await putOne(knex, clock, { category: 'transactional' })
  const other = await putOne(knex, clock, { recipient: '22670000002' })
  const [outcome] = await handle(knex, [await wrote(place, stop(clock))], clock.nowMs())
  t.is(outcome?.state, 'handled')
  t.is(outcome?.replies.length, 1)
  t.is(await stateOf(knex, outcome!.replies[0]!.messageId), 'queued')
  t.true(await isStopped(knex, phone, 'default'))
  t.is(await stateOf(knex, queued), 'blocked')
  t.is(await stateOf(knex, held), 'blocked')
  t.is(await stateOf(knex, code), 'queued', 'what the person asked for still comes')
  t.is(await stateOf(knex, other), 'queued')
  const again = await handle(knex, [await wrote(place, stop(clock))], clock.nowMs())
  t.is(again[0]?.replies.length, 0)
  t.is((await replies(knex)).length, 1)
  const [entry] = await listAudit(knex, { noun: 'stop_list', limit: 5 })
  t.like(entry, { actor: 'inbound', action: 'create', nounId: phone })
})

storeTest('a STOP of one service leaves the others', async (t, place) => {
  const { knex, clock } = place
  const auto = await putOne(knex, clock, { service: 'auto' })
  const sante = await putOne(knex, clock, { service: 'sante' })
  const unnamed = await putOne(knex, clock)
  await handle(knex, [await wrote(place, stop(clock, 'auto'))], clock.nowMs())
  t.is(await stateOf(knex, auto), 'blocked')
  t.is(await stateOf(knex, sante), 'queued')
  t.is(await stateOf(knex, unnamed), 'queued')
  t.false(await isStopped(knex, phone, 'sante'))
})

storeTest('an unknown outcome is not sent again after a STOP', async (t, place) => {
  const { knex, clock } = place
  const messageId = await putOne(knex, clock, { unknownPolicy: 'resend' })
  await knex('messages').where({ id: messageId }).update({ state: 8 })
  await handle(knex, [await wrote(place, stop(clock))], clock.nowMs())
  t.is((await knex('messages').where({ id: messageId }))[0].unknown_policy, 0)
})

storeTest(
  'START lifts the stop of its service and of all, and says so when it changed something',
  async (t, place) => {
    const { knex, clock } = place
    const start: InboundStep = { kind: 'start', target: 'auto', text: text(clock), textFailure: '' }
    const idle = await handle(knex, [await wrote(place, start)], clock.nowMs())
    t.is(idle[0]?.replies.length, 0)
    for (const service of ['*', 'auto', 'sante']) {
      await addStops(knex, [{ recipient: phone, service, reason: '' }], change)
    }
    const lifted = await handle(knex, [await wrote(place, start)], clock.nowMs())
    t.is(lifted[0]?.replies.length, 1)
    t.false(await isStopped(knex, phone, 'auto'))
    t.true(await isStopped(knex, phone, 'sante'))
  },
)

storeTest('the same plan twice, or by two nodes at once, answers once', async (t, place) => {
  const { knex, clock } = place
  const plan = await wrote(place, { kind: 'reply', target: '', text: text(clock) })
  const outcomes = await Promise.all([1, 2, 3].map(() => handle(knex, [plan], clock.nowMs())))
  t.is(outcomes.flat().length, 1)
  t.is((await replies(knex)).length, 1)
})

storeTest('killed before the commit nothing was done, after it everything', async (t, place) => {
  const { knex, clock } = place
  const plan = await wrote(place, stop(clock))
  await t.throwsAsync(
    knex.transaction(async transaction => {
      await handle(transaction as unknown as Knex, [plan], clock.nowMs())
      throw new Error('killed')
    }),
  )
  t.is((await replies(knex)).length, 0)
  t.false(await isStopped(knex, phone, 'default'))
  t.is((await takeReady(knex, 10)).length, 1)
  await handle(knex, [plan], clock.nowMs())
  await handle(knex, [plan], clock.nowMs())
  t.is((await replies(knex)).length, 1)
  t.true(await isStopped(knex, phone, 'default'))
})

storeTest(
  'after five replies in ten minutes the phone is not answered, and its STOP still counts',
  async (t, place) => {
    const { knex, clock } = place
    const reply: InboundStep = { kind: 'reply', target: '', text: text(clock) }
    for (let count = 0; count < loopGuard.replies + 2; count += 1) {
      t.is(await isGuarded(knex, phone, clock.nowMs()), count >= loopGuard.replies)
      await handle(knex, [await wrote(place, reply)], clock.nowMs())
      await clock.advance(1_000)
    }
    t.is((await replies(knex)).length, loopGuard.replies)
    const stopped = await handle(knex, [await wrote(place, stop(clock))], clock.nowMs())
    t.is(stopped[0]?.replies.length, 0)
    t.true(await isStopped(knex, phone, 'default'))
    await clock.advance(loopGuard.windowMs)
    await handle(knex, [await wrote(place, reply)], clock.nowMs())
    t.is((await replies(knex)).length, loopGuard.replies + 1)
    const totals = await inboundTotals(knex, { fromMs: 0, toMs: clock.nowMs() + 3_600_000 })
    const guarded = totals
      .filter(({ event }) => event === 'guarded')
      .reduce((sum, { total }) => sum + total, 0)
    t.is(guarded, 3)
  },
)

storeTest('what others must fetch waits, and is fetched once', async (t, place) => {
  const { knex, clock } = place
  const plan = await wrote(
    place,
    { kind: 'application', target: 'caisse', text: null },
    { kind: 'mail', target: 'agence@example.bf', text: null },
  )
  t.is((await handle(knex, [plan], clock.nowMs()))[0]?.state, 'waiting')
  t.is((await waitingActions(knex, { kind: 'mail', limit: 10 })).length, 1)
  const [first, second] = await waitingActions(knex, { limit: 10 })
  t.like(first, {
    action: { kind: 'application', target: 'caisse' },
    message: { incomingId: plan.incomingId },
  })
  await finishAction(knex, first!.action.actionId, change)
  await t.throwsAsync(finishAction(knex, first!.action.actionId, change), { code: 'conflict' })
  t.is((await findIncoming(knex, plan.incomingId))?.message.state, 'waiting')
  await finishAction(knex, second!.action.actionId, change)
  t.is((await findIncoming(knex, plan.incomingId))?.message.state, 'handled')
  await t.throwsAsync(finishAction(knex, 999, change), { code: 'not-found' })
})

storeTest('a number is on a list once; a list in use stays', async (t, place) => {
  const { knex, clock } = place
  const { listId } = await createInboundList(knex, 'Tombola', change)
  const add: InboundStep = { kind: 'list', target: String(listId), text: null, textFailure: '' }
  for (let times = 0; times < 2; times += 1) await handle(knex, [await wrote(place, add)], clock.nowMs())
  t.like(await listedNumbers(knex, listId, { limit: 5 }), [{ phone }])
  const rule = await createInboundRule(
    knex,
    {
      name: 'Tombola',
      isActive: true,
      shortCode: '38001',
      keywords: ['JEU'],
      match: 'first-word',
      actions: [{ kind: 'list', listId }],
    },
    change,
  )
  await t.throwsAsync(deleteInboundList(knex, listId, change), { code: 'conflict' })
  await updateInboundRule(
    knex,
    rule.ruleId,
    { ...rule, actions: [{ kind: 'mail', target: 'x@example.bf' }] },
    change,
  )
  await deleteInboundList(knex, listId, change)
  const gone = await handle(knex, [await wrote(place, add)], clock.nowMs())
  t.like(gone[0], { state: 'failed', failures: [`there is no list ${listId}`] })
})

storeTest('a failed message is tried again without repeating what was done', async (t, place) => {
  const { knex, clock } = place
  const mail: InboundStep = { kind: 'mail', target: 'a@example.bf', text: null }
  const broken: InboundStep = {
    kind: 'not-done',
    of: 'reply',
    target: '',
    isFailure: true,
    reason: 'missing-value',
  }
  const plan = await wrote(place, mail, broken)
  t.like((await handle(knex, [plan], clock.nowMs()))[0], { state: 'failed', failures: ['missing-value'] })
  await retryIncoming(knex, plan.incomingId, change)
  await t.throwsAsync(retryIncoming(knex, plan.incomingId, change), { code: 'conflict' })
  const reply: InboundStep = { kind: 'reply', target: '', text: text(clock) }
  t.is((await handle(knex, [{ ...plan, steps: [mail, reply] }], clock.nowMs()))[0]?.state, 'waiting')
  t.is((await waitingActions(knex, { limit: 10 })).length, 1)
  t.is((await replies(knex)).length, 1)
})

storeTest('a message that cannot be handled is given up alone', async (t, place) => {
  const plan = await wrote(place)
  await failIncoming(place.knex, plan.incomingId, 'bug\0', 5)
  t.is((await takeReady(place.knex, 5)).length, 0)
  t.is((await findIncoming(place.knex, plan.incomingId))?.message.state, 'failed')
})

storeTest(
  'the owner is whoever wrote last within seven days, from the number answered before others',
  async (t, place) => {
    const { knex, clock } = place
    const ask = async (shortCode = '38001') =>
      (await ownersOf(knex, [{ phone, shortCode }], clock.nowMs()))[0]
    t.is(await ask(), null)
    await putOne(knex, clock, { clientId: 9 })
    t.is(await ask(), null, 'queued is not written')
    await knex('messages').delete()
    const first = await putSent(knex, clock, 'A1', { clientId: 4, sender: '38001', service: 'auto' })
    const second = await putSent(knex, clock, 'A2', { alertId: 6, sender: 'ASSUR', service: 'sante' })
    await putSent(knex, clock, 'A3', { category: 'transactional' })
    t.deepEqual(await ask(), { clientId: 4, alertId: null, messageId: first, service: 'auto' })
    t.deepEqual(await ask('38002'), { clientId: null, alertId: 6, messageId: second, service: 'sante' })
    await clock.advance(7 * 24 * 3_600_000 + 1)
    t.is(await ask(), null)
  },
)

storeTest('a template that a rule answers by is not deleted; rules are audited', async (t, { knex }) => {
  const { templateId } = await createTemplate(knex, { name: 'R', language: 'fr', source: 'x' }, change)
  const rule = {
    name: 'R',
    isActive: true,
    shortCode: null,
    keywords: ['R'],
    match: 'whole' as const,
    actions: [{ kind: 'reply' as const, text: { templateId } }],
  }
  await createInboundRule(knex, rule, change)
  await t.throwsAsync(createInboundRule(knex, rule, change), { code: 'name-taken' })
  await t.throwsAsync(deleteTemplate(knex, templateId, change), { code: 'conflict' })
  const actions = [{ kind: 'reply' as const, text: { templateId: 99 } }]
  await t.throwsAsync(createInboundRule(knex, { ...rule, name: 'S', actions }, change), {
    code: 'invalid-request',
  })
  t.is((await listAudit(knex, { noun: 'inbound_rules', limit: 5 })).length, 1)
  checkDefaults(t, await listInboundRules(knex))
})

function checkDefaults(t: ExecutionContext, rules: Awaited<ReturnType<typeof listInboundRules>>): void {
  const words = rules.flatMap(({ keywords }) => keywords)
  for (const word of ['STOP', 'ARRET', 'DESABO', 'UNSUBSCRIBE', 'START', 'OUI', 'HELP', 'AIDE', 'INFO']) {
    t.true(words.includes(word), word)
  }
}
