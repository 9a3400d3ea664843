/** What the operator's side keeps of each part that it accepted. */

/** One accepted part. The same shape stands in each line of a journal. */
export interface ReceivedPart {
  atMs: number
  systemId: string
  /** As given in the answer. */
  messageId: string
  sender: string
  senderTon: number
  senderNpi: number
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
