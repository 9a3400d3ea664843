/** What may become of an accepted part, and the words for it. */

/** `stat:` word and message_state of each outcome. @see SMPP 3.4 section 5.2.28 */
export const outcomeStates = {
  delivered: { stat: 'DELIVRD', state: 2, isFinal: true },
  undelivered: { stat: 'UNDELIV', state: 5, isFinal: true },
  expired: { stat: 'EXPIRED', state: 3, isFinal: true },
  deleted: { stat: 'DELETED', state: 4, isFinal: true },
  rejected: { stat: 'REJECTD', state: 8, isFinal: true },
  unknown: { stat: 'UNKNOWN', state: 7, isFinal: true },
  accepted: { stat: 'ACCEPTD', state: 6, isFinal: false },
  enroute: { stat: 'ENROUTE', state: 1, isFinal: false },
} as const

export type Outcome = keyof typeof outcomeStates

export const outcomes = Object.keys(outcomeStates) as [Outcome, ...Outcome[]]
