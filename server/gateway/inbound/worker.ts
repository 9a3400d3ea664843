/**
 * Looks after incoming messages: parts to whole ones, whole ones to what their rules say. Woken when parts are stored,
 * and from time to time for sets whose parts did not come.
 *
 * Nothing is kept here: every step is one transaction of the store that can be repeated, so that a crash between any
 * two loses no message and repeats no reply.
 */
import type { Clock } from '../../../connectors/clock.ts'
import type { NewMessage } from '../../../scheduler/store.ts'
import type { CountryCode } from '../../../templates/text/country-presets.ts'
import { RappelError } from '../../errors.ts'
import type { Logger } from '../../log.ts'
import type { HandledIncoming, InboundPlan, ReadyIncoming } from '../../store/inbound-handling.ts'
import { type InboundRuleRecord, templateIdsOf } from '../../store/inbound-rules.ts'
import type { Store } from '../../store/operations.ts'
import type { Alarms } from '../alarms.ts'
import { planFor } from './plan.ts'
import type { ReplyTemplates } from './reply-text.ts'
import { readSender } from './sender.ts'

/** Also how late a set that is overdue, or a message of another node, is noticed. */
const tickMs = 5_000
/** Parts or messages of one transaction: some 20 ms, which claims and receipts wait for. */
const batchLimit = 50

export interface InboundSettings {
  /** Country of senders that an operator writes without their calling code. */
  country: CountryCode
}

export interface InboundDependencies {
  store: Pick<Store, 'inbound' | 'inboundRules' | 'templates'>
  clock: Clock
  log: Logger
  alarms: Pick<Alarms, 'raise' | 'clear'>
  settings: InboundSettings
  /** Whether the operator is there to carry a reply. */
  isStarted(operatorId: number): boolean
  operatorFor(message: NewMessage): number | null
  /** Numbers of ours, as operators are configured. */
  ownNumbers(): string[]
  /** Replies were queued for these operators. */
  onQueued(operatorIds: ReadonlySet<number>): void
}

export interface InboundWorker {
  /** Parts were stored. */
  wake(): void
  /** Resolves when the step under way is over. */
  stop(): Promise<void>
}

export function createInboundWorker(dependencies: InboundDependencies): InboundWorker {
  const { store, clock, log, alarms } = dependencies
  let running: Promise<void> | null = null
  let isWanted = false
  let isStopped = false

  async function run(): Promise<void> {
    while (isWanted && !isStopped) {
      isWanted = false
      try {
        if (await step(dependencies)) isWanted = true
        alarms.clear('inbound-failed', 'worker')
      } catch (error) {
        // What is stored waits for the next tick; nothing was answered and nothing is lost.
        log.error({ event: 'inbound.failed', error: String(error) })
        const isPassing = error instanceof RappelError && error.code === 'store-unavailable'
        if (!isPassing) alarms.raise('inbound-failed', 'worker', String(error))
      }
    }
    running = null
  }

  function wake(): void {
    isWanted = true
    if (!isStopped) running ??= run()
  }

  const cancel = clock.every(tickMs, wake)
  return {
    wake,
    async stop() {
      isStopped = true
      cancel()
      await running
    },
  }

  /** @returns whether there may be more to do at once */
  async function step({ store: { inbound } }: InboundDependencies): Promise<boolean> {
    const request = { nowMs: clock.nowMs(), limit: batchLimit }
    const { parts } = await inbound.assemble(request)
    const overdue = await inbound.closeOverdue(request)
    const ready = await inbound.takeReady(batchLimit)
    if (ready.length > 0) await handleAll(ready)
    return [parts, overdue, ready.length].some(count => count === batchLimit)
  }

  async function handleAll(ready: readonly ReadyIncoming[]): Promise<void> {
    const rules = await store.inboundRules.list()
    const plans = await plansFor(ready, rules, dependencies)
    try {
      conclude(await store.inbound.handle(plans, clock.nowMs()), plans, rules)
    } catch (error) {
      if (error instanceof RappelError && error.code === 'store-unavailable') throw error
      // One message at fault must not hold up the others.
      for (const plan of plans) await handleAlone(plan, rules)
    }
  }

  async function handleAlone(plan: InboundPlan, rules: readonly InboundRuleRecord[]): Promise<void> {
    try {
      conclude(await store.inbound.handle([plan], clock.nowMs()), [plan], rules)
    } catch (error) {
      if (error instanceof RappelError && error.code === 'store-unavailable') throw error
      const reason = error instanceof Error ? error.message : String(error)
      log.error({ event: 'inbound.message-failed', incomingId: plan.incomingId, error: String(error) })
      await store.inbound.fail(plan.incomingId, reason, clock.nowMs())
      alarms.raise('inbound-failed', ruleName(plan, rules), reason)
    }
  }

  function conclude(
    handled: readonly HandledIncoming[],
    plans: readonly InboundPlan[],
    rules: readonly InboundRuleRecord[],
  ): void {
    const queuedFor = new Set<number>()
    for (const { incomingId, state, replies, failures } of handled) {
      const plan = plans.find(one => one.incomingId === incomingId)!
      for (const { message } of replies) if (message.operatorId !== null) queuedFor.add(message.operatorId)
      log.info({ event: 'inbound.handled', incomingId, ruleId: plan.ruleId, state, replies: replies.length })
      const subject = ruleName(plan, rules)
      if (failures.length > 0) alarms.raise('inbound-failed', subject, failures.join('; '))
      else if (plan.ruleId !== null) alarms.clear('inbound-failed', subject)
    }
    if (queuedFor.size > 0) dependencies.onQueued(queuedFor)
  }
}

function ruleName({ ruleId }: InboundPlan, rules: readonly InboundRuleRecord[]): string {
  return rules.find(rule => rule.ruleId === ruleId)?.name ?? 'no rule'
}

async function plansFor(
  ready: readonly ReadyIncoming[],
  rules: readonly InboundRuleRecord[],
  dependencies: InboundDependencies,
): Promise<InboundPlan[]> {
  const { store, clock, settings } = dependencies
  const { country } = settings
  const ownNumbers = ownNumbersOf(dependencies.ownNumbers(), rules)
  const senders = ready.map(({ sender, shortCode }) =>
    readSender(sender, { country, ownNumbers: new Set([...ownNumbers, shortCode]) }),
  )
  const nowMs = clock.nowMs()
  const requests = ready.map(({ shortCode }, index) => ({ phone: senders[index]!.phone, shortCode }))
  const owners = await store.inbound.ownersOf(requests, nowMs)
  const templates = await replyTemplates(rules, store)
  return ready.map((message, index) => {
    const facts = { rules, templates, country, sender: senders[index]!, owner: owners[index]!, nowMs }
    const plan = planFor(message, { ...facts, operatorId: message.operatorId })
    if (dependencies.isStarted(message.operatorId)) return plan
    // The number that was written to belongs to an operator that is not there: any other way will do.
    return { ...plan, steps: plan.steps.map(step => rerouted(step, dependencies)) }
  })
}

function rerouted(
  step: InboundPlan['steps'][number],
  { operatorFor }: InboundDependencies,
): InboundPlan['steps'][number] {
  if (!('text' in step) || step.text === null) return step
  return {
    ...step,
    text: { ...step.text, operatorId: operatorFor(step.text) ?? step.text.operatorId },
  } as typeof step
}

/** @param configured senders of operators: names among them are no numbers */
export function ownNumbersOf(
  configured: readonly string[],
  rules: readonly Pick<InboundRuleRecord, 'shortCode'>[],
): Set<string> {
  const numbers = [...configured, ...rules.flatMap(({ shortCode }) => shortCode ?? [])]
  return new Set(numbers.map(number => number.replace(/^\+/, '')).filter(number => /^\d+$/.test(number)))
}

/** The stored templates that rules answer by. */
export async function replyTemplates(
  rules: readonly Pick<InboundRuleRecord, 'actions' | 'isActive'>[],
  { templates }: Pick<Store, 'templates'>,
): Promise<ReplyTemplates> {
  const found = new Map<number, { language: 'fr' | 'en'; source: string }>()
  const active = rules.filter(({ isActive }) => isActive)
  for (const templateId of new Set(active.flatMap(({ actions }) => templateIdsOf(actions)))) {
    const record = await templates.find(templateId)
    if (record !== null) found.set(templateId, record)
  }
  return found
}
