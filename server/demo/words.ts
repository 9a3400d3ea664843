/** What the demo has to say, in any language. Names and texts of the insurer stay French: its clients are. */
import type { LinkState } from '../../connectors/operator.ts'

export const languages = ['fr', 'en'] as const
export type Language = (typeof languages)[number]

export interface Words {
  title(day: string): string
  dataDirectory(path: string, isNew: boolean): string
  insurerMade(counts: { contracts: string; insured: string; vehicles: string }): string
  /** What the insurer did on the day played. */
  insurerEvolved(counts: {
    subscriptions: string
    endorsements: string
    settled: string
    paid: string
  }): string
  insurerKnown(day: string): string
  contractsIgnored: string
  firstLook(rows: string): string
  operator(figures: { name: string; protocol: string; port: number; partsPerSecond: number }): string
  leftWaiting(count: string): string
  leftUnheard(counts: { unanswered: string; unreceipted: string }): string
  running: string
  link: Record<LinkState, string>
  progress: Record<'queued' | 'inFlight' | 'sent' | 'delivered' | 'failed' | 'partsPerSecond', string>
  columns: Record<
    | 'alert'
    | 'read'
    | 'due'
    | 'sent'
    | 'delivered'
    | 'failed'
    | 'held'
    | 'blocked'
    | 'duplicates'
    | 'rejected'
    | 'parts'
    | 'cost'
    | 'operator'
    | 'price'
    | 'check'
    | 'states'
    | 'counters'
    | 'ledger'
    | 'simulator'
    | 'difference',
    string
  >
  total: string
  summaryTitle: string
  heldTitle: string
  blockedTitle: string
  rejectedTitle: string
  failedRuns: string
  lapsed(count: string): string
  stillHeld(count: string): string
  example(text: string): string
  samplesTitle: string
  operatorsTitle: string
  pace(figures: { sent: string; seconds: string; perSecond: string }): string
  peak(figures: { operator: string; parts: string; throttled: string }): string
  /** By reason code; a code that is missing here is shown as it is. */
  reasons: Readonly<Record<string, string>>
  nothingSent(duplicates: string): string
  nothingDue: string
  reconciliationTitle: string
  checks: Record<'messages' | 'parts' | 'delivered' | 'undelivered' | 'expired' | 'occasions', string>
  open(state: string, count: string): string
  openStates: Record<'queued' | 'sending' | 'sent' | 'unknown', string>
  directoryRefused(reason: string): string
  missingAtSimulator(operator: string, count: string, first: string): string
  onlyAtSimulator(operator: string, count: string, first: string): string
  agreed: string
  disagreed: string
  /** Names the row that counts for all operators. */
  runs: string
  gaveUp(seconds: string): string
  stays: string
  api(url: string): string
  portTaken(wanted: number, port: number): string
  documentation(url: string): string
  health(url: string): string
  key(key: string): string
  tryIt: string
  logFile(path: string): string
  untilInterrupted: string
  stopping: string
  stopped: string
  interrupted(waiting: string): string
  /** Refusals at the start. */
  foreignDirectory(path: string, found: string): string
  otherVersion(path: string, why: string): string
  badDate(text: string): string
  badContracts(text: string): string
  badFaults(file: string, why: string): string
  noLongerRunning(why: string): string
}
