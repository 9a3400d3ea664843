/** What must be known of a phone before its message is answered: who wrote to it last, and whether we replied enough. */
import type { Knex } from 'knex'
import { stateCodes } from './codes.ts'
import { rawRows } from './dialect.ts'

/** Whoever last wrote to a phone: an API key or an alert. */
export interface InboundOwner {
  clientId: number | null
  alertId: number | null
  messageId: number
  /** In whose name that message was written. */
  service: string
}

interface OwnerRequest {
  /** E.164 digits. */
  phone: string
  /** The number that the phone wrote to. */
  shortCode: string
}

/** After a week nobody remembers what a message answers. */
const ownerMs = 7 * 24 * 3_600_000
/** Messages looked at, newest first: enough to find the last one from the number that was answered. */
const ownerDepth = 50

/**
 * At most five automatic replies to a number in ten minutes: what a person writes stays below, two machines that
 * answer each other do not (the figures of SMSEagle).
 */
export const loopGuard = { replies: 5, windowMs: 600_000 } as const

/** Service of messages that named none. */
const usualService = 'default'

/** One per request, in order; null when nobody wrote within seven days. */
export async function ownersOf(
  knex: Knex,
  requests: readonly OwnerRequest[],
  nowMs: number,
): Promise<(InboundOwner | null)[]> {
  const owners: (InboundOwner | null)[] = []
  for (const request of requests) owners.push(await ownerOf(knex, request, nowMs))
  return owners
}

/** Whether the phone has had as many automatic replies as the loop guard allows. */
export async function isGuarded(knex: Knex, phone: string, nowMs: number): Promise<boolean> {
  const rows = rawRows<{ replies: number }>(
    await knex.raw(
      `select count(*) as replies from inbound_actions
         where phone = ? and created_at > ? and message_id is not null`,
      [phone, nowMs - loopGuard.windowMs],
    ),
  )
  return Number(rows[0]!.replies) >= loopGuard.replies
}

/**
 * The last message that left for this phone, from the number it answered before any other. Our own replies have no
 * owner: neither an API key nor an alert wrote them.
 */
async function ownerOf(
  knex: Knex,
  { phone, shortCode }: OwnerRequest,
  nowMs: number,
): Promise<InboundOwner | null> {
  const rows: LastMessage[] = await knex('messages as m')
    .leftJoin('operators as o', 'o.id', 'm.operator_id')
    .where('m.recipient', phone)
    .orderBy('m.id', 'desc')
    .limit(ownerDepth)
    .select('m.id', 'm.client_id', 'm.alert_id', 'm.service', 'm.state', 'm.created_at', 'm.sending_at')
    .select(knex.raw('coalesce(m.sender, o.sender) as sender'))
  const candidates = rows.filter(
    row =>
      row.created_at >= nowMs - ownerMs &&
      row.sending_at !== null &&
      stateCodes.wordOf(row.state) !== 'refused' &&
      (row.client_id !== null || row.alert_id !== null),
  )
  const last = candidates.find(row => row.sender?.replace('+', '') === shortCode) ?? candidates[0]
  if (last === undefined) return null
  const [service] = await servicesOf(knex, [last])
  return { clientId: last.client_id, alertId: last.alert_id, messageId: last.id, service: service! }
}

interface LastMessage {
  id: number
  client_id: number | null
  alert_id: number | null
  service: string | null
  state: number
  created_at: number
  sending_at: number | null
  sender: string | null
}

/** One per message. Those older than the column take the service that their alert has now. */
export async function servicesOf(
  knex: Knex,
  messages: readonly { service: string | null; alert_id: number | null }[],
): Promise<string[]> {
  const alertIds = messages.flatMap(({ service, alert_id: id }) =>
    service === null && id !== null ? [id] : [],
  )
  const alerts: { id: number; definition: string }[] =
    alertIds.length === 0
      ? []
      : await knex('alerts')
          .whereIn('id', [...new Set(alertIds)])
          .select('id', 'definition')
  const byAlert = new Map(
    alerts.map(({ id, definition }) => [id, (JSON.parse(definition) as { service?: string }).service]),
  )
  return messages.map(({ service, alert_id: id }) => service ?? byAlert.get(id ?? 0) ?? usualService)
}
