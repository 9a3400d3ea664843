/**
 * What the operator's side keeps of each part that it accepted. Codes are those of SMPP; a part that came over UCP has
 * the codes that say the same.
 */

/** One accepted part. The same shape stands in each line of a journal. */
export interface ReceivedPart {
  atMs: number
  systemId: string
  /** As given in the answer; phone and second over UCP. */
  messageId: string
  sender: string
  senderTon: number
  senderNpi: number
  /** E.164 digits without the 00 of an international call. */
  recipient: string
  text: string
  reference: number
  partNumber: number
  partCount: number
  esmClass: number
  dataCoding: number
  registeredDelivery: number
  validityPeriod: string
  /** TLV 0204, null when absent. */
  userMessageReference: number | null
}
