/** What the demo was asked for: options as the command line gives them, read and checked. */
import { resolve } from 'node:path'
import type { FaultRule } from '../../connectors/operators/simulator/faults.ts'
import { type LocalDate, parseIsoDate, yearOf } from '../../scheduler/calendar/local-date.ts'
import { readFaultFile } from './simulated-operators.ts'
import { spoken } from './spoken.ts'
import { type Language, languages, type Words } from './words.ts'

export interface DemoOptions {
  /** End after the summary; without it the demo stays up until it is interrupted. */
  once?: boolean | undefined
  /** The day to play, `YYYY-MM-DD`; today when absent. */
  date?: string | undefined
  /** Its directory; `./demo-data` when absent. */
  data?: string | undefined
  /** Begin with an empty directory. */
  reset?: boolean | undefined
  /** Language of what is printed, `fr` (default) or `en`. */
  lang?: string | undefined
  /** Contracts of a new insurer, 200 to 200,000; 5,000 when absent. */
  contracts?: string | undefined
  /** A file with a fault plan for both operators: to see what a bad day looks like. */
  simulatorFaults?: string | undefined
}

export interface DemoRequest {
  isOnce: boolean
  day: LocalDate | null
  directory: string
  reset: boolean
  language: Language
  words: Words
  /** null when not asked for. */
  contracts: number | null
  faults: readonly FaultRule[]
}

export type DemoRequestOutcome =
  | { kind: 'request'; request: DemoRequest }
  | { kind: 'refused'; reason: string }

const contractLimits = { min: 200, max: 200_000 }
/** Within the reach of the insurer's generator and of the Islamic calendar. */
const yearLimits = { min: 2000, max: 2100 }

export function readRequest(options: DemoOptions): DemoRequestOutcome {
  const refuse = (reason: string): DemoRequestOutcome => ({ kind: 'refused', reason })
  const language = languages.find(each => each === (options.lang ?? 'fr'))
  if (language === undefined)
    return refuse(`--lang: found ${options.lang}, expected ${languages.join(' or ')}`)
  const words = spoken[language]
  const day = options.date === undefined ? null : parseIsoDate(options.date)
  if (options.date !== undefined) {
    const isWithin = day !== null && yearOf(day) >= yearLimits.min && yearOf(day) <= yearLimits.max
    if (!isWithin) return refuse(words.badDate(options.date))
  }
  let contracts: number | null = null
  if (options.contracts !== undefined) {
    contracts = /^\d{1,6}$/.test(options.contracts) ? Number(options.contracts) : 0
    if (contracts < contractLimits.min || contracts > contractLimits.max) {
      return refuse(words.badContracts(options.contracts))
    }
  }
  const plan =
    options.simulatorFaults === undefined
      ? { kind: 'faults' as const, faults: [] }
      : readFaultFile(options.simulatorFaults)
  if (plan.kind === 'refused') return refuse(words.badFaults(options.simulatorFaults ?? '', plan.reason))
  return {
    kind: 'request',
    request: {
      isOnce: options.once === true,
      day,
      directory: resolve(options.data ?? 'demo-data'),
      reset: options.reset === true,
      language,
      words,
      contracts,
      faults: plan.faults,
    },
  }
}
