/** An operator as the API shows it: what is stored, what its link does now, what waits for it. */
import type { z } from 'zod'
import type { OperatorState } from '../gateway/gateway.ts'
import type { OperatorRecord } from '../store/operators.ts'
import type { operator, operatorLink } from './contract/operators.ts'
import { shownConfig } from './endpoints/secret-config.ts'
import { iso } from './endpoints/times.ts'
import type { Workshop } from './workshop.ts'

type View = (record: OperatorRecord) => z.input<typeof operator>

/** Asks once for all operators. */
export async function operatorView({ store, gateway, clock, awaitingReceipts }: Workshop): Promise<View> {
  const [backlog, awaiting] = await Promise.all([
    store.statistics.backlog(clock.nowMs()),
    awaitingReceipts.of(),
  ])
  const links = new Map(gateway.operators().map(link => [link.operatorId, link]))
  return record => {
    const { operatorId } = record
    const link = links.get(operatorId)
    const waiting = backlog.find(entry => entry.operatorId === operatorId)
    const counted = awaiting.byOperator.get(operatorId)
    const trace = gateway.traces?.status(operatorId)
    return {
      operatorId,
      name: record.name,
      protocol: record.protocol,
      config: shownConfig(record.config),
      hasPassword: record.sealedPassword !== null,
      sender: record.sender,
      pricePerPartMilli: record.pricePerPartMilli,
      currency: record.currency,
      isStarted: record.isStarted,
      createdAt: iso(record.createdAtMs),
      updatedAt: iso(record.updatedAtMs),
      link: link === undefined ? null : linkOf(link),
      queue: {
        queued: waiting?.queued ?? 0,
        held: waiting?.held ?? 0,
        unknown: waiting?.unknown ?? 0,
        oldestDueAt: isoOrNull(waiting?.oldestDueAtMs ?? null),
      },
      receipts: {
        pending: counted?.messages ?? 0,
        unmatched: counted?.unmatched ?? 0,
        countedAt: iso(awaiting.countedAtMs),
      },
      trace: { isOn: trace?.isOn ?? false, until: isoOrNull(trace?.untilMs ?? null) },
    }
  }
}

export async function showOperator(
  record: OperatorRecord,
  workshop: Workshop,
): Promise<z.input<typeof operator>> {
  return (await operatorView(workshop))(record)
}

function linkOf(link: OperatorState): z.input<typeof operatorLink> {
  return {
    state: link.state,
    since: iso(link.sinceMs),
    reason: link.reason,
    mode: link.mode,
    inFlight: link.inFlight,
    window: link.window,
    pausedUntil: link.pausedUntilMs === 0 ? null : iso(link.pausedUntilMs),
    ahead: link.ahead,
    rate: { contract: link.partsPerSecond, lastSecond: link.partsInLastSecond },
    lastError: link.lastError === null ? null : { at: iso(link.lastError.atMs), text: link.lastError.text },
    binds: link.binds.map(({ sinceMs, ...bind }) => ({ ...bind, since: iso(sinceMs) })),
  }
}

export function isoOrNull(atMs: number | null): string | null {
  return atMs === null ? null : iso(atMs)
}
