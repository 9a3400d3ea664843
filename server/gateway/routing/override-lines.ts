/** A list of ported numbers, line by line: `number;network`. Pure. */
import type { CountryCode } from '../../../templates/text/country-presets.ts'
import { firstMobile, parsePhones } from '../../../templates/text/phone.ts'
import type { NumberOverride } from '../../store/number-overrides.ts'
import type { Network } from './networks.ts'

export type OverrideLine =
  | { kind: 'override'; line: number; override: NumberOverride }
  | {
      kind: 'refused'
      line: number
      /** `no-network`, `unknown-network`, `line-too-long`, or why the number cannot be used. */
      reason: string
      /** What stood there, at most 40 characters. */
      found: string
    }

/** A number and a network's name with quotes and blanks around them. */
const longestLine = 200
const shownLength = 40

export interface OverrideLineOptions {
  /** Country of numbers written without a calling code. */
  country: CountryCode
  networks: readonly Network[]
}

/** Every line with something on it, but for a heading. Lines are counted from 1, as an editor does. */
export function* readOverrideLines(csv: string, options: OverrideLineOptions): Generator<OverrideLine> {
  let line = 0
  let start = csv.startsWith('\ufeff') ? 1 : 0
  while (start < csv.length) {
    const newline = csv.indexOf('\n', start)
    const end = newline === -1 ? csv.length : newline
    line += 1
    // What is too long is not even copied.
    const text = csv.slice(start, Math.min(end, start + longestLine + 1)).trim()
    const isTooLong = end - start > longestLine
    start = end + 1
    if (text === '' || (line === 1 && !/\d/.test(text))) continue
    yield isTooLong ? refused(line, 'line-too-long', text) : readLine(text, line, options)
  }
}

/**
 * Where a number is told to be.
 *
 * @returns null for a network that its country does not have; `name` may be code, label or `BF:orange`
 */
export function networkNamed(
  name: string,
  country: string | null,
  networks: readonly Network[],
): Network | null {
  const wanted = name.trim().toLowerCase()
  return (
    networks.find(
      network =>
        network.country === country &&
        [
          network.code,
          network.label.toLowerCase(),
          `${network.country}:${network.code}`.toLowerCase(),
        ].includes(wanted),
    ) ?? null
  )
}

function readLine(text: string, line: number, { country, networks }: OverrideLineOptions): OverrideLine {
  const [number = '', name = ''] = text.split(/[;,\t]/).map(cell =>
    cell
      .trim()
      .replace(/^"(.*)"$/, '$1')
      .trim(),
  )
  const phones = parsePhones(number, { country })
  const phone = firstMobile(phones)
  if (phone === null) return refused(line, phones.rejected[0]?.reason ?? 'invalid', number)
  if (name === '') return refused(line, 'no-network', text)
  const network = networkNamed(name, phone.country, networks)
  if (network === null) return refused(line, 'unknown-network', name)
  return {
    kind: 'override',
    line,
    override: { number: phone.e164Digits, network: network.code, operatorId: null },
  }
}

function refused(line: number, reason: string, found: string): OverrideLine {
  return { kind: 'refused', line, reason, found: found.slice(0, shownLength) }
}
