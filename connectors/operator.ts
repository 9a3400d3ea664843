/**
 * The contract of an operator link: what the gateway needs of SMPP, UCP or any later protocol.
 *
 * Everything on the hot path is a batch. The link reports all it learnt from one socket read in one call, so that
 * the store can settle it in one transaction, and nothing is allocated per message that the batch could share.
 */

/** Alphabet of the octets of a part. `gsm7` is one octet per septet (unpacked); `ucs2` is UTF-16BE. */
export type PartEncoding = 'gsm7' | 'ucs2'

/** One part ready for the wire. A short message is one part with `partCount` 1. */
export interface OutgoingPart {
  /** The gateway's own number for this part, given back with its outcome. */
  partId: number
  /** E.164 digits without `+`. */
  recipient: string
  /** Short code, long number (with `+`) or alphanumeric name, as the contract with the operator has it. */
  sender: string
  encoding: PartEncoding
  /** The text of this part, already within one part's size. */
  text: string
  /** 1-based position. */
  partNumber: number
  partCount: number
  /** Shared by the parts of one message, 0..255; 0 when partCount is 1. */
  reference: number
  /** Seconds the operator may go on trying; 0 leaves it to the operator. */
  validitySeconds: number
  requestReceipt: boolean
  /** Shown at once and not stored by the phone (class 0). */
  isFlash: boolean
}

/** What an error code means for the message and for the link. */
export type RefusalClass = 'permanent' | 'temporary' | 'throttle' | 'link' | 'route' | 'invalid-recipient'

/** What became of one submitted part. */
export type SubmitOutcome =
  | { kind: 'accepted'; partId: number; remoteId: string }
  | { kind: 'refused'; partId: number; status: number; statusName: string; refusal: RefusalClass }
  /** It left but no answer came: the operator may or may not have it. */
  | { kind: 'unknown'; partId: number; reason: 'timeout' | 'link-lost' | 'malformed-answer' }
  /** It was given to the link but no byte of it left: safe to submit again. */
  | { kind: 'unsent'; partId: number }

/** State of the handset delivery that a receipt tells. */
export type ReceiptState = 'delivered' | 'undelivered' | 'expired' | 'rejected' | 'intermediate' | 'unknown'

/** A delivery receipt as the link read it; matching it to a part is the gateway's work. */
export interface DeliveryReceipt {
  /** Identifies this receipt to `acknowledge`. */
  receiptToken: number
  /** Every spelling under which the message id may be stored: raw, hex as decimal, decimal as hex. First is the likeliest. */
  remoteIdKeys: string[]
  /** The phone, E.164 digits without `+`, as the operator wrote it; empty when absent. */
  recipient: string
  state: ReceiptState
  /** `stat:` and `err:` as written, for the time line; at most 64 characters. */
  detail: string
  /** First characters of the text when the receipt repeats them; empty otherwise. */
  textPrefix: string
  /** The operator's own submit time, epoch ms, when it could be read. */
  submittedAtMs: number | null
}

/** An incoming message part (MO), not yet reassembled. */
export interface IncomingPart {
  receiptToken: number
  sender: string
  recipient: string
  encoding: PartEncoding | 'binary'
  text: string
  reference: number | null
  partNumber: number
  partCount: number
  /** When the phone sent it by the operator's clock, epoch ms; absent or null when the protocol does not tell. */
  sentAtMs?: number | null
}

export type LinkState = 'stopped' | 'connecting' | 'binding' | 'bound' | 'draining' | 'waiting' | 'refused'

/** One connection of a link. */
export interface BindStatus {
  /** As an operator's engineer names it: `transceiver 1`, `receiver`, `UCP primary`. */
  name: string
  state: LinkState
  sinceMs: number
  /** Why it is not bound, in one sentence; empty when bound. */
  reason: string
  inFlight: number
  /** Parts submitted since the link was made. */
  submitted: number
  /** Connections made after the first. */
  reconnects: number
}

/** Takes one line of protocol: no text, no password, phone numbers cut. Called from the socket read; must not throw. */
export type TraceSink = (line: TraceLine) => void

export interface TraceLine {
  /** The bind it passed over, as `BindStatus.name`. */
  bind: string
  direction: 'out' | 'in'
  /** `submit_sm seq=7 status=0 …`, `UCP 51 O trn=03 …`: fields of the PDU or frame without bodies. */
  line: string
}

export interface LinkStatus {
  state: LinkState
  sinceMs: number
  /** Why the link is not bound, in one sentence; empty when bound. */
  reason: string
  /** Submits awaiting their answer. */
  inFlight: number
  window: number
  /** Pause asked for by throttle answers; epoch ms, 0 when none. */
  pausedUntilMs: number
  /** Parts that left in the second before. */
  partsInLastSecond: number
  /** The last refusal or loss, kept while the link is well again; null when there was none. */
  lastError: { atMs: number; text: string } | null
  binds: BindStatus[]
}

/** What a link tells the gateway. Called synchronously from the socket read; must not throw. */
export interface LinkHandlers {
  onOutcomes(outcomes: SubmitOutcome[]): void
  onReceipts(receipts: DeliveryReceipt[]): void
  onIncoming(parts: IncomingPart[]): void
  onState(status: LinkStatus): void
  /** Room appeared (answer came, pause or rate second over): `capacity()` may be above zero. */
  onCapacity(): void
}

export interface OperatorLink {
  /** Connects, binds, and goes on doing so until `stop`. */
  start(): void
  /** How many parts `submit` takes right now: window, contracted rate and throttle pause all counted. */
  capacity(): number
  /** Writes the parts in order, in one socket write. Never more than `capacity()`; the excess is reported `unsent`. */
  submit(parts: readonly OutgoingPart[]): void
  /**
   * Answers receipts and incoming parts after they are stored.
   *
   * @param isStored false asks the operator to deliver them again later
   */
  acknowledge(receiptTokens: readonly number[], isStored: boolean): void
  status(): LinkStatus
  /** Hands every PDU or frame to `sink` from now on; null ends it. Works while bound. */
  trace(sink: TraceSink | null): void
  /** Stops submitting, waits for outstanding answers up to `drainMs`, unbinds, closes. Outcomes still owed are reported. */
  stop(drainMs?: number): Promise<void>
}

/**
 * The canonical spelling under which message ids are compared: upper case, without leading zeros.
 *
 * @see facts of Jasmin #643, #1129: operators lose leading zeros and case between answer and receipt
 */
export function remoteIdKey(remoteId: string): string {
  const key = remoteId.trim().toUpperCase()
  return key.startsWith('0') ? key.replace(/^0+(?=.)/, '') : key
}
