/** `{{date echeance}}` -> 15/03/2027, `{{date echeance "long"}}` -> 15 mars 2027. */
import { type LocalDate, parseLocalDate } from '../values.ts'
import type { HelperFunction, TemplateLanguage } from './helper.ts'

/** `aout` without its circumflex, which the spelling of 1990 allows: û would turn the whole SMS into UCS-2. */
const months: Record<TemplateLanguage, readonly string[]> = {
  fr: 'janvier février mars avril mai juin juillet aout septembre octobre novembre décembre'.split(' '),
  en: 'January February March April May June July August September October November December'.split(' '),
}

const longNames = new Set(['long', 'longue'])
const shortNames = new Set(['court', 'courte', 'short'])

export const dateHelper: HelperFunction = {
  kind: 'function',
  minArguments: 1,
  maxArguments: 2,
  hash: [],
  checkLiteral: (position, value) =>
    position === 1 && !longNames.has(String(value)) && !shortNames.has(String(value))
      ? 'the format "court" / "short" or "long"'
      : null,
  run([value, format], { language }) {
    const date = parseLocalDate(value)
    if (date.kind === 'not-a-date') {
      return {
        kind: 'failed',
        code: 'value-not-a-date',
        expected: 'YYYY-MM-DD, DD/MM/YYYY, YYYYMMDD or an Excel date',
      }
    }
    return longNames.has(String(format)) ? longDate(date, language) : shortDate(date)
  },
}

/** DD/MM/YYYY in both languages: the countries served write no other order. */
function shortDate({ year, month, day }: LocalDate): string {
  return `${day < 10 ? '0' : ''}${day}/${month < 10 ? '0' : ''}${month}/${year}`
}

function longDate({ year, month, day }: LocalDate, language: TemplateLanguage): string {
  const dayText = language === 'fr' && day === 1 ? '1er' : String(day)
  return `${dayText} ${months[language][month - 1]} ${year}`
}
