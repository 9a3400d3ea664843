/** What a log line may say: secrets, texts and phone numbers taken out, size bounded. Pure. */

/** Names whose value is never logged, compared in lower case without `-` and `_`. */
const secretNames = new Set([
  'authorization',
  'proxyauthorization',
  'cookie',
  'setcookie',
  'token',
  'accesstoken',
  'refreshtoken',
  'idtoken',
  'pin',
  'text',
  'messagetext',
  'shortmessage',
  'messagepayload',
  'body',
])
const secretPart = /passw|passphrase|secret|apikey|privatekey|keymaterial|credential/
const phoneNames = new Set(['phone', 'recipient', 'msisdn', 'subscriber', 'destinationaddr', 'phonenumber'])

/** A line is for reading; what is longer or deeper is cut and says so. */
const longestString = 2_000
const deepestLevel = 6
const mostEntries = 100

/**
 * A copy that is safe to log: redacted by name at any depth, credentials cut out of URLs, errors as
 * `{type, message, code, stack, cause}`, cycles and size bounded.
 *
 * @param hidesPhones whether fields named like a phone number are masked
 */
export function redact(fields: Record<string, unknown>, hidesPhones: boolean): Record<string, unknown> {
  return redactObject(fields, hidesPhones, 0) as Record<string, unknown>
}

/** Country and last two digits: enough to follow a complaint, not enough to call. `22670000012` -> `226******12`. */
export function maskPhone(phone: string): string {
  const digits = phone.replace(/[^\d]/g, '')
  if (digits.length < 8 || digits.length > 20) return '***'
  return `${digits.slice(0, 3)}${'*'.repeat(digits.length - 5)}${digits.slice(-2)}`
}

function redactValue(name: string, value: unknown, hidesPhones: boolean, depth: number): unknown {
  const plain = name.toLowerCase().replace(/[-_]/g, '')
  if (secretNames.has(plain) || secretPart.test(plain)) return value === undefined ? undefined : '[redacted]'
  if (hidesPhones && phoneNames.has(plain)) return maskPhones(value)
  switch (typeof value) {
    case 'string':
      return clean(value)
    case 'bigint':
      return String(value)
    case 'function':
    case 'symbol':
      return undefined
    case 'object':
      return value === null ? null : redactObject(value, hidesPhones, depth)
    default:
      return value
  }
}

function redactObject(value: object, hidesPhones: boolean, depth: number): unknown {
  if (depth > deepestLevel) return '[too deep]'
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (value instanceof Error) return redactError(value, hidesPhones, depth)
  if (Array.isArray(value)) {
    const kept = value.slice(0, mostEntries).map(item => redactValue('', item, hidesPhones, depth + 1))
    return value.length > mostEntries ? [...kept, `[${value.length - mostEntries} more]`] : kept
  }
  const copy: Record<string, unknown> = {}
  for (const name of Object.keys(value).slice(0, mostEntries)) {
    if (name === '__proto__') continue
    copy[name] = redactValue(name, read(value, name), hidesPhones, depth + 1)
  }
  return copy
}

function redactError(error: Error, hidesPhones: boolean, depth: number): Record<string, unknown> {
  const { code, details } = error as { code?: unknown; details?: unknown }
  const copy: Record<string, unknown> = { type: error.name, message: clean(error.message) }
  if (code !== undefined) copy.code = redactValue('code', code, hidesPhones, depth + 1)
  if (details !== undefined) copy.details = redactValue('details', details, hidesPhones, depth + 1)
  if (error.stack !== undefined) copy.stack = clean(error.stack)
  if (error.cause !== undefined) copy.cause = redactValue('cause', error.cause, hidesPhones, depth + 1)
  return copy
}

function maskPhones(value: unknown): unknown {
  if (value === null || value === undefined) return value
  return Array.isArray(value) ? value.slice(0, mostEntries).map(maskPhones) : maskPhone(String(value))
}

/** Drivers put the whole connection URL in their messages. */
function clean(text: string): string {
  const cut =
    text.length > longestString ? `${text.slice(0, longestString)}… [${text.length} characters]` : text
  return cut.replace(/(:\/\/)[^\s/@]*@/g, '$1[redacted]@')
}

function read(value: object, name: string): unknown {
  try {
    return (value as Record<string, unknown>)[name]
  } catch {
    // A getter that throws must not take the line with it.
    return '[unreadable]'
  }
}
