/** Rows as aligned text. */

/** One line per row, columns two spaces apart; control characters become `?`. */
export function tableOf(rows: readonly (readonly string[])[]): string {
  const clean = rows.map(row => row.map(cell => cell.replace(/\p{Cc}/gu, '?')))
  const widths = (clean[0] ?? []).map((_, column) =>
    Math.max(...clean.map(row => (row[column] ?? '').length)),
  )
  return clean
    .map(
      row =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}
