/** The words that sessions and protocols exchange. */

/** The two spellings of one message's id. */
export interface MessageId {
  inAnswer: string
  inReceipt: string
}

/** Something asked that awaits its answer: command_id and sequence_number, or OT and TRN. */
export interface Asked {
  operation: number
  sequence: number
}

/** Transceiver, transmitter, receiver; over UCP all are transceivers. */
export const bindModes = ['trx', 'tx', 'rx'] as const

export type BindMode = (typeof bindModes)[number]

export interface BindClaim {
  systemId: string
  password: string
  mode: BindMode
}
