/** What a receipt tells, before a protocol spells it. */

import type { MessageId } from './dialogue-words.ts'
import type { Outcome } from './outcome-states.ts'

export interface ReceiptFacts {
  id: MessageId
  /** Phone, then originator, as the submit had them. */
  recipient: string
  recipientTon: number
  recipientNpi: number
  sender: string
  senderTon: number
  senderNpi: number
  submittedAtMs: number
  /** When the receipt first left; 0 before. */
  doneAtMs: number
  outcome: Outcome
  /** `DELIVRD` and its like, and the message_state that says the same. */
  stat: string
  state: number
  err: string
  textPrefix: string
  zoneMinutes: number
  /** TLV 0204 of the submit, given back; null when absent. A copy: it outlives the socket's buffer. */
  userMessageReference: Uint8Array | null
}
