/** One start of the demo, from the first row read to the comparison of the books. */
import type { Clock } from '../../connectors/clock.ts'
import type { RunIssue } from '../../scheduler/store.ts'
import type { RunningServer } from '../main.ts'
import type { Books } from './books.ts'
import type { DemoDirectory } from './directory.ts'
import type { Furnished } from './furnish.ts'
import { awaitFinalStates, type PlayedAlert, playDay } from './play.ts'
import { type Progress, startProgress } from './progress.ts'
import { type OperatorWitness, type Reconciliation, reconcile } from './reconcile.ts'
import { reconciliationLines } from './reconciliation-lines.ts'
import type { DemoRequest } from './request.ts'
import { summaryLines } from './summary.ts'
import { formatCount } from './table.ts'

export interface Session {
  request: DemoRequest
  clock: Clock
  day: string
  directory: DemoDirectory
  furnished: Furnished
  books: Books
  server: RunningServer
  signal: AbortSignal
}

type Say = (...lines: readonly string[]) => void

/** @throws the signal's reason when it is aborted */
export async function playSession(session: Session, say: Say): Promise<Reconciliation> {
  const { request, clock, books, signal } = session
  const { words, language } = request
  sayLeftBehind(session, say)
  let progress: Progress | null = null
  let played: PlayedAlert[]
  let gaveUpAfter: number | null
  try {
    played = await play(session, say, () => {
      progress = startProgressOf(session)
    })
    gaveUpAfter = await awaitFinalStates(books, clock, signal)
  } finally {
    // Assigned in a callback, which the compiler does not follow.
    ;(progress as Progress | null)?.stop()
  }
  if (gaveUpAfter !== null) say('', words.gaveUp(String(gaveUpAfter)))

  const witnesses = await witnessesOf(session)
  const messages = books.messages()
  const sentTexts = books.sentTexts()
  say(
    ...summaryLines(
      {
        played,
        issues: await issuesOf(session, played),
        messages,
        counters: books.counters(),
        sentTexts,
        sendingMs: books.sendingMs(),
        lapsed: books.lapsed(),
        stillHeld: books.stillHeld(),
        operators: witnesses,
      },
      { words, language },
    ),
  )
  const reported = played.reduce(
    (sum, { report: { counts } }) => sum + counts.enqueued + counts.held + counts.blocked,
    0,
  )
  const reconciliation = reconcile(books, witnesses, reported)
  say(...reconciliationLines(reconciliation, { words, language }))
  if (sentTexts.length === 0) {
    const duplicates = played.reduce((sum, { report }) => sum + report.counts.duplicates, 0)
    say('', duplicates > 0 ? words.nothingSent(formatCount(duplicates, language)) : words.nothingDue)
  }
  return reconciliation
}

function sayLeftBehind({ books: { leftBehind }, request: { words, language } }: Session, say: Say): void {
  const { waiting, unanswered, unreceipted } = leftBehind
  const count = (value: number): string => formatCount(value, language)
  if (waiting > 0) say('', words.leftWaiting(count(waiting)))
  if (unanswered + unreceipted > 0) {
    say('', words.leftUnheard({ unanswered: count(unanswered), unreceipted: count(unreceipted) }))
  }
}

function play(session: Session, say: Say, onRunning: () => void): Promise<PlayedAlert[]> {
  const { request, clock, day, directory, furnished, server, signal } = session
  const { words, language } = request
  const count = (value: number): string => formatCount(value, language)
  return playDay({
    engine: server.application.alerts,
    clock,
    alerts: furnished.alerts,
    insurerFile: directory.insurerFile,
    day,
    seed: directory.mark.seed,
    signal,
    onDay(remembered, evolved) {
      if (remembered > 0) say(words.firstLook(count(remembered)))
      if (evolved.kind === 'already-evolved') say(words.insurerKnown(day))
      else {
        const { subscriptions, endorsements, claimsSettled, instalmentsPaid } = evolved.events
        say(
          words.insurerEvolved({
            subscriptions: count(subscriptions),
            endorsements: count(endorsements),
            settled: count(claimsSettled),
            paid: count(instalmentsPaid),
          }),
        )
      }
      say('', words.running)
      onRunning()
    },
  })
}

function startProgressOf({ request, clock, books, server, furnished }: Session): Progress {
  const { stdout } = process
  const states = () => server.application.gateway.operators()
  return startProgress({
    output: {
      write: text => stdout.write(text),
      isTTY: stdout.isTTY === true,
      columns: stdout.columns || 80,
    },
    clock,
    words: request.words,
    language: request.language,
    books,
    operators: () =>
      furnished.operators.flatMap(
        ({ operatorId }) => states().find(state => state.operatorId === operatorId) ?? [],
      ),
  })
}

function witnessesOf({
  furnished,
}: Session): Promise<(OperatorWitness & { pricePerPartMilli: number; peakInAnySecond: number })[]> {
  return Promise.all(
    furnished.operators.map(async ({ operatorId, running }) => {
      const status = await running.process.ask('status')
      return {
        operatorId,
        name: running.profile.name,
        counts: status,
        messages: await running.process.ask('messages'),
        pricePerPartMilli: running.profile.pricePerPartMilli,
        peakInAnySecond: status.peakInAnySecond,
      }
    }),
  )
}

const issuesPerCall = 1_000

async function issuesOf({ server }: Session, played: readonly PlayedAlert[]): Promise<RunIssue[]> {
  const issues: RunIssue[] = []
  for (const { report } of played) {
    for (let from = 0; ; from += issuesPerCall) {
      const page = await server.application.store.runs.listIssues({
        runId: report.runId,
        from,
        limit: issuesPerCall,
      })
      issues.push(...page)
      if (page.length < issuesPerCall) break
    }
  }
  return issues
}
