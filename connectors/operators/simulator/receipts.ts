/** From an accepted part to the receipts that it will have. */
import type { AccountDesk, SimulatorCore } from './core.ts'
import type { Delivery } from './deliveries.ts'
import type { MessageId } from './dialogue-words.ts'
import { outcomeStates } from './outcome-states.ts'
import { type OutcomeRule, outcomeFor } from './outcomes.ts'
import type { ReceiptFacts } from './receipt-facts.ts'
import { type SubmittedPart, textPrefixOf } from './submitted-part.ts'

/**
 * Plans what the phone and the operator will tell of a part.
 *
 * @returns the receipt that must be written before the answer, or null
 */
export function planReceipts(
  core: SimulatorCore,
  desk: AccountDesk,
  accepted: { part: SubmittedPart; id: MessageId; nowMs: number },
): Delivery | null {
  const { part, id, nowMs } = accepted
  const settings = core.settings.receipts
  const { registeredDelivery } = part
  const rule = outcomeFor(part.recipient, settings.rules, core.settings.seed)
  core.counts.outcomes[rule.outcome] += 1
  if (!settings.enabled || rule.timing === 'never' || !isWanted(registeredDelivery, rule)) return null

  const dueMs = nowMs + core.faults.delayMs(rule.delayMs ?? settings.delayMs)
  const facts = factsOf(core, part, rule, { id, nowMs })
  const format = rule.format ?? settings.format
  const plan = (planned: ReceiptFacts, atMs: number): void => {
    core.counts.receiptsScheduled += 1
    desk.deliveries.add({ kind: 'receipt', facts: planned, format }, atMs)
  }
  if (settings.intermediate && (registeredDelivery & intermediateBit) !== 0) {
    const outcome = 'enroute'
    const err = core.protocol.usualErrs[outcome]
    plan({ ...facts, ...outcomeStates[outcome], outcome, err }, nowMs + Math.floor((dueMs - nowMs) / 2))
  }
  if (rule.timing === 'stray') plan({ ...facts, id: core.protocol.foreignId(core, part, nowMs) }, dueMs)
  if (rule.timing === 'twice') plan({ ...facts }, dueMs)
  if (rule.timing === 'early') {
    core.counts.receiptsScheduled += 1
    return { kind: 'receipt', facts, format }
  }
  plan(facts, dueMs)
  return null
}

const intermediateBit = 0x10

/** @see SMPP 3.4 section 5.2.17: bits 1-0, 1 always, 2 on failure; 3 on success is of 5.0 */
function isWanted(registeredDelivery: number, rule: OutcomeRule): boolean {
  const asked = registeredDelivery & 0x03
  if (asked === 0) return false
  return asked === 1 || (asked === 3) === (rule.outcome === 'delivered')
}

function factsOf(
  core: SimulatorCore,
  part: SubmittedPart,
  rule: OutcomeRule,
  accepted: { id: MessageId; nowMs: number },
): ReceiptFacts {
  const { stat, state } = outcomeStates[rule.outcome]
  const { userMessageReference } = part
  return {
    id: accepted.id,
    recipient: part.recipient,
    recipientTon: part.recipientTon,
    recipientNpi: part.recipientNpi,
    sender: part.sender,
    senderTon: part.senderTon,
    senderNpi: part.senderNpi,
    submittedAtMs: accepted.nowMs,
    doneAtMs: 0,
    outcome: rule.outcome,
    stat,
    state,
    err: rule.err ?? core.protocol.usualErrs[rule.outcome],
    textPrefix: textPrefixOf(part),
    zoneMinutes: core.settings.receipts.zoneMinutes,
    userMessageReference: userMessageReference === null ? null : Uint8Array.from(userMessageReference),
  }
}
