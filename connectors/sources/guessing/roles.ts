/** What a column may be for an alert. */

export const columnRoles = [
  'phone',
  'lastName',
  'firstName',
  'fullName',
  'plate',
  'dueDate',
  'amount',
  'currency',
  'state',
  'policyNumber',
  'email',
  'agency',
] as const

export type ColumnRole = (typeof columnRoles)[number]

type GuessReasonCode =
  /** The whole name is one that is used for this: `Telephone`. */
  | 'name-exact'
  /** Eight letters in the manner of ORASS: NUMEIMMA. */
  | 'name-orass'
  /** One of its words is: `tel_client`. */
  | 'name-word'
  /** It begins or ends so: `teleclient`. */
  | 'name-part'
  /** It names somebody or something else too: `tel_agence` is a phone, but not the insured's. */
  | 'name-of-another'
  /** The sample's values look like it; `share` of those that are not empty. */
  | 'content'
  /** The name says so and the values do not. */
  | 'content-contradicts'
  /** There is no value to look at. */
  | 'content-empty'
  /** One or two values, which tell nothing. */
  | 'content-few'

export interface GuessReason {
  code: GuessReasonCode
  /** 0..1, of contents. */
  share?: number
  /** The word of the name, or the form of the values: `dd/mm/yyyy`. */
  detail?: string
}
