/** What the contract of the operator that would carry a message has for it. Worked out where operators are known. */
import type { SendingPlace } from '../../calendar/sending-hours.ts'
import type { ContractRefusal } from '../../store.ts'

export type SendingTerms =
  | {
      kind: 'allowed'
      /** What the phone would show; null when no operator carries the message. */
      sender: string | null
      /** Not the sender that the message names: the contract's own stands in its place. */
      isReplaced: boolean
      /** Hours of the short code's tranche; null: at any time. */
      within: SendingPlace | null
    }
  | {
      kind: 'refused'
      reason: ContractRefusal
      /** One sentence. */
      detail: string
      /** Names of the tranches that say so; absent when it is none of them. */
      tranches?: readonly string[]
    }

/** No contract is known: everything may leave under the sender it names. */
export function openTerms(sender: string | null): SendingTerms {
  return { kind: 'allowed', sender, isReplaced: false, within: null }
}
