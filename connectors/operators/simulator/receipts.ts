/** From an accepted part to the receipts that it will have. */
import { type ShortMessage, shortMessage, tlvValue } from '../smpp/short-message.ts'
import { command, tag } from '../smpp/tables.ts'
import type { AccountDesk, SimulatorCore } from './core.ts'
import type { Delivery } from './deliveries.ts'
import type { MessageId } from './message-ids.ts'
import { type OutcomeRule, outcomeFor, outcomeStates } from './outcomes.ts'
import { type ReceiptFacts, type ReceiptFormat, spellReceipt } from './receipt-formats.ts'
import { type SubmittedPart, textPrefixOf } from './submit-sm.ts'

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
  const { registeredDelivery } = part.message
  const rule = outcomeFor(part.message.destination, settings.rules, core.settings.seed)
  core.counts.outcomes[rule.outcome] += 1
  if (!settings.enabled || rule.timing === 'never' || !isWanted(registeredDelivery, rule)) return null

  const dueMs = nowMs + core.faults.delayMs(rule.delayMs ?? settings.delayMs)
  const facts = factsOf(core, part, rule, { id, nowMs })
  const format = rule.format ?? settings.format
  const plan = (planned: ReceiptFacts, atMs: number): void => {
    core.counts.receiptsScheduled += 1
    desk.deliveries.add(receiptDelivery(planned, format), atMs)
  }
  if (settings.intermediate && (registeredDelivery & intermediateBit) !== 0) {
    plan({ ...facts, ...outcomeStates.enroute, err: '000' }, nowMs + Math.floor((dueMs - nowMs) / 2))
  }
  if (rule.timing === 'stray') plan({ ...facts, id: core.nextMessageId() }, dueMs)
  if (rule.timing === 'twice') plan(facts, dueMs)
  if (rule.timing === 'early') {
    core.counts.receiptsScheduled += 1
    return receiptDelivery(facts, format)
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
  const { message } = part
  return {
    id: accepted.id,
    recipient: message.destination,
    recipientTon: message.destinationTon,
    recipientNpi: message.destinationNpi,
    sender: message.source,
    senderTon: message.sourceTon,
    senderNpi: message.sourceNpi,
    submittedAtMs: accepted.nowMs,
    doneAtMs: accepted.nowMs,
    stat,
    state,
    err: rule.err ?? (rule.outcome === 'delivered' ? '000' : '001'),
    textPrefix: textPrefixOf(part),
    zoneMinutes: core.settings.receipts.zoneMinutes,
    userMessageReference: message.tlvs.length === 0 ? null : referenceOf(message),
  }
}

function referenceOf(message: ShortMessage): Uint8Array | null {
  const value = tlvValue(message.tlvs, tag.userMessageReference)
  return value === undefined ? null : Uint8Array.from(value)
}

function receiptDelivery(facts: ReceiptFacts, format: ReceiptFormat): Delivery {
  let isFirst = true
  return {
    kind: 'receipt',
    compose(nowMs) {
      if (isFirst) facts.doneAtMs = nowMs
      isFirst = false
      return composeReceipt(facts, format)
    },
  }
}

/** sm_length ends at 254: a UUID spelled in UCS-2 does not fit. */
const maxShortMessage = 254

/** A receipt goes the other way: from the phone to whoever wrote to it. */
function composeReceipt(
  facts: ReceiptFacts,
  format: ReceiptFormat,
): { commandId: number; message: ShortMessage } {
  const spelling = spellReceipt(facts, format)
  const body = Buffer.from(spelling.body, 'latin1')
  const inPayload = spelling.inPayload || body.length > maxShortMessage
  const tlvs = inPayload ? [...spelling.tlvs, { tag: tag.messagePayload, value: body }] : spelling.tlvs
  const message = shortMessage({
    source: facts.recipient,
    sourceTon: facts.recipientTon,
    sourceNpi: facts.recipientNpi,
    destination: facts.sender,
    destinationTon: facts.senderTon,
    destinationNpi: facts.senderNpi,
    esmClass: spelling.esmClass,
    dataCoding: spelling.dataCoding,
    tlvs:
      facts.userMessageReference === null
        ? tlvs
        : [...tlvs, { tag: tag.userMessageReference, value: facts.userMessageReference }],
  })
  if (!inPayload) message.shortMessage = body
  return { commandId: spelling.asDataSm ? command.dataSm : command.deliverSm, message }
}
