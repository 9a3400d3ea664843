/**
 * Results: what the other side says to an operation.
 *
 * @see facts: `A/SM` to 01, 31 and 60; `A/MVP/SM` to 30 and 51 to 58; `N/EC/SM` to anything
 */
import { buildFrame, type Frame } from './frame.ts'

export type Result =
  /** `sm` is `AdC:SCTS` to 51, a number of four digits to 31, free text to 60; `mvp` a changed validity period. */
  | { kind: 'ack'; mvp: string; sm: string }
  /** `ec` 0 when it could not be read: refused, for a reason we do not know. */
  | { kind: 'nack'; ec: number; sm: string }
  | { kind: 'malformed'; reason: string }

/** Operations whose positive result begins with a modified validity period. */
const hasMvp = (ot: number): boolean => ot === 30 || (ot >= 51 && ot <= 58)

/** Reads the fields of an `R` frame. Short results (`A` alone) are taken: some SMSCs leave the rest out. */
export function readResult(frame: Pick<Frame, 'ot' | 'fields'>): Result {
  const [verdict = '', first = '', second = ''] = frame.fields
  if (verdict === 'A') {
    return hasMvp(frame.ot) ? { kind: 'ack', mvp: first, sm: second } : { kind: 'ack', mvp: '', sm: first }
  }
  if (verdict === 'N') {
    return { kind: 'nack', ec: /^\d{1,3}$/.test(first) ? Number(first) : 0, sm: second }
  }
  return { kind: 'malformed', reason: `result ${JSON.stringify(verdict.slice(0, 8))}, expected A or N` }
}

/** The frame that accepts an operation. */
export function buildAck(ot: number, trn: number, sm: string): string {
  const fields = hasMvp(ot) ? ['A', '', sm] : ['A', sm]
  return buildFrame({ trn, type: 'R', ot, fields })
}

/** The frame that refuses an operation. @param ec 1..99 */
export function buildNack(ot: number, trn: number, ec: number, sm = ''): string {
  return buildFrame({ trn, type: 'R', ot, fields: ['N', String(ec).padStart(2, '0'), sm] })
}
