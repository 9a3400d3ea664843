/**
 * Phone numbers out of a cell as customers' files hold them: several in one cell, numeric cells, old plans.
 *
 * The closed plans of the presets are checked by one regular expression each, which a test proves equal to
 * libphonenumber; libphonenumber itself reads the numbers of other countries.
 */
import { parsePhoneNumberFromString } from 'libphonenumber-js/mobile'
import { countryOfNumber } from './calling-codes.ts'
import { type CountryCode, type CountryPreset, countryCodes, countryPresets } from './country-presets.ts'
import { cleanPhoneCell, type PhoneCell, type PhoneRejection, type RejectedPhone } from './phone-cell.ts'

export interface Phone {
  /** Without `+`. */
  e164Digits: string
  /** ISO 3166 alpha-2; null for a calling code shared by several countries when it cannot be told. */
  country: string | null
  /** True for every number given back: other kinds are rejected. */
  isMobile: boolean
}

export type PhonesOfCell =
  | { kind: 'phones'; phones: Phone[]; rejected: RejectedPhone[] }
  | { kind: 'none'; rejected: RejectedPhone[] }

export interface PhoneOptions {
  /** The country of numbers written without a calling code. */
  country: CountryCode
}

interface Plan {
  preset: CountryPreset
  /** The usual spellings once spaces and dots are out; the first group is the national mobile number. */
  usual: RegExp
  mobile: RegExp
  fixed: RegExp
}

const plans = Object.fromEntries(countryCodes.map(code => [code, planOf(countryPresets[code])])) as Record<
  CountryCode,
  Plan
>

/** ITU-T E.164 allows 15 digits; with `00` in front, 17. */
const maxE164Digits = 15
/** The shortest subscriber number libphonenumber knows with its calling code is longer than this. */
const minE164Digits = 7

/**
 * Every mobile number of a cell, in order, each once.
 *
 * @returns `none` when no number is usable; `rejected` says why for each piece. Never throws.
 */
export function parsePhones(cell: PhoneCell, options: PhoneOptions): PhonesOfCell {
  const plan = plans[options.country]
  if (typeof cell === 'string' || typeof cell === 'number') {
    const national = usualMobile(cell, plan)
    if (national !== null) return { kind: 'phones', phones: [mobileOf(plan, national)], rejected: [] }
  }
  const { tokens, rejected } = cleanPhoneCell(cell)
  const phones: Phone[] = []
  for (const token of tokens) {
    const read = readToken(token, plan)
    if (!Array.isArray(read)) rejected.push({ raw: token.slice(0, 40), reason: read })
    else
      for (const phone of read) if (!phones.some(p => p.e164Digits === phone.e164Digits)) phones.push(phone)
  }
  return phones.length > 0 ? { kind: 'phones', phones, rejected } : { kind: 'none', rejected }
}

/** The number a message goes to when a cell holds several: the first mobile. */
export function firstMobile(result: PhonesOfCell): Phone | null {
  return result.kind === 'phones' ? (result.phones[0] ?? null) : null
}

/** Longer than any single number with its prefix and spaces: such a cell is not one number. */
const maxUsualLength = 24

function usualMobile(cell: string | number, plan: Plan): string | null {
  let text = typeof cell === 'number' ? String(cell) : cell
  if (text.length > maxUsualLength) return null
  if (text.includes('.')) text = text.replace(/^(\+?\d+)\.0+$/, '$1')
  return plan.usual.exec(text.replace(/[ .\u00a0\u202f]+/g, ''))?.[1] ?? null
}

function readToken(token: string, plan: Plan): Phone[] | PhoneRejection {
  const bare = token.replace('(0)', '').replace(/[()]/g, '').trim()
  if (!/^\+?[\d\s.-]+$/.test(bare)) return /\d/.test(bare) || /\p{L}/u.test(bare) ? 'not-a-number' : 'empty'
  const digits = bare.replace(/\D/g, '')
  if (digits === '') return 'empty'
  const isInternational = bare.startsWith('+') || digits.startsWith('00')
  const read = isInternational ? readInternational(digits.replace(/^00/, '')) : readNational(digits, plan)
  if (typeof read !== 'string') return [read]
  return readGlued(bare, digits, plan) ?? read
}

function readInternational(digits: string): Phone | PhoneRejection {
  if (digits.length > maxE164Digits) return 'too-long'
  if (digits.length < minE164Digits) return 'too-short'
  const plan = planByCallingCode(digits)
  if (plan !== null) return readPlan(digits.slice(plan.preset.callingCode.length), plan)
  const number = parsePhoneNumberFromString(`+${digits}`, { extract: false })
  if (number === undefined || !number.isValid()) return 'invalid'
  return { e164Digits: number.number.slice(1), country: number.country ?? null, isMobile: true }
}

function readNational(digits: string, plan: Plan): Phone | PhoneRejection {
  const read = readPlan(digits, plan)
  if (typeof read !== 'string') return read
  // A numeric cell loses its `+`: the calling code is then recognised only when all that follows is a mobile.
  const foreign = planByCallingCode(digits)
  if (foreign !== null) {
    const rest = readPlan(digits.slice(foreign.preset.callingCode.length), foreign)
    if (typeof rest !== 'string') return rest
    if (foreign === plan && rest === 'fixed-line') return rest
  }
  return digits.length > maxE164Digits ? 'too-long' : read
}

function readPlan(digits: string, plan: Plan): Phone | PhoneRejection {
  const { preset, mobile, fixed } = plan
  const trunk = preset.trunkPrefix
  const national = trunk !== '' && digits.startsWith(trunk) ? digits.slice(trunk.length) : digits
  if (mobile.test(national)) return mobileOf(plan, national)
  if (preset.restoresLeadingZero && mobile.test(`0${national}`)) return mobileOf(plan, `0${national}`)
  for (const { oldPattern, prefix } of preset.migrations) {
    if (!oldPattern.test(national)) continue
    const migrated = prefix + national
    if (mobile.test(migrated)) return mobileOf(plan, migrated)
    if (fixed.test(migrated)) return 'fixed-line'
  }
  if (fixed.test(national)) return 'fixed-line'
  if (national.length < preset.nationalDigits) return 'too-short'
  return national.length > preset.nationalDigits ? 'too-long' : 'invalid'
}

/** `70 11 22 33 76 11 22 33`: numbers of one plan with nothing but spaces, dots or hyphens between. */
function readGlued(bare: string, digits: string, plan: Plan): Phone[] | null {
  const size = plan.preset.nationalDigits
  if (digits.length < 2 * size || digits.length % size !== 0 || !/\d[\s.-]+\d/.test(bare)) return null
  const phones: Phone[] = []
  for (let start = 0; start < digits.length; start += size) {
    const national = digits.slice(start, start + size)
    if (!plan.mobile.test(national)) return null
    phones.push(mobileOf(plan, national))
  }
  return phones
}

function planByCallingCode(digits: string): Plan | null {
  const country = countryOfNumber(digits)
  return country === null ? null : plans[country]
}

function mobileOf({ preset }: Plan, national: string): Phone {
  return { e164Digits: preset.callingCode + national, country: preset.code, isMobile: true }
}

function planOf(preset: CountryPreset): Plan {
  const trunk = preset.trunkPrefix === '' ? '' : `|${preset.trunkPrefix}`
  return {
    preset,
    usual: new RegExp(`^(?:(?:\\+|00)?${preset.callingCode}${trunk})?(${preset.mobilePattern})$`),
    mobile: new RegExp(`^(?:${preset.mobilePattern})$`),
    fixed: new RegExp(`^(?:${preset.fixedPattern})$`),
  }
}
