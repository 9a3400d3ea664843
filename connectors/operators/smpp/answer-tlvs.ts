/**
 * What an answer says beside its message_id: optional parameters that SMPP 5.0 brought to every response, and that some
 * 3.4 platforms send as well.
 *
 * @see SMPP v5.0 sections 4.8.4.18 (congestion_state), 4.8.4.1 (additional_status_info_text)
 */
import { readTlvs } from './codec.ts'
import { tlvInteger, tlvString } from './short-message.ts'
import { tag } from './tables.ts'

export interface AnswerExtras {
  /** 0 idle, 80–89 best use, 100 congested; absent when not told. */
  congestionState?: number
  /** Why a submit was refused, in the operator's words; at most 100 characters. */
  statusText?: string
}

const longestStatusText = 100
const none: AnswerExtras = {}

/** @param body of a response: message_id, its NUL, optional parameters; anything unreadable is passed over */
export function readAnswerExtras(body: Buffer): AnswerExtras {
  const end = body.indexOf(0)
  if (end < 0 || end + 1 >= body.length) return none
  const tlvs = readTlvs(body, end + 1) ?? []
  const congestionState = tlvInteger(tlvs, tag.congestionState)
  const statusText = tlvString(tlvs, tag.additionalStatusInfoText)?.slice(0, longestStatusText)
  return {
    ...(congestionState !== undefined && { congestionState }),
    ...(statusText !== undefined && { statusText }),
  }
}
