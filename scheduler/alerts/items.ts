/** From candidates to messages: when each may leave, what is known of the person, what policy says. */
import type { SendingPlace } from '../calendar/sending-hours.ts'
import type { EnqueueItem, NewMessage, RunIssue, SchedulerStore, Standing } from '../store.ts'
import type { EngineDependencies } from './engine.ts'
import type { Candidate } from './match.ts'
import {
  decide,
  type Candidate as PolicyCandidate,
  type RunProgress,
  type Timing,
  timeSend,
} from './policy/decide.ts'
import { openTerms, type SendingTerms } from './policy/terms.ts'
import type { RunSetup } from './setup.ts'

export interface DecidedItem {
  candidate: Candidate
  item: EnqueueItem
  terms: SendingTerms
  issue: RunIssue | null
}

const unknownPerson: Standing = { isStopped: false, isCapped: false }

export interface DecideOptions {
  /** null in a dry run. */
  runId: number | null
  termsOf?: EngineDependencies['termsOf']
}

export async function decideCandidates(
  candidates: readonly Candidate[],
  setup: RunSetup,
  store: Pick<SchedulerStore, 'standings'>,
  { runId, termsOf }: DecideOptions,
): Promise<DecidedItem[]> {
  const { rules, now } = setup
  // Which candidates are new is known to the ledger alone, so the cap is judged when the run is over.
  const run: RunProgress = { cap: setup.definition.runCap, count: 0, isCounting: true, isApproved: false }
  const timingOf = createTimer(policy => timeSend(policy, rules, now))
  const judged = candidates.map(candidate => {
    const message = messageOf(candidate, setup, runId)
    const policy = policyCandidate(candidate, setup, termsOf?.(message) ?? openTerms(message.sender))
    return { candidate, message, policy, timing: timingOf(policy) }
  })
  const standings = await standingsOf(judged, setup, store)
  return judged.map(({ candidate, message, policy, timing }, index) => {
    const done = finisher(candidate, policy.terms)
    if (candidate.refusal !== '') {
      return done({ ...message, state: 'blocked', reason: 'text-refused' }, candidate.refusal)
    }
    const decision = decide(policy, timing, { standing: standings[index]!, run }, rules)
    if (decision.kind === 'block') {
      return done({ ...message, state: 'blocked', reason: decision.reason }, decision.detail ?? '')
    }
    const timed: NewMessage = {
      ...message,
      dueAtMs: decision.dueAt.getTime(),
      expiresAtMs: decision.expiresAt.getTime(),
      capKey: decision.capKey,
    }
    if (decision.kind === 'queue') return done(timed, null)
    const { reason, detail } = decision
    return done({ ...timed, state: 'held', reason }, reason === 'run-open' ? null : detail)
  })
}

function finisher(
  candidate: Candidate,
  terms: SendingTerms,
): (
  message: NewMessage,
  /** null when nobody needs to read about it */ detail: string | null,
) => DecidedItem {
  const { rowNumber, entityKey, occurrenceKey } = candidate
  return (message, detail) => ({
    candidate,
    item: { message, ledger: { entityKey, occurrenceKey } },
    terms,
    issue: detail === null ? null : { rowNumber, entityKey, reason: message.reason, detail },
  })
}

type CandidateWithTerms = PolicyCandidate & { terms: SendingTerms }

function policyCandidate(
  { occurrence, missingValues }: Candidate,
  { definition }: RunSetup,
  terms: SendingTerms,
): CandidateWithTerms {
  const { plannedTime, dueDate, offsetDays, isFeastEstimated } = occurrence
  return {
    category: definition.category,
    isUrgent: definition.category === 'transactional' && definition.priority === 'express',
    service: definition.service,
    missingValues,
    plannedTime,
    dueDate,
    offsetDays,
    isFeastEstimated,
    terms,
  }
}

/** Rows of a batch are mostly about the same day: what was worked out for the one before then holds for the next. */
function createTimer(timeOf: (policy: CandidateWithTerms) => Timing): (policy: CandidateWithTerms) => Timing {
  let last: { policy: CandidateWithTerms; timing: Timing } | null = null
  return policy => {
    if (last === null || !isTimedAlike(last.policy, policy)) last = { policy, timing: timeOf(policy) }
    return last.timing
  }
}

/** Candidates of one alert, which share everything else that times them. */
function isTimedAlike(a: CandidateWithTerms, b: CandidateWithTerms): boolean {
  return (
    a.plannedTime === b.plannedTime &&
    a.dueDate === b.dueDate &&
    a.offsetDays === b.offsetDays &&
    hoursOf(a.terms) === hoursOf(b.terms)
  )
}

function hoursOf(terms: SendingTerms): SendingPlace | null {
  return terms.kind === 'allowed' ? terms.within : null
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
  const byCapKey = Map.groupBy(timed.keys(), index => {
    const { timing } = timed[index]!
    return timing.kind === 'timed' ? timing.capKey : null
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
    unknownPolicy: definition.unknownPolicy ?? null,
    isFlash: false,
    alertId,
    runId,
    clientId: null,
    clientReference: null,
    capKey: null,
    service: definition.service,
  }
}
