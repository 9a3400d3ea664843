/** STOP and START of a phone, inside the transaction that handles its message. */
import type { Knex } from 'knex'
import { defaultStoppedCategories } from '../../scheduler/alerts/policy/usual-rules.ts'
import { auditIn, type Change } from './audit.ts'
import { categoryCodes, stateCodes, stateLiteral, unknownPolicyCodes } from './codes.ts'
import { servicesOf } from './inbound-context.ts'
import { everyService } from './stop-list.ts'
import { blockForStop } from './stopped-claims.ts'

export interface PhoneWish {
  phone: string
  /** `*` is every service. */
  service: string
  incomingId: number
}

const noun = 'stop_list'
const actor = 'inbound'

/**
 * Puts the phone on the stop list, and blocks what waits to leave in the name of the service.
 *
 * @returns false when it was on the list already
 */
export async function stopPhone(
  transaction: Knex.Transaction,
  { phone, service, incomingId }: PhoneWish,
  nowMs: number,
): Promise<boolean> {
  const isKnown = await isPhoneStopped(transaction, { phone, service, isCovered: true })
  await blockWaiting(transaction, { phone, service }, nowMs)
  if (isKnown) return false
  const reason = `incoming message ${incomingId}`
  await transaction('stop_list')
    .insert({ recipient: phone, service, reason, created_at: nowMs })
    .onConflict(['recipient', 'service'])
    .ignore()
  await audit(transaction, 'create', { phone, service, incomingId }, nowMs)
  return true
}

/**
 * Takes the phone off the list of the service. A stop of every service is lifted too: the confirmation would be
 * false otherwise.
 *
 * @returns false when it was not on the list
 */
export async function startPhone(
  transaction: Knex.Transaction,
  { phone, service, incomingId }: PhoneWish,
  nowMs: number,
): Promise<boolean> {
  const entries = transaction('stop_list').where({ recipient: phone })
  if (service !== everyService) entries.whereIn('service', [service, everyService])
  const removed = await entries.delete()
  if (removed === 0) return false
  await audit(transaction, 'delete', { phone, service, incomingId }, nowMs)
  return true
}

/**
 * Whether the list says something of this phone.
 *
 * @param isCovered true asks whether the service is silent already (a STOP would change nothing), false whether there
 *   is an entry that a START of it would lift
 */
export async function isPhoneStopped(
  knex: Knex,
  { phone, service, isCovered }: Pick<PhoneWish, 'phone' | 'service'> & { isCovered: boolean },
): Promise<boolean> {
  const entries = knex('stop_list').where({ recipient: phone }).limit(1)
  if (isCovered || service !== everyService) entries.whereIn('service', [service, everyService])
  return (await entries).length > 0
}

/** What is queued or held would still reach a phone that has read our confirmation. */
async function blockWaiting(
  transaction: Knex.Transaction,
  { phone, service }: Pick<PhoneWish, 'phone' | 'service'>,
  nowMs: number,
): Promise<void> {
  const open = (['queued', 'held', 'unknown'] as const).map(stateLiteral)
  const rows: { id: number; service: string | null; alert_id: number | null; state: number }[] =
    await transaction('messages')
      .where({ recipient: phone })
      .whereRaw(`state in (${open.join(', ')})`)
      .whereIn('category', defaultStoppedCategories.map(categoryCodes.codeOf))
      .select('id', 'service', 'alert_id', 'state')
  const services = await servicesOf(transaction, rows)
  const stopped = rows.filter((_, index) => service === everyService || services[index] === service)
  const isUnknown = (row: { state: number }): boolean => row.state === stateCodes.codeOf('unknown')
  const waiting = stopped.filter(row => !isUnknown(row))
  // What was claimed meanwhile is leaving.
  await blockForStop(transaction, waiting, { from: ['queued', 'held'], nowMs })
  // One that may have left is not sent again on a guess.
  await transaction('messages')
    .whereIn(
      'id',
      stopped.filter(isUnknown).map(row => row.id),
    )
    .whereRaw(`state = ${stateLiteral('unknown')}`)
    .update({ unknown_policy: unknownPolicyCodes.codeOf('hold') })
}

async function audit(
  transaction: Knex.Transaction,
  action: 'create' | 'delete',
  { phone, service, incomingId }: PhoneWish,
  nowMs: number,
): Promise<void> {
  const change: Change = { actor, nowMs }
  await auditIn(transaction, change, action, {
    noun,
    nounId: phone,
    detail: { services: [service], incomingId },
  })
}
