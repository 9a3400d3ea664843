/**
 * The standard's tables as data: commands, command_status values with what they mean for a message, TLV tags.
 *
 * @see SMPP v3.4 Issue 1.2 sections 5.1.2 (commands), 5.1.3 (command_status), 5.3.2 (TLV); v5.0 for 0x100 and above
 */
import type { RefusalClass } from '../../operator.ts'

export const command = {
  bindReceiver: 0x00000001,
  bindTransmitter: 0x00000002,
  querySm: 0x00000003,
  submitSm: 0x00000004,
  deliverSm: 0x00000005,
  unbind: 0x00000006,
  replaceSm: 0x00000007,
  cancelSm: 0x00000008,
  bindTransceiver: 0x00000009,
  outbind: 0x0000000b,
  enquireLink: 0x00000015,
  submitMulti: 0x00000021,
  alertNotification: 0x00000102,
  dataSm: 0x00000103,
  genericNack: 0x80000000,
  bindReceiverResp: 0x80000001,
  bindTransmitterResp: 0x80000002,
  querySmResp: 0x80000003,
  submitSmResp: 0x80000004,
  deliverSmResp: 0x80000005,
  unbindResp: 0x80000006,
  replaceSmResp: 0x80000007,
  cancelSmResp: 0x80000008,
  bindTransceiverResp: 0x80000009,
  enquireLinkResp: 0x80000015,
  submitMultiResp: 0x80000021,
  dataSmResp: 0x80000103,
} as const

/** Bit 31 of command_id marks a response. */
export const isResponse = (commandId: number): boolean => commandId >= 0x80000000

export const tag = {
  destAddrSubunit: 0x0005,
  qosTimeToLive: 0x0017,
  payloadType: 0x0019,
  additionalStatusInfoText: 0x001d,
  receiptedMessageId: 0x001e,
  userMessageReference: 0x0204,
  sourcePort: 0x020a,
  destinationPort: 0x020b,
  sarMsgRefNum: 0x020c,
  sarTotalSegments: 0x020e,
  sarSegmentSeqnum: 0x020f,
  scInterfaceVersion: 0x0210,
  callbackNum: 0x0381,
  dpfResult: 0x0420,
  networkErrorCode: 0x0423,
  messagePayload: 0x0424,
  deliveryFailureReason: 0x0425,
  moreMessagesToSend: 0x0426,
  messageState: 0x0427,
  congestionState: 0x0428,
  billingIdentification: 0x060b,
} as const

export const status = {
  ok: 0x00,
  invalidMessageLength: 0x01,
  invalidCommandLength: 0x02,
  invalidCommandId: 0x03,
  invalidBindStatus: 0x04,
  alreadyBound: 0x05,
  systemError: 0x08,
  invalidSource: 0x0a,
  invalidDestination: 0x0b,
  bindFailed: 0x0d,
  invalidPassword: 0x0e,
  invalidSystemId: 0x0f,
  queueFull: 0x14,
  invalidSystemType: 0x53,
  throttled: 0x58,
  temporaryAppError: 0x64,
  permanentAppError: 0x65,
  invalidTlvStream: 0xc0,
} as const

/**
 * What a status asks of us. `bug` means that our own bytes were wrong: the message is refused for good and the
 * line in the log is for us; `link` is about the bind and not about the message; `route` means that another
 * operator, or a change of the contract, could still take the message.
 */
export type StatusClass = RefusalClass | 'bug'

type StatusRow = readonly [value: number, name: string, statusClass: StatusClass]

const statusRows: readonly StatusRow[] = [
  [0x01, 'ESME_RINVMSGLEN', 'bug'],
  [0x02, 'ESME_RINVCMDLEN', 'bug'],
  [0x03, 'ESME_RINVCMDID', 'bug'],
  [0x04, 'ESME_RINVBNDSTS', 'link'],
  [0x05, 'ESME_RALYBND', 'link'],
  [0x06, 'ESME_RINVPRTFLG', 'bug'],
  [0x07, 'ESME_RINVREGDLVFLG', 'bug'],
  [0x08, 'ESME_RSYSERR', 'temporary'],
  [0x0a, 'ESME_RINVSRCADR', 'route'],
  [0x0b, 'ESME_RINVDSTADR', 'invalid-recipient'],
  [0x0c, 'ESME_RINVMSGID', 'permanent'],
  [0x0d, 'ESME_RBINDFAIL', 'link'],
  [0x0e, 'ESME_RINVPASWD', 'link'],
  [0x0f, 'ESME_RINVSYSID', 'link'],
  [0x11, 'ESME_RCANCELFAIL', 'permanent'],
  [0x13, 'ESME_RREPLACEFAIL', 'permanent'],
  [0x14, 'ESME_RMSGQFUL', 'temporary'],
  [0x15, 'ESME_RINVSERTYP', 'route'],
  [0x33, 'ESME_RINVNUMDESTS', 'bug'],
  [0x34, 'ESME_RINVDLNAME', 'bug'],
  [0x40, 'ESME_RINVDESTFLAG', 'bug'],
  [0x42, 'ESME_RINVSUBREP', 'bug'],
  [0x43, 'ESME_RINVESMCLASS', 'bug'],
  [0x44, 'ESME_RCNTSUBDL', 'bug'],
  [0x45, 'ESME_RSUBMITFAIL', 'temporary'],
  [0x48, 'ESME_RINVSRCTON', 'route'],
  [0x49, 'ESME_RINVSRCNPI', 'route'],
  [0x50, 'ESME_RINVDSTTON', 'route'],
  [0x51, 'ESME_RINVDSTNPI', 'route'],
  [0x53, 'ESME_RINVSYSTYP', 'link'],
  [0x54, 'ESME_RINVREPFLAG', 'bug'],
  [0x55, 'ESME_RINVNUMMSGS', 'bug'],
  [0x58, 'ESME_RTHROTTLED', 'throttle'],
  [0x61, 'ESME_RINVSCHED', 'bug'],
  [0x62, 'ESME_RINVEXPIRY', 'bug'],
  [0x63, 'ESME_RINVDFTMSGID', 'bug'],
  [0x64, 'ESME_RX_T_APPN', 'temporary'],
  [0x65, 'ESME_RX_P_APPN', 'permanent'],
  [0x66, 'ESME_RX_R_APPN', 'permanent'],
  [0x67, 'ESME_RQUERYFAIL', 'permanent'],
  [0xc0, 'ESME_RINVOPTPARSTREAM', 'bug'],
  [0xc1, 'ESME_ROPTPARNOTALLWD', 'bug'],
  [0xc2, 'ESME_RINVPARLEN', 'bug'],
  [0xc3, 'ESME_RMISSINGOPTPARAM', 'bug'],
  [0xc4, 'ESME_RINVOPTPARAMVAL', 'bug'],
  [0xfe, 'ESME_RDELIVERYFAILURE', 'permanent'],
  [0xff, 'ESME_RUNKNOWNERR', 'temporary'],
  [0x100, 'ESME_RSERTYPUNAUTH', 'route'],
  [0x101, 'ESME_RPROHIBITED', 'permanent'],
  [0x102, 'ESME_RSERTYPUNAVAIL', 'temporary'],
  [0x103, 'ESME_RSERTYPDENIED', 'permanent'],
  [0x104, 'ESME_RINVDCS', 'bug'],
  [0x105, 'ESME_RINVSRCADDRSUBUNIT', 'permanent'],
  [0x106, 'ESME_RINVDSTADDRSUBUNIT', 'permanent'],
  [0x107, 'ESME_RINVBCASTFREQINT', 'permanent'],
  [0x108, 'ESME_RINVBCASTALIAS_NAME', 'permanent'],
  [0x109, 'ESME_RINVBCASTAREAFMT', 'permanent'],
  [0x10a, 'ESME_RINVNUMBCAST_AREAS', 'permanent'],
  [0x10b, 'ESME_RINVBCASTCNTTYPE', 'permanent'],
  [0x10c, 'ESME_RINVBCASTMSGCLASS', 'permanent'],
  [0x10d, 'ESME_RBCASTFAIL', 'permanent'],
  [0x10e, 'ESME_RBCASTQUERYFAIL', 'permanent'],
  [0x10f, 'ESME_RBCASTCANCELFAIL', 'permanent'],
  [0x110, 'ESME_RINVBCAST_REP', 'permanent'],
  [0x111, 'ESME_RINVBCASTSRVGRP', 'permanent'],
  [0x112, 'ESME_RINVBCASTCHANIND', 'permanent'],
]

const statusesByValue = new Map(statusRows.map(row => [row[0], row]))

/** `ESME_...` of the standard, or `0x0000040b` for a value outside it. */
export function statusName(value: number): string {
  if (value === 0) return 'ESME_ROK'
  return statusesByValue.get(value)?.[1] ?? `0x${value.toString(16).padStart(8, '0')}`
}

/**
 * What a refusal means. Vendor values 0x400..0x4ff are temporary (most often credit or a duplicate filter), any
 * other unlisted value is permanent, as in Kannel.
 */
export function statusClass(value: number): StatusClass {
  const listed = statusesByValue.get(value)?.[2]
  if (listed !== undefined) return listed
  return value >= 0x400 && value <= 0x4ff ? 'temporary' : 'permanent'
}

/** Every listed status, for documentation and for the simulator's fault plans. */
export function listStatuses(): readonly StatusRow[] {
  return statusRows
}
