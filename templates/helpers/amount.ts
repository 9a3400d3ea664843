/** `{{montant prime}}` -> 145 500; `{{montant prime devise=true}}` -> 145 500 F CFA; `decimales=2` -> 145 500,00. */
import { parseAmountValue } from '../values.ts'
import type { HelperFunction } from './helper.ts'

export const amountHelper: HelperFunction = {
  kind: 'function',
  minArguments: 1,
  maxArguments: 1,
  hash: ['devise', 'currency', 'decimales', 'decimals'],
  run([value], { language, preset }, hash) {
    const amount = parseAmountValue(value)
    if (amount.kind === 'not-an-amount') {
      return {
        kind: 'failed',
        code: 'value-not-an-amount',
        expected: 'an amount such as 145500 or 145 500,00 F',
      }
    }
    const asked = Number(hash.decimales ?? hash.decimals ?? preset.currency.decimals)
    const decimals = Number.isFinite(asked) ? Math.min(Math.max(0, Math.trunc(asked)), 6) : 0
    const { whole, fraction } = round(amount.whole, amount.fraction, decimals)
    const isNegative = amount.isNegative && /[1-9]/.test(whole + fraction)
    const number = (isNegative ? '-' : '') + groupThousands(whole)
    const written = fraction === '' ? number : `${number}${language === 'fr' ? ',' : '.'}${fraction}`
    return hash.devise === true || hash.currency === true ? `${written} ${preset.currency.display}` : written
  },
}

/** Half away from zero, as accountants round; done on digits so that no cent is lost to binary fractions. */
function round(whole: string, fraction: string, decimals: number): { whole: string; fraction: string } {
  const kept = fraction.slice(0, decimals).padEnd(decimals, '0')
  const roundsUp = (fraction[decimals] ?? '0') >= '5'
  if (!roundsUp) return { whole, fraction: kept }
  const raised = String(BigInt(whole + kept) + 1n).padStart(decimals + 1, '0')
  return {
    whole: raised.slice(0, raised.length - decimals),
    fraction: raised.slice(raised.length - decimals),
  }
}

/** A plain space: the no-break spaces of Intl.NumberFormat would turn the SMS into UCS-2. */
function groupThousands(digits: string): string {
  let grouped = digits.slice(-3)
  for (let end = digits.length - 3; end > 0; end -= 3)
    grouped = `${digits.slice(Math.max(0, end - 3), end)} ${grouped}`
  return grouped
}
