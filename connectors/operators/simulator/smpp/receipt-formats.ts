/**
 * The spellings of a delivery receipt. The standard gives one in an appendix that binds nobody; the others were met
 * in the field and a client must read them all.
 *
 * @see SMPP 3.4 appendix B; node-smpp #68 (UCS-2 coding over single octets); Kannel devel list 2002 (comma list)
 */
import type { Tlv } from '../../smpp/short-message.ts'
import { tag } from '../../smpp/tables.ts'
import type { ReceiptFacts } from '../receipt-facts.ts'

/** A receipt ready for a deliver_sm (or a data_sm). `body` is octets, one Latin-1 character each. */
export interface ReceiptSpelling {
  esmClass: number
  dataCoding: number
  body: string
  /** The body goes into message_payload and sm_length is 0. */
  inPayload: boolean
  asDataSm: boolean
  tlvs: Tlv[]
}

type Speller = (facts: ReceiptFacts) => Partial<ReceiptSpelling> & { body: string }

const receiptEsmClass = 0x04

const spellers = {
  /** SMPP 3.4 appendix B, text only. */
  canonical: facts => ({ body: canonical(facts) }),
  /** receipted_message_id and message_state, no text. */
  'tlv-only': facts => ({ body: '', tlvs: receiptTlvs(facts) }),
  both: facts => ({ body: canonical(facts), tlvs: receiptTlvs(facts) }),
  reordered: facts => ({
    body: `stat:${facts.stat} err:${facts.err} done date:${minuteOf(facts, 'done')} submit date:${minuteOf(facts, 'submit')} id:${facts.id.inReceipt} dlvrd:${dlvrd(facts)} sub:001 text:${facts.textPrefix}`,
  }),
  'upper-case': facts => ({
    body: `ID:${facts.id.inReceipt} SUB:001 DLVRD:${dlvrd(facts)} SUBMIT DATE:${minuteOf(facts, 'submit')} DONE DATE:${minuteOf(facts, 'done')} STAT:${facts.stat} ERR:${facts.err} TEXT:${facts.textPrefix}`,
  }),
  'wide-spaces': facts => ({ body: canonical(facts).replaceAll(' ', '  ') }),
  'ucs2-body': facts => ({ body: asUtf16be(canonical(facts)), dataCoding: 0x08 }),
  'ucs2-coding-only': facts => ({ body: canonical(facts), dataCoding: 0x08 }),
  'no-text': facts => ({ body: canonical(facts).replace(/ text:.*$/s, '') }),
  'no-counts': facts => ({ body: canonical(facts).replace(/sub:\d+ dlvrd:\d+ /, '') }),
  'hex-err': facts => ({ body: canonical({ ...facts, err: facts.err === '000' ? '000' : '0A3' }) }),
  'long-err': facts => ({ body: canonical({ ...facts, err: facts.err.padStart(6, '0') }) }),
  'dates-with-seconds': facts => ({ body: withDates(facts, 2, 14) }),
  'dates-with-century': facts => ({ body: withDates(facts, 0, 14) }),
  'esm-class-zero': facts => ({ body: canonical(facts), esmClass: 0 }),
  payload: facts => ({ body: canonical(facts), inPayload: true }),
  'data-sm': facts => ({ body: canonical(facts), inPayload: true, asDataSm: true, tlvs: receiptTlvs(facts) }),
  /** `status,status time,accepted time,error,destination,originator,reserved,id`. */
  'comma-list': facts => ({
    body: `${facts.stat},${minuteOf(facts, 'done')},${minuteOf(facts, 'submit')},${facts.err},${facts.recipient},${facts.sender},,${facts.id.inReceipt}`,
  }),
} satisfies Record<string, Speller>

export type ReceiptFormat = keyof typeof spellers

export const receiptFormats = Object.keys(spellers) as ReceiptFormat[]

const none: Tlv[] = []

export function spellReceipt(facts: ReceiptFacts, format: ReceiptFormat): ReceiptSpelling {
  const spelled = (spellers[format] as Speller)(facts)
  return {
    esmClass: spelled.esmClass ?? receiptEsmClass,
    dataCoding: spelled.dataCoding ?? 0,
    body: spelled.body,
    inPayload: spelled.inPayload ?? false,
    asDataSm: spelled.asDataSm ?? false,
    tlvs: spelled.tlvs ?? none,
  }
}

function canonical(facts: ReceiptFacts): string {
  return `id:${facts.id.inReceipt} sub:001 dlvrd:${dlvrd(facts)} submit date:${minuteOf(facts, 'submit')} done date:${minuteOf(facts, 'done')} stat:${facts.stat} err:${facts.err} text:${facts.textPrefix}`
}

function withDates(facts: ReceiptFacts, from: number, to: number): string {
  const date = (atMs: number): string => digitsOf(atMs, facts.zoneMinutes).slice(from, to)
  return canonical(facts)
    .replace(/submit date:\d+/, `submit date:${date(facts.submittedAtMs)}`)
    .replace(/done date:\d+/, `done date:${date(facts.doneAtMs)}`)
}

function dlvrd(facts: ReceiptFacts): string {
  return facts.stat === 'DELIVRD' ? '001' : '000'
}

function receiptTlvs(facts: ReceiptFacts): Tlv[] {
  return [
    { tag: tag.receiptedMessageId, value: Buffer.from(`${facts.id.inAnswer}\0`, 'latin1') },
    { tag: tag.messageState, value: Buffer.from([facts.state]) },
    // Network type 3 is GSM; the code is err: as a number.
    { tag: tag.networkErrorCode, value: Buffer.from([3, 0, Number.parseInt(facts.err, 10) & 0xff]) },
  ]
}

function asUtf16be(text: string): string {
  return Buffer.from(text, 'utf16le').swap16().toString('latin1')
}

/** YYMMDDhhmm. A minute is spelled once: a bench sends 50,000 receipts in the same one. */
const spelledMinutes = new Map<number, string>()

/** Receipts of two hours' worth of minutes at most; then the map starts again. */
const maxSpelledMinutes = 120

function minuteOf(facts: ReceiptFacts, which: 'submit' | 'done'): string {
  const atMs = which === 'submit' ? facts.submittedAtMs : facts.doneAtMs
  const minute = Math.floor(atMs / 60_000) + facts.zoneMinutes
  const known = spelledMinutes.get(minute)
  if (known !== undefined) return known
  if (spelledMinutes.size >= maxSpelledMinutes) spelledMinutes.clear()
  const spelled = digitsOf(minute * 60_000, 0).slice(2, 12)
  spelledMinutes.set(minute, spelled)
  return spelled
}

/** YYYYMMDDhhmmss in the operator's local time. */
function digitsOf(atMs: number, zoneMinutes: number): string {
  return new Date(atMs + zoneMinutes * 60_000).toISOString().replace(/\D/g, '').slice(0, 14)
}
