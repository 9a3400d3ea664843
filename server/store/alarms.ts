/** What a person must look at: raised once, open until its cause is gone. */
import type { Knex } from 'knex'
import { rawRows, storable } from './dialect.ts'

export interface AlarmInput {
  /** A code such as `bind-down`; at most 40 characters. */
  kind: string
  /** What it is about: name of an operator or alert; cut at 120 characters. */
  subject: string
  detail: string
}

export interface AlarmRecord extends AlarmInput {
  alarmId: number
  raisedAtMs: number
  /** Last time it was raised again. */
  lastAtMs: number
  occurrences: number
  clearedAtMs: number | null
}

const kindLimit = 40
const subjectLimit = 120
const detailLimit = 1_000

/** Opens the alarm, or notes that it goes on. Returns true when it is new. */
export async function raiseAlarm(
  knex: Knex,
  { kind, subject, detail }: AlarmInput,
  nowMs: number,
): Promise<boolean> {
  const answer = await knex.raw(
    `insert into alarms (kind, subject, detail, raised_at, last_at, occurrences) values (?, ?, ?, ?, ?, 1)
     on conflict (kind, subject) where cleared_at is null
     do update set last_at = excluded.last_at, detail = excluded.detail, occurrences = alarms.occurrences + 1
     returning occurrences`,
    [
      ...[kind.slice(0, kindLimit), subject.slice(0, subjectLimit), detail.slice(0, detailLimit)].map(
        storable,
      ),
      nowMs,
      nowMs,
    ],
  )
  return rawRows<{ occurrences: number }>(answer)[0]!.occurrences === 1
}

/** @returns false when it was not open */
export async function clearAlarm(
  knex: Knex,
  { kind, subject }: Pick<AlarmInput, 'kind' | 'subject'>,
  nowMs: number,
): Promise<boolean> {
  const cleared = await knex('alarms')
    .where({ kind: kind.slice(0, kindLimit), subject: storable(subject.slice(0, subjectLimit)) })
    .whereNull('cleared_at')
    .update({ cleared_at: nowMs })
  return cleared > 0
}

/** Oldest first. */
export async function openAlarms(knex: Knex): Promise<AlarmRecord[]> {
  const rows: AlarmRow[] = await knex('alarms').whereNull('cleared_at').orderBy('id')
  return rows.map(recordOf)
}

/** Open and cleared, newest first. */
export async function alarmHistory(
  knex: Knex,
  { beforeId, limit }: { beforeId?: number; limit: number },
): Promise<AlarmRecord[]> {
  const query = knex('alarms').orderBy('id', 'desc').limit(limit)
  if (beforeId !== undefined) query.where('id', '<', beforeId)
  const rows: AlarmRow[] = await query
  return rows.map(recordOf)
}

interface AlarmRow {
  id: number
  kind: string
  subject: string
  detail: string
  raised_at: number
  last_at: number
  occurrences: number
  cleared_at: number | null
}

function recordOf(row: AlarmRow): AlarmRecord {
  return {
    alarmId: row.id,
    kind: row.kind,
    subject: row.subject,
    detail: row.detail,
    raisedAtMs: row.raised_at,
    lastAtMs: row.last_at,
    occurrences: row.occurrences,
    clearedAtMs: row.cleared_at,
  }
}
