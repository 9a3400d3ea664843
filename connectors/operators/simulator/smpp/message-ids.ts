/**
 * How operators spell the id of a message: in the answer to submit_sm, and again (often otherwise) in the receipt.
 *
 * @see SMPP 3.4 section 5.2.23 (message_id is opaque, 64 characters); Jasmin #643 and #1129, Kannel `msg-id-type`
 */

import type { MessageId } from '../dialogue-words.ts'

export const messageIdStyles = {
  decimal: number => same(String(number)),
  'hex-lower': number => same(number.toString(16)),
  'hex-upper': number => same(number.toString(16).toUpperCase()),
  'hex-in-answer-decimal-in-receipt': number => ({
    inAnswer: number.toString(16).toUpperCase(),
    inReceipt: String(number),
  }),
  'decimal-in-answer-hex-in-receipt': number => ({
    inAnswer: String(number),
    inReceipt: number.toString(16).toUpperCase(),
  }),
  'leading-zeros-in-answer': number => ({
    inAnswer: String(number).padStart(16, '0'),
    inReceipt: String(number),
  }),
  'leading-zeros-in-receipt': number => ({
    inAnswer: String(number),
    inReceipt: String(number).padStart(16, '0'),
  }),
  uuid: number => same(uuidOf(number)),
} satisfies Record<string, (number: number) => MessageId>

export type MessageIdStyle = keyof typeof messageIdStyles

function same(id: string): MessageId {
  return { inAnswer: id, inReceipt: id }
}

/** Shaped as a version-4 UUID, but counted: an id that is drawn could not be expected by a test. */
function uuidOf(number: number): string {
  const hex = number.toString(16).padStart(20, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(12, 15)}-8${hex.slice(15, 18)}-${hex.slice(18).padStart(12, '0')}`
}
