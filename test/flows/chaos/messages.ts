/** The messages of the chaos run: each to a phone of its own, with a text of its own. */
import type { EnqueueItem } from '../../../scheduler/store.ts'

const validityMs = 48 * 3_600_000
const longText = ' Votre contrat arrive à échéance, passez dans une agence pour le renouveler.'.repeat(3)

/** One in eight is long, one in five may not be sent again when nobody knows whether it left. */
export function chaosMessage(index: number, prefixes: readonly string[], nowMs: number): EnqueueItem {
  const isLong = index % 8 === 7
  return {
    ledger: null,
    message: {
      recipient: `${prefixes[index % prefixes.length]}${String(index).padStart(6, '0')}`,
      sender: null,
      text: `Rappel ${index} : prime échue.${isLong ? longText : ''}`,
      encoding: 'gsm7',
      parts: isLong ? 2 : 1,
      category: 'reminder',
      priority: 'normal',
      state: 'queued',
      reason: '',
      dueAtMs: nowMs,
      expiresAtMs: nowMs + validityMs,
      unknownPolicy: index % 5 === 1 ? 'hold' : 'resend',
      isFlash: false,
      alertId: null,
      runId: null,
      clientId: null,
      clientReference: null,
      capKey: null,
    },
  }
}
