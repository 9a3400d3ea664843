/** From candidates to messages: when each may leave, what is known of the person, what policy says. */
import type { EnqueueItem, NewMessage, RunIssue, SchedulerStore, Standing } from '../store.ts'
import type { Candidate } from './match.ts'
import {
  decide,
  type Candidate as PolicyCandidate,
  type RunProgress,
  type Timing,
  timeSend,
} from './policy/decide.ts'
import type { RunSetup } from './setup.ts'

export interface DecidedItem {
  candidate: Candidate
  item: EnqueueItem
  issue: RunIssue | null
}

const unknownPerson: Standing = { isStopped: false, isCapped: false }

/** @param runId null in a dry run */
export async function decideCandidates(
  candidates: readonly Candidate[],
  setup: RunSetup,
  store: Pick<SchedulerStore, 'standings'>,
  runId: number | null,
): Promise<DecidedItem[]> {
  const { rules, now } = setup
  // Which candidates are new is known to the ledger alone, so the cap is judged when the run is over.
  const run: RunProgress = { cap: setup.definition.runCap, count: 0, isCounting: true, isApproved: false }
  const judged = candidates.map(candidate => {
    const policy = policyCandidate(candidate, setup)
    return { candidate, policy, timing: timeSend(policy, rules, now) }
  })
  const standings = await standingsOf(judged, setup, store)
  return judged.map(({ candidate, policy, timing }, index) => {
    const message = messageOf(candidate, setup, runId)
    if (candidate.refusal !== '') {
      return done(candidate, { ...message, state: 'blocked', reason: 'text-refused' }, candidate.refusal)
    }
    const decision = decide(policy, timing, { standing: standings[index]!, run }, rules)
    if (decision.kind === 'block') {
      return done(candidate, { ...message, state: 'blocked', reason: decision.reason }, '')
    }
    const timed: NewMessage = {
      ...message,
      dueAtMs: decision.dueAt.getTime(),
      expiresAtMs: decision.expiresAt.getTime(),
      capKey: decision.capKey,
    }
    if (decision.kind === 'queue') return done(candidate, timed, null)
    const { reason, detail } = decision
    return done(candidate, { ...timed, state: 'held', reason }, reason === 'run-open' ? null : detail)
  })
}

/** @param detail null when nobody needs to read about it */
function done(candidate: Candidate, message: NewMessage, detail: string | null): DecidedItem {
  const { rowNumber, entityKey, occurrenceKey } = candidate
  return {
    candidate,
    item: { message, ledger: { entityKey, occurrenceKey } },
    issue: detail === null ? null : { rowNumber, entityKey, reason: message.reason, detail },
  }
}

function policyCandidate(
  { occurrence, missingValues }: Candidate,
  { definition }: RunSetup,
): PolicyCandidate {
  const { plannedTime, dueDate, offsetDays, isFeastEstimated } = occurrence
  return {
    category: definition.category,
    isUrgent: definition.category === 'transactional' && definition.priority === 'express',
    service: definition.service,
    missingValues,
    ...(plannedTime !== undefined && { plannedTime }),
    ...(dueDate !== undefined && { dueDate }),
    ...(offsetDays !== undefined && { offsetDays }),
    ...(isFeastEstimated !== undefined && { isFeastEstimated }),
  }
}

/** One question to the store per cap key of the batch: usually one, none for categories that nothing can stop. */
async function standingsOf(
  timed: readonly { candidate: Candidate; timing: Timing }[],
  { definition, rules }: RunSetup,
  store: Pick<SchedulerStore, 'standings'>,
): Promise<Standing[]> {
  const standings = timed.map(() => unknownPerson)
  const { category, service } = definition
  if (!rules.stoppedCategories.includes(category) && !rules.cappedCategories.includes(category))
    return standings
  const byCapKey = new Map<string | null, number[]>()
  timed.forEach(({ timing }, index) => {
    const capKey = timing.kind === 'timed' ? timing.capKey : null
    byCapKey.set(capKey, [...(byCapKey.get(capKey) ?? []), index])
  })
  for (const [capKey, indexes] of byCapKey) {
    const answers = await store.standings(
      indexes.map(index => timed[index]!.candidate.recipient),
      service,
      capKey,
    )
    indexes.forEach((index, position) => {
      standings[index] = answers[position]!
    })
  }
  return standings
}

function messageOf(
  candidate: Candidate,
  { definition, now, alertId }: RunSetup,
  runId: number | null,
): NewMessage {
  const nowMs = now.getTime()
  return {
    recipient: candidate.recipient,
    sender: definition.sender ?? null,
    text: candidate.text,
    encoding: candidate.encoding,
    parts: candidate.parts,
    category: definition.category,
    priority: definition.priority,
    state: 'queued',
    reason: '',
    dueAtMs: nowMs,
    expiresAtMs: nowMs + definition.validityHours * 3_600_000,
    unknownPolicy: definition.unknownPolicy,
    isFlash: false,
    alertId,
    runId,
    clientId: null,
    clientReference: null,
    capKey: null,
  }
}
