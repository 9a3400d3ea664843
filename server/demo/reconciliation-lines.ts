/** The comparison as lines: the table, then every difference in words. */
import type { Check, Reconciliation } from './reconcile.ts'
import { indent } from './summary.ts'
import { type Column, formatCount, tableLines } from './table.ts'
import type { Language, Words } from './words.ts'

const textShown = 60

export function reconciliationLines(
  { checks, open, openExamples, texts, isEqual }: Reconciliation,
  { words, language }: { words: Words; language: Language },
): string[] {
  const { columns: titles } = words
  const columns: Column[] = [
    { title: titles.operator, align: 'left' },
    { title: titles.check, align: 'left' },
    ...(['states', 'counters', 'ledger', 'simulator', 'difference'] as const).map(
      (key): Column => ({ title: titles[key], align: 'right' }),
    ),
  ]
  const figure = (value: number | null): string => (value === null ? '-' : formatCount(value, language))
  let operatorBefore: string | null = null
  const rows = checks.map(row => {
    const name = row.operator === operatorBefore ? '' : row.operator === '' ? words.runs : row.operator
    operatorBefore = row.operator
    const difference = widest(row)
    return [
      name,
      words.checks[row.check],
      figure(row.states),
      figure(row.counters),
      figure(row.ledger),
      figure(row.simulator),
      difference === 0 ? '0' : `${formatCount(difference, language)} !`,
    ]
  })
  const differences = [
    ...open.map(({ state, messages }) =>
      words.open(words.openStates[state], formatCount(messages, language)),
    ),
    ...openExamples.map(({ messageId, recipient, text }) => `#${messageId} ${shown(recipient, text)}`),
    ...texts.map(({ operator, kind, count, first }) => {
      const tell = kind === 'missing-at-simulator' ? words.missingAtSimulator : words.onlyAtSimulator
      return tell(operator, formatCount(count, language), shown(first.recipient, first.text))
    }),
    ...checks
      .filter(row => !row.isEqual)
      .map(row => `${row.operator === '' ? words.runs : row.operator}, ${words.checks[row.check]}`),
  ]
  return [
    '',
    words.reconciliationTitle,
    ...indent(tableLines(columns, rows)),
    '',
    ...(isEqual ? [words.agreed] : [words.disagreed, ...indent(differences.map(line => `- ${line}`))]),
  ]
}

function shown(recipient: string, text: string): string {
  return `${recipient} « ${text.slice(0, textShown)}… »`
}

/** How far apart the figures of a row lie. */
function widest({ states, counters, ledger, simulator }: Check): number {
  const figures = [states, counters, ledger, simulator].filter(value => value !== null)
  return Math.max(...figures) - Math.min(...figures)
}
