/** Plain tables and numbers for a terminal. */
import type { Language } from './words.ts'

export interface Column {
  title: string
  align: 'left' | 'right'
}

const gap = '  '

/**
 * Columns as wide as their widest cell.
 *
 * @returns the title line, a rule, one line per row; no trailing blanks
 */
export function tableLines(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const widths = columns.map(({ title }, index) =>
    Math.max(widthOf(title), ...rows.map(row => widthOf(row[index] ?? ''))),
  )
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ align }, index) => pad(cells[index] ?? '', widths[index]!, align))
      .join(gap)
      .trimEnd()
  const rule = widths.map(width => '─'.repeat(width)).join(gap)
  return [line(columns.map(column => column.title)), rule, ...rows.map(line)]
}

/** `12 345` or `12,345`. A plain blank: terminals disagree about the width of the narrow one. */
export function formatCount(value: number, language: Language): string {
  return new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
    .format(value)
    .replaceAll(',', language === 'fr' ? ' ' : ',')
}

/** With one decimal: `99,5` or `99.5`. */
export function formatRate(value: number, language: Language): string {
  const text = value.toFixed(1)
  return language === 'fr' ? text.replace('.', ',') : text
}

export function pad(text: string, width: number, align: 'left' | 'right'): string {
  const blanks = ' '.repeat(Math.max(width - widthOf(text), 0))
  return align === 'left' ? text + blanks : blanks + text
}

/** Everything printed here is composed Latin text: one column per code point. */
function widthOf(text: string): number {
  return [...text].length
}
