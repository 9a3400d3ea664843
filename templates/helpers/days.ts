/** `{{jours echeance}}`: days between today and a date, whichever comes first. */
import { daysBetween, parseLocalDate } from '../values.ts'
import type { HelperFunction } from './helper.ts'

export const daysHelper: HelperFunction = {
  kind: 'function',
  minArguments: 1,
  maxArguments: 1,
  hash: [],
  run([value], { today }) {
    if (today === null)
      return { kind: 'failed', code: 'today-missing', expected: 'the day the message is for' }
    const date = parseLocalDate(value)
    if (date.kind === 'not-a-date') {
      return {
        kind: 'failed',
        code: 'value-not-a-date',
        expected: 'YYYY-MM-DD, DD/MM/YYYY, YYYYMMDD or an Excel date',
      }
    }
    return Math.abs(daysBetween(today, date))
  },
}
