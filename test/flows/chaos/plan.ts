/** What goes wrong in the chaos run, at three operators, and what becomes of each phone. All of it can be repeated. */
import type { FaultRule } from '../../../connectors/operators/simulator/faults.ts'
import type { SimulatorOptions } from '../../../connectors/operators/simulator/options.ts'
import type { SmppConfigInput } from '../../../connectors/operators/smpp/config.ts'
import type { UcpConfigInput } from '../../../connectors/operators/ucp/config.ts'

/** Phones with this end are unknown to every operator. */
export const refusedSuffix = '99'

export interface ChaosOperator {
  name: string
  protocol: 'smpp' | 'ucp'
  /** First digits of the phones that are routed to it. */
  prefix: string
  simulator: SimulatorOptions
  config: Partial<SmppConfigInput> | Partial<UcpConfigInput>
}

const partsPerSecond = 800
const window = 50

/** Shares of the phones; what is left over is delivered and told once, in time. */
const receiptRules: NonNullable<NonNullable<SimulatorOptions['receipts']>['rules']> = [
  { share: 0.01, timing: 'never' },
  { share: 0.03, timing: 'early' },
  { share: 0.03, timing: 'twice' },
  { share: 0.03, timing: 'stray' },
  { share: 0.03, outcome: 'undelivered' },
  { share: 0.02, outcome: 'expired' },
  { share: 0.01, outcome: 'rejected' },
]

const smppBroken = [
  'length-zero',
  'length-too-short',
  'length-huge',
  'random-bytes',
  'half-pdu',
  'unterminated-id',
  'wrong-sequence',
  'unknown-command',
  'bad-tlv',
] as const
const ucpBroken = [
  'length-huge',
  'random-bytes',
  'half-frame',
  'wrong-checksum',
  'wrong-sequence',
  'unknown-command',
  'no-verdict',
] as const

/**
 * Every kind of fault, spread over the run. What breaks the connection comes once, since each of these is followed by
 * a longer wait than the one before; what touches one part alone comes with the traffic.
 *
 * Lies are left out, because no client can see through them: a recorded part answered with an empty or a wrong id
 * (nothing ties its receipt to it) and one answered with generic_nack (it says that the part was not taken).
 */
function faults({ parts, breaks, codes }: FaultSetup): FaultRule[] {
  const spread = (times: number) => ({ every: Math.max(Math.floor(parts / (times + 1)), 1), times })
  return [
    { when: { recipientSuffix: refusedSuffix }, fault: { kind: 'refuse', status: codes.invalid } },
    ...breaks.map((fault, index): FaultRule => {
      const after = Math.floor((parts * (index + 1)) / (breaks.length + 2))
      return { when: { after, times: 1 }, fault }
    }),
    { when: spread(2), fault: { kind: 'stall', ms: 400 } },
    { when: spread(3), fault: { kind: 'throttle' } },
    { when: { probability: 0.004 }, fault: { kind: 'lose-answer' } },
    { when: { probability: 0.002 }, fault: { kind: 'swallow' } },
    { when: { probability: 0.002 }, fault: { kind: 'refuse', status: codes.temporary } },
    { when: { probability: 0.01 }, fault: { kind: 'repeat-answer' } },
    { when: { probability: 0.02 }, fault: { kind: 'delay-answer', ms: [20, 400] } },
    { when: { every: 4, times: 2 }, fault: { kind: 'refuse-connection' } },
    { when: { every: 3, times: 2 }, fault: { kind: 'delay-bind', ms: [50, 300] } },
  ]
}

interface FaultSetup {
  parts: number
  breaks: readonly FaultRule['fault'][]
  codes: { invalid: number; temporary: number }
}

const cuts: readonly FaultRule['fault'][] = [
  { kind: 'cut', at: 'before-answer' },
  { kind: 'cut', at: 'before-recording' },
  { kind: 'cut', at: 'after-answer' },
  { kind: 'unbind' },
]
const smppBreaks = [...smppBroken.map(sort => ({ kind: 'malformed', sort }) as const), ...cuts]
const ucpBreaks = [...ucpBroken.map(sort => ({ kind: 'malformed', sort }) as const), ...cuts]

/** A short run would be all waiting: its binds share the breaks. */
const shortRun = 20_000

/** Two SMPP binds and one UCP bind. @param messages of the whole run */
export function chaosOperators(messages: number): ChaosOperator[] {
  const parts = messages / 3
  const shared = {
    contract: { maxPartsPerSecond: partsPerSecond, maxWindow: window, toleranceMs: 100 },
    receipts: { delayMs: [20, 900] as [number, number], retryMs: 200, rules: receiptRules },
  }
  const smpp = {
    systemId: 'rappel',
    password: 'secret',
    window,
    partsPerSecond,
    answerSeconds: 2,
    halfPduSeconds: 1,
  }
  const share = messages < shortRun ? 2 : 1
  const smppFaults = (position: number): FaultRule[] =>
    faults({
      parts,
      breaks: smppBreaks.filter((_, index) => index % share === position % share),
      codes: { invalid: 0x0b, temporary: 0x08 },
    })
  const ucpFaults = faults({
    parts,
    breaks: ucpBreaks.filter((_, index) => index % share === 0),
    codes: { invalid: 6, temporary: 54 },
  })
  return [
    {
      name: 'SMPP 1',
      protocol: 'smpp',
      prefix: '22670',
      simulator: { ...shared, name: 'SMPP1', messageIds: 'hex-upper', faults: smppFaults(0), seed: 11 },
      config: smpp,
    },
    {
      name: 'SMPP 2',
      protocol: 'smpp',
      prefix: '22671',
      simulator: {
        ...shared,
        name: 'SMPP2',
        messageIds: 'hex-in-answer-decimal-in-receipt',
        faults: smppFaults(1),
        seed: 12,
      },
      config: { ...smpp, bindMode: 'transmitter+receiver' },
    },
    {
      name: 'UCP',
      protocol: 'ucp',
      prefix: '22672',
      simulator: {
        ...shared,
        protocol: 'ucp',
        name: 'UCP',
        faults: ucpFaults,
        seed: 13,
      },
      config: {
        shortCode: '38001',
        password: 'secret',
        window,
        partsPerSecond,
        answerSeconds: 2,
        halfFrameSeconds: 1,
      },
    },
  ]
}
