/** The list of what left after a backup, for a person with a spreadsheet. */
import type { LeftMessage } from './reconcile.ts'

/** UTF-8 with semicolons, as spreadsheets in French take it; the first line names the columns. */
export function leftAfterBackupCsv(left: readonly LeftMessage[]): string {
  const rows = left.map(message =>
    [
      message.messageId,
      new Date(message.atMs).toISOString(),
      `+${message.recipient}`,
      message.alertId ?? '',
      message.entityKey ?? '',
      message.clientReference ?? '',
      message.certainty,
      message.isInBackup ? 'yes' : 'no',
    ]
      .map(cell)
      .join(';'),
  )
  return `\ufeff${['message;at;recipient;alert;entity;reference;certainty;in-backup', ...rows].join('\r\n')}\r\n`
}

/** Quoted; an apostrophe before what a spreadsheet would run as a formula. */
function cell(value: string | number): string {
  const text = String(value)
  const isFormula = /^[=@\t\r]/.test(text) || /^[+-](?!\d+$)/.test(text)
  return `"${(isFormula ? `'${text}` : text).replaceAll('"', '""')}"`
}
