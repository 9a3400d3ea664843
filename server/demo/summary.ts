/** The figures of the day as lines: by alert, why messages did not leave, by operator. */
import type { RunIssue } from '../../scheduler/store.ts'
import type { CounterChange, SentText, StateCount } from './books.ts'
import type { PlayedAlert } from './play.ts'
import type { OperatorWitness } from './reconcile.ts'
import { type Column, formatCount, formatRate, pad, tableLines } from './table.ts'
import type { Language, Words } from './words.ts'

export interface SummaryFacts {
  played: readonly PlayedAlert[]
  /** Of those runs. */
  issues: readonly RunIssue[]
  messages: readonly StateCount[]
  counters: readonly CounterChange[]
  sentTexts: readonly SentText[]
  /** From the first submit to the last answer; null when nothing was sent. */
  sendingMs: number | null
  /** Held on an earlier day, given up now. */
  lapsed: number
  /** Held on an earlier day, and still so. */
  stillHeld: number
  operators: readonly (OperatorWitness & { pricePerPartMilli: number; peakInAnySecond: number })[]
}

interface Speech {
  words: Words
  language: Language
}

/** Reasons are told apart by the state they lead to. */
const holdReasons: ReadonlySet<string> = new Set(['missing-value', 'approval', 'feast-unconfirmed', 'manual'])
const blockReasons: ReadonlySet<string> = new Set([
  'stop-list',
  'frequency-cap',
  'no-sending-time',
  'no-route',
  'text-refused',
  'expired',
])
/** Their detail is a sentence about one row, which tells nothing of the others. */
const selfExplaining: ReadonlySet<string> = new Set(['reminder-too-late', 'text-refused', 'frequency-cap'])
/** More reasons than this are read in the run's own list. */
const mostReasons = 8

export function summaryLines(facts: SummaryFacts, speech: Speech): string[] {
  const { words } = speech
  return [
    '',
    words.summaryTitle,
    ...indent(alertTable(facts, speech)),
    ...failedRuns(facts, words),
    ...reasonBlock(words.heldTitle, facts.issues.filter(isHold), speech),
    ...reasonBlock(words.blockedTitle, facts.issues.filter(isBlock), speech),
    ...reasonBlock(
      words.rejectedTitle,
      facts.issues.filter(issue => !isHold(issue) && !isBlock(issue)),
      speech,
    ),
    ...earlierDays(facts, speech),
    ...sampleLines(facts, words),
    '',
    words.operatorsTitle,
    ...indent(operatorTable(facts, speech)),
    ...paceLines(facts, speech),
  ]
}

function alertTable({ played, messages, counters }: SummaryFacts, { words, language }: Speech): string[] {
  const { columns: titles } = words
  const keys = [
    'read',
    'due',
    'sent',
    'delivered',
    'failed',
    'held',
    'blocked',
    'duplicates',
    'rejected',
    'parts',
    'cost',
  ] as const
  const columns: Column[] = [
    { title: titles.alert, align: 'left' },
    ...keys.map((key): Column => ({ title: titles[key], align: 'right' })),
  ]
  const figures = played.map(({ alert, report: { counts } }) => {
    const own = messages.filter(row => row.alertId === alert.id)
    const sent = own.filter(row => row.wasSent)
    return [
      counts.read,
      counts.matched,
      total(sent, row => row.messages),
      total(own, row => (row.state === 'delivered' ? row.messages : 0)),
      total(own, row => (hasFailed(row) ? row.messages : 0)),
      total(own, row => (row.state === 'held' ? row.messages : 0)),
      total(own, row => (row.state === 'blocked' ? row.messages : 0)),
      counts.duplicates,
      counts.rejected,
      total(sent, row => row.parts),
      total(counters, row => (row.alertId === alert.id && row.state === 'sent' ? row.costMilli : 0)) / 1000,
    ]
  })
  const sums = keys.map((_, index) => total(figures, row => row[index]!))
  const cells = (name: string, row: readonly number[]): string[] => [
    name,
    ...row.map(value => formatCount(value, language)),
  ]
  const rows = played.map(({ alert }, index) => cells(alert.name, figures[index]!))
  return tableLines(columns, [...rows, cells(words.total, sums)])
}

function operatorTable(
  { operators, messages, counters }: SummaryFacts,
  { words, language }: Speech,
): string[] {
  const { columns: titles } = words
  const columns: Column[] = [
    { title: titles.operator, align: 'left' },
    ...(['sent', 'delivered', 'failed', 'parts', 'price', 'cost'] as const).map(
      (key): Column => ({ title: titles[key], align: 'right' }),
    ),
  ]
  const rows = operators.map(({ operatorId, name, pricePerPartMilli }) => {
    const all = messages.filter(row => row.operatorId === operatorId)
    const own = all.filter(row => row.wasSent)
    const cost = total(counters, row =>
      row.operatorId === operatorId && row.state === 'sent' ? row.costMilli : 0,
    )
    return [
      name,
      formatCount(
        total(own, row => row.messages),
        language,
      ),
      formatCount(
        total(own, row => (row.state === 'delivered' ? row.messages : 0)),
        language,
      ),
      formatCount(
        total(all, row => (hasFailed(row) ? row.messages : 0)),
        language,
      ),
      formatCount(
        total(own, row => row.parts),
        language,
      ),
      formatCount(pricePerPartMilli / 1000, language),
      formatCount(cost / 1000, language),
    ]
  })
  return tableLines(columns, rows)
}

function paceLines({ sendingMs, sentTexts, operators }: SummaryFacts, { words, language }: Speech): string[] {
  if (sendingMs === null || sentTexts.length === 0) return []
  // A burst shorter than a second is not a rate per second.
  const seconds = Math.max(sendingMs / 1000, 1)
  const pace = words.pace({
    sent: formatCount(sentTexts.length, language),
    seconds: formatRate(sendingMs / 1000, language),
    perSecond: formatRate(sentTexts.length / seconds, language),
  })
  const peaks = operators.map(({ name, peakInAnySecond, counts }) => {
    return words.peak({
      operator: name,
      parts: formatCount(peakInAnySecond, language),
      throttled: formatCount(counts.partsThrottled, language),
    })
  })
  return indent([pace, ...peaks])
}

function reasonBlock(title: string, issues: readonly RunIssue[], { words, language }: Speech): string[] {
  if (issues.length === 0) return []
  const byReason = new Map<string, { count: number; details: Map<string, number> }>()
  for (const { reason, detail } of issues) {
    const known = byReason.get(reason) ?? { count: 0, details: new Map<string, number>() }
    known.count += 1
    if (detail !== '' && !selfExplaining.has(reason))
      known.details.set(detail, (known.details.get(detail) ?? 0) + 1)
    byReason.set(reason, known)
  }
  const ranked = [...byReason].sort(([, a], [, b]) => b.count - a.count).slice(0, mostReasons)
  const lines = ranked.map(([reason, { count, details }]) => {
    const [commonest] = [...details].sort(([, a], [, b]) => b - a)
    const example = commonest === undefined ? '' : `, ${words.example(commonest[0])}`
    return `${pad(formatCount(count, language), 6, 'right')}  ${words.reasons[reason] ?? reason}${example}`
  })
  return ['', title, ...indent(lines)]
}

function earlierDays({ lapsed, stillHeld }: SummaryFacts, { words, language }: Speech): string[] {
  const lines = [
    ...(stillHeld > 0 ? [words.stillHeld(formatCount(stillHeld, language))] : []),
    ...(lapsed > 0 ? [words.lapsed(formatCount(lapsed, language))] : []),
  ]
  return lines.length === 0 ? [] : ['', ...lines]
}

function failedRuns({ played }: SummaryFacts, words: Words): string[] {
  const failed = played.filter(
    ({ report }) => report.outcome !== 'done' && report.outcome !== 'done-with-issues',
  )
  if (failed.length === 0) return []
  const lines = failed.map(({ alert, report }) => `${alert.name}: ${report.outcome} ${report.detail}`)
  return ['', words.failedRuns, ...indent(lines)]
}

function sampleLines({ played, sentTexts }: SummaryFacts, words: Words): string[] {
  const lines = played.flatMap(({ alert }) => {
    const first = sentTexts.find(({ alertId }) => alertId === alert.id)
    return first === undefined ? [] : [`${alert.name} -> ${first.recipient}`, `  ${first.text}`]
  })
  return lines.length === 0 ? [] : ['', words.samplesTitle, ...indent(lines)]
}

/** Did not reach the phone, or was turned away by the operator. */
function hasFailed({ state }: StateCount): boolean {
  return state === 'undelivered' || state === 'expired' || state === 'refused'
}

function isHold({ reason }: RunIssue): boolean {
  return holdReasons.has(reason)
}

function isBlock({ reason }: RunIssue): boolean {
  return blockReasons.has(reason)
}

export function indent(lines: readonly string[]): string[] {
  return lines.map(line => (line === '' ? line : `  ${line}`))
}

function total<Row>(rows: readonly Row[], figure: (row: Row) => number): number {
  return rows.reduce((sum, row) => sum + figure(row), 0)
}
