/** One line per operator while messages flow: rewritten in place on a terminal, repeated now and then elsewhere. */
import type { Clock } from '../../connectors/clock.ts'
import type { OperatorState } from '../gateway/gateway.ts'
import type { Books } from './books.ts'
import { type Column, formatCount, formatRate, pad, tableLines } from './table.ts'
import type { Language, Words } from './words.ts'

export interface ProgressOutput {
  write(text: string): void
  isTTY: boolean
  columns: number
}

export interface ProgressOptions {
  output: ProgressOutput
  clock: Clock
  words: Words
  language: Language
  books: Pick<Books, 'queued' | 'counters'>
  operators(): OperatorState[]
}

export interface Progress {
  /** Writes the last state; nothing after it. */
  stop(): void
}

/** A terminal shows movement; a log file wants few lines. */
const terminalMs = 250
const plainMs = 2_000
/** The rate shown is that of the last second and a half: steadier than one look. */
const rateMs = 1_500

/** What the whole table needs. */
const narrowColumns = 96

interface Figures {
  queued: number
  sent: number
  sentParts: number
  delivered: number
  failed: number
}

export function startProgress(options: ProgressOptions): Progress {
  const { output, clock } = options
  const looks: { atMs: number; parts: Map<number, number> }[] = []
  let written = 0
  let lastBlock = ''

  function look(): Map<number, Figures> {
    const figures = figuresByOperator(options.books)
    const parts = new Map([...figures].map(([id, { sentParts }]) => [id, sentParts]))
    looks.push({ atMs: clock.nowMs(), parts })
    return figures
  }

  function show(): void {
    const figures = look()
    const { atMs } = looks.at(-1)!
    while (looks.length > 2 && atMs - looks[1]!.atMs >= rateMs) looks.shift()
    const since = looks[0]!
    const seconds = Math.max((atMs - since.atMs) / 1000, 0.001)
    const rows = options.operators().map((state): Row => {
      const own = figures.get(state.operatorId) ?? noFigures()
      const gained = own.sentParts - (since.parts.get(state.operatorId) ?? 0)
      return { state, figures: own, partsPerSecond: gained / seconds }
    })
    if (output.isTTY) {
      // Cut: a line that wraps would not be rewritten whole.
      const lines = blockOf(rows, options).map(line => [...line].slice(0, output.columns - 1).join(''))
      const up = written > 0 ? `\x1b[${written}A` : ''
      output.write(up + lines.map(line => `\x1b[2K${line}\n`).join(''))
      written = lines.length
      return
    }
    const block = rows.map(row => lineOf(row, options)).join('\n')
    if (block !== lastBlock) output.write(`${block}\n`)
    lastBlock = block
  }

  look()
  const cancel = clock.every(output.isTTY ? terminalMs : plainMs, show)
  return {
    stop() {
      cancel()
      show()
    },
  }
}

function figuresByOperator(books: Pick<Books, 'queued' | 'counters'>): Map<number, Figures> {
  const byOperator = new Map<number, Figures>()
  const of = (operatorId: number): Figures => {
    const figures = byOperator.get(operatorId) ?? noFigures()
    byOperator.set(operatorId, figures)
    return figures
  }
  for (const { operatorId, messages } of books.queued()) of(operatorId).queued += messages
  for (const { operatorId, state, messages, parts } of books.counters()) {
    const figures = of(operatorId)
    if (state === 'sent') {
      figures.sent += messages
      figures.sentParts += parts
    }
    if (state === 'delivered') figures.delivered += messages
    if (state === 'undelivered' || state === 'expired' || state === 'refused') figures.failed += messages
  }
  return byOperator
}

function noFigures(): Figures {
  return { queued: 0, sent: 0, sentParts: 0, delivered: 0, failed: 0 }
}

interface Row {
  state: OperatorState
  figures: Figures
  partsPerSecond: number
}

/** A small table that fits 80 columns when the names are cut at their parenthesis. */
function blockOf(rows: readonly Row[], { words, language, output }: ProgressOptions): string[] {
  const { progress, link, columns: titles } = words
  const columns: Column[] = [
    { title: titles.operator, align: 'left' },
    { title: '', align: 'left' },
    ...[progress.queued, progress.inFlight, progress.sent, progress.delivered, progress.failed].map(
      (title): Column => ({ title: pad(title, 7, 'right'), align: 'right' }),
    ),
    { title: progress.partsPerSecond, align: 'right' },
  ]
  const isNarrow = output.columns < narrowColumns
  const cells = rows.map(({ state, figures, partsPerSecond }) => [
    isNarrow ? state.name.replace(/ \(.*$/, '') : state.name,
    pad(link[state.state], 10, 'left'),
    ...[figures.queued, state.inFlight, figures.sent, figures.delivered, figures.failed].map(value =>
      formatCount(value, language),
    ),
    formatRate(partsPerSecond, language),
  ])
  return tableLines(columns, cells).map(line => (isNarrow ? line : `  ${line}`))
}

function lineOf({ state, figures, partsPerSecond }: Row, { words, language }: ProgressOptions): string {
  const count = (value: number): string => pad(formatCount(value, language), 6, 'right')
  const { progress, link } = words
  return [
    `  ${pad(state.name, 26, 'left')}`,
    pad(link[state.state], 10, 'left'),
    `${progress.queued} ${count(figures.queued)}`,
    `${progress.inFlight} ${pad(formatCount(state.inFlight, language), 3, 'right')}`,
    `${progress.sent} ${count(figures.sent)}`,
    `${progress.delivered} ${count(figures.delivered)}`,
    `${progress.failed} ${pad(formatCount(figures.failed, language), 4, 'right')}`,
    `${pad(formatRate(partsPerSecond, language), 6, 'right')} ${progress.partsPerSecond}`,
  ].join('  ')
}
