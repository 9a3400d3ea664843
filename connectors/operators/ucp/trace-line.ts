/** A frame as one line of a trace: every field that is set, without texts, passwords and whole phone numbers. */
import { parseFrame } from './frame.ts'
import { isKnownOperation, operationFields } from './operations.ts'

/** Enough to find a message by, too little to know the person. */
const shownDigits = 3
/** Short codes are no secret; phones have more digits. */
const longestShown = 6
const addressFields: ReadonlySet<string> = new Set(['AdC', 'OAdC', 'NAdC', 'LRAd', 'HPLMN', 'NAd'])
const textFields: ReadonlySet<string> = new Set(['Msg', 'AMsg'])
const secretFields: ReadonlySet<string> = new Set(['PWD', 'NPWD', 'AC'])
/** A line stays one, whatever the peer writes. */
const longestLine = 400

/** @param text a frame without STX and ETX */
export function traceLine(text: string): string {
  const frame = parseFrame(text)
  if (frame.kind === 'malformed')
    return `UCP malformed, ${text.length} characters: ${frame.reason}`.slice(0, longestLine)
  const { ot, trn, type, fields } = frame
  const head = `UCP ${pad(ot)} ${type} trn=${pad(trn)}`
  const rest = type === 'R' ? resultFields(fields) : namedFields(ot, fields)
  return [head, ...rest]
    .join(' ')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, longestLine)
}

function resultFields(fields: readonly string[]): string[] {
  return fields.filter(field => field !== '').map(cutNumbers)
}

function namedFields(ot: number, fields: readonly string[]): string[] {
  if (!isKnownOperation(ot)) return [`${fields.length} fields`]
  const names: readonly string[] = operationFields[ot]
  return fields.flatMap((value, index) => {
    const name = names[index] ?? `field${index + 1}`
    return value === '' ? [] : [`${name}=${shown(name, value)}`]
  })
}

function shown(name: string, value: string): string {
  if (secretFields.has(name)) return '***'
  if (textFields.has(name)) return `(${value.length} digits)`
  if (addressFields.has(name)) return cutNumber(value)
  return value
}

const cutNumber = (value: string): string =>
  value.length <= longestShown ? value : `..${value.slice(-shownDigits)}`

/** Times of twelve digits follow a colon and stay; every other long run of digits may be a phone. */
const cutNumbers = (text: string): string => text.replace(/(?<!:)\b\d{7,}/g, cutNumber)

const pad = (value: number): string => String(value).padStart(2, '0')
