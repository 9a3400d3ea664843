/**
 * The text of a delivery receipt, in every spelling seen in the field.
 *
 * Each key is searched on its own, whatever its case, order and spacing; the customer's text comes last and is
 * cut off first, so that an `id:` or `stat:` inside it misleads nobody.
 *
 * @see SMPP v3.4 appendix B, which calls the format "SMSC vendor specific"
 */

export interface ReceiptText {
  id: string
  /** The state's word, upper case: DELIVRD. */
  stat: string
  err: string
  /** Digits of `submit date:`; '' when absent. */
  submitDate: string
  /** First characters of the message; '' when absent. */
  text: string
}

/** The longest message_id of the standard, without its NUL. */
const longestId = 64
/** The standard repeats 20 characters; one SMS is the most that any platform was seen to repeat. */
const longestTextPrefix = 160
/** A receipt is some 150 characters; more is not one, and patterns need not walk it. */
const longestReceipt = 1000

/** The order of the standard, for which one pattern does the work of five. */
const canonical =
  /^id:([\w.-]{1,64}) sub:\d{0,3} dlvrd:\d{0,3} submit date:(\d{10,14}) done date:\d{0,14} stat:([A-Z]{1,12}) err:([\w-]{0,16})(?: text:(.*))?$/is

const idPattern = /(?:^|[\s,;|])(?:message)?_?id\s*[:=]\s*([^\s,;|:]{1,64})/i
const statPattern = /(?:^|[\s,;|])stat(?:us)?\s*[:=]\s*(\w{1,16})/i
const errPattern = /(?:^|[\s,;|])err(?:or)?\s*[:=]\s*([\w-]{1,16})/i
const submitDatePattern = /(?:^|[\s,;|])submit[\s_]?date\s*[:=]\s*(\d{10,14})/i
const textPattern = /(?:^|[\s,;|])text\s*[:=]\s?(.*)$/is

type TextParser = (text: string) => ReceiptText | null

/** Tried in this order; a new vendor's format is one more function here. */
const parsers: readonly TextParser[] = [parseCanonical, parseKeyed, parseCommaList]

/** @returns null when the text is no receipt */
export function parseReceiptText(text: string): ReceiptText | null {
  const limited = text.length > longestReceipt ? text.slice(0, longestReceipt) : text
  for (const parse of parsers) {
    const receipt = parse(limited)
    if (receipt !== null) return receipt
  }
  return null
}

function parseCanonical(text: string): ReceiptText | null {
  const match = canonical.exec(text)
  if (match === null) return null
  const [, id = '', submitDate = '', stat = '', err = '', prefix = ''] = match
  return { id, stat: stat.toUpperCase(), err, submitDate, text: prefix.slice(0, longestTextPrefix) }
}

function parseKeyed(text: string): ReceiptText | null {
  const prefix = textPattern.exec(text)
  const before = prefix === null ? text : text.slice(0, prefix.index)
  // The text stands first on a few platforms: then the keys are after it and the whole must be searched.
  const searched = statPattern.test(before) ? before : text
  const stat = statPattern.exec(searched)?.[1]
  if (stat === undefined) return null
  const isTextLast = searched === before
  return {
    id: idPattern.exec(searched)?.[1] ?? '',
    stat: stat.toUpperCase(),
    err: errPattern.exec(searched)?.[1] ?? '',
    submitDate: submitDatePattern.exec(searched)?.[1] ?? '',
    text: isTextLast ? (prefix?.[1] ?? '').slice(0, longestTextPrefix) : '',
  }
}

/** `status,status time,accepted time,error,destination,originator,reserved,id` */
function parseCommaList(text: string): ReceiptText | null {
  const fields = text.split(',', 9).map(field => field.trim())
  if (fields.length !== 8) return null
  const [stat = '', , submitDate = '', err = '', , , , id = ''] = fields
  if (!/^[A-Za-z]{4,16}$/.test(stat) || !/^[\w.-]+$/.test(id)) return null
  const date = submitDate.replace(/\D/g, '')
  return {
    id: id.slice(0, longestId),
    stat: stat.toUpperCase(),
    err: err.slice(0, 16),
    submitDate: date,
    text: '',
  }
}
