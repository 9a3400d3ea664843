/**
 * Whether a bind is accepted, and its answer.
 *
 * @see SMPP 3.4 sections 4.1.1 to 4.1.6
 */
import { writeTlv } from '../smpp/codec.ts'
import type { PduWriter } from '../smpp/pdu-writer.ts'
import { command, status, tag } from '../smpp/tables.ts'
import type { AccountDesk, SimulatorCore } from './core.ts'

export type BindMode = 'trx' | 'tx' | 'rx'

export const bindModes: ReadonlyMap<number, BindMode> = new Map([
  [command.bindTransceiver, 'trx'],
  [command.bindTransmitter, 'tx'],
  [command.bindReceiver, 'rx'],
])

export type BindJudgement =
  | { kind: 'accepted'; desk: AccountDesk; delayMs: number }
  | { kind: 'refused'; status: number }
  /** The fault plan wants silence. */
  | { kind: 'ignored' }

const interfaceVersion34 = 0x34

export function judgeBind(core: SimulatorCore, body: Buffer, mode: BindMode): BindJudgement {
  const [systemId, password] = cStrings(body, 2)
  if (systemId === undefined || password === undefined) {
    core.counts.malformedPdus += 1
    return { kind: 'refused', status: status.invalidCommandLength }
  }
  const fault = core.faults.ofSession(['refuse-bind', 'ignore-bind', 'delay-bind'], systemId)
  if (fault?.kind === 'refuse-bind') return { kind: 'refused', status: fault.status }
  if (fault?.kind === 'ignore-bind') return { kind: 'ignored' }
  const desk = core.desks.get(systemId)
  if (desk === undefined) return { kind: 'refused', status: status.invalidSystemId }
  const { account } = desk
  if (account.password !== password) return { kind: 'refused', status: status.invalidPassword }
  if (!account.modes.includes(mode)) return { kind: 'refused', status: status.bindFailed }
  if (desk.sessions >= account.maxSessions) return { kind: 'refused', status: status.alreadyBound }
  return { kind: 'accepted', desk, delayMs: fault === null ? 0 : core.faults.delayMs(fault.ms) }
}

/** A refusal has no body, as from most operators. */
export function encodeBindAnswer(
  writer: PduWriter,
  answer: { commandId: number; sequence: number; status: number; name: string },
): void {
  writer.begin(answer, answer.name.length + 1)
  if (answer.status === status.ok) {
    writer.cString(answer.name)
    writeTlv(writer, tag.scInterfaceVersion, Uint8Array.of(interfaceVersion34))
  }
  writer.end()
}

/** The first C-octet strings of a body; fewer when it ends before. */
function cStrings(body: Buffer, count: number): string[] {
  const strings: string[] = []
  let start = 0
  while (strings.length < count) {
    const end = body.indexOf(0, start)
    if (end < 0) break
    strings.push(body.toString('latin1', start, end))
    start = end + 1
  }
  return strings
}
