/**
 * A known operator as data: the settings that its kind of connection usually has, what only its contract tells, and
 * what must be asked because no document says it. Words are the page's and the commands': here stand codes.
 */
import type { CountryCode } from '../../../templates/text/country-presets.ts'
import type { OperatorProtocol } from '../kinds.ts'

/** Why a setting is not certain; whoever shows a preset has a sentence for each. */
export const presetQuestions = [
  /** Which port, and whether TLS. */
  'port',
  /** Submits without an answer that are allowed. */
  'window',
  /** Transceiver, or a pair of transmitter and receiver. */
  'bind-mode',
  /** TON and NPI of the short code. */
  'short-code-address',
  /** International digits, with 00, or as dialled in the country. */
  'number-format',
  /** What data_coding 0 or MT 3 means: try @ $ _ é è à €. */
  'default-alphabet',
  /** How parts of a long text are tied together. */
  'long-messages',
  /** Message ids: hexadecimal in the answer and decimal in the receipt, or the same. */
  'receipt-ids',
  /** Clock of the SMSC in receipts and notifications. */
  'clock-zone',
  /** NT 3 or 7, and that 1 is delivered, 2 not delivered, 4 buffered. */
  'notification-mask',
  /** Names as senders: only where the contract has it. */
  'name-as-sender',
  /** Silence after which the SMSC closes a session. */
  'keep-alive',
  /** Absolute validity needs a clock that agrees with the SMSC's. */
  'validity',
] as const

export type PresetQuestion = (typeof presetQuestions)[number]

export interface PresetField {
  /** A setting of the protocol, or `sender` of the operator itself. */
  setting: string
  /** Without it the operator cannot be added. */
  isRequired: boolean
}

export interface PresetAssumption {
  /** Setting and the value that the preset gives it. */
  setting: string
  value: unknown
  question: PresetQuestion
}

export interface OperatorPreset {
  /** Never changes: `bf-orange`. */
  id: string
  country: CountryCode
  /** As people of the country call it. */
  operatorName: string
  label: { fr: string; en: string }
  protocol: OperatorProtocol
  /** Settings of the protocol; what is not here has the protocol's default. */
  config: Readonly<Record<string, unknown>>
  /** What only the contract tells. */
  fill: readonly PresetField[]
  /** What must be asked of the operator and tried before the first campaign. */
  assumptions: readonly PresetAssumption[]
  /** The condition of a route rule that leads here. */
  serves: { networks: readonly string[] } | { countries: readonly CountryCode[] }
}
