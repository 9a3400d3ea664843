/**
 * The operations and the order of their fields, as data; one builder and one reader walk them.
 *
 * @see EMI-UCP 5.2 chapters 4 and 5; Wireshark, Kannel and two Perl modules agree on every order listed here.
 *   Operation 03 is left out: two sources disagree about it.
 */
import { buildFrame, type Frame } from './frame.ts'

export const operation = {
  callInput: 1,
  transfer: 30,
  alert: 31,
  submit: 51,
  deliver: 52,
  notify: 53,
  session: 60,
} as const

/** The 33 fields of operations 51 to 58. */
const messageFields = [
  'AdC',
  'OAdC',
  'AC',
  'NRq',
  'NAdC',
  'NT',
  'NPID',
  'LRq',
  'LRAd',
  'LPID',
  'DD',
  'DDT',
  'VP',
  'RPID',
  'SCTS',
  'Dst',
  'Rsn',
  'DSCTS',
  'MT',
  'NB',
  /** NMsg, AMsg or TMsg: digits with MT 2, hex of characters with MT 3, hex of octets with MT 4. */
  'Msg',
  'MMS',
  'PR',
  'DCs',
  'MCLs',
  'RPI',
  'CPg',
  'RPLy',
  'OTOA',
  'HPLMN',
  'XSer',
  'RES4',
  'RES5',
] as const

export const operationFields = {
  1: ['AdC', 'OAdC', 'AC', 'MT', 'Msg'],
  30: ['AdC', 'OAdC', 'AC', 'NRq', 'NAd', 'NPID', 'DD', 'DDT', 'VP', 'AMsg'],
  31: ['AdC', 'PID'],
  51: messageFields,
  52: messageFields,
  53: messageFields,
  60: ['OAdC', 'OTON', 'ONPI', 'STYP', 'PWD', 'NPWD', 'VERS', 'LAdC', 'LTON', 'LNPI', 'OPID', 'RES1'],
} as const satisfies Record<number, readonly string[]>

export type KnownOperation = keyof typeof operationFields
export type FieldName<Ot extends KnownOperation> = (typeof operationFields)[Ot][number]
/** Every field of the operation; empty where it is empty or missing. */
export type OperationFields<Ot extends KnownOperation> = Record<FieldName<Ot>, string>

export function isKnownOperation(ot: number): ot is KnownOperation {
  return Object.hasOwn(operationFields, ot)
}

/** The frame of an operation; fields not named are empty. */
export function buildOperation<Ot extends KnownOperation>(
  ot: Ot,
  trn: number,
  values: Partial<OperationFields<Ot>>,
): string {
  const names: readonly FieldName<Ot>[] = operationFields[ot]
  return buildFrame({ trn, type: 'O', ot, fields: names.map(name => values[name] ?? '') })
}

export type FieldsReading<Ot extends KnownOperation> =
  | { kind: 'fields'; fields: OperationFields<Ot> }
  /** Fewer fields than the operation has: EC 02. More are tolerated. */
  | { kind: 'malformed'; reason: string }

/** Names the fields of a frame that bears this operation. */
export function readOperation<Ot extends KnownOperation>(
  ot: Ot,
  frame: Pick<Frame, 'fields'>,
): FieldsReading<Ot> {
  const names: readonly FieldName<Ot>[] = operationFields[ot]
  if (frame.fields.length < names.length) {
    const reason = `operation ${ot} of ${frame.fields.length} fields, expected ${names.length}`
    return { kind: 'malformed', reason }
  }
  const fields = Object.fromEntries(names.map((name, index) => [name, frame.fields[index]!]))
  return { kind: 'fields', fields: fields as OperationFields<Ot> }
}
