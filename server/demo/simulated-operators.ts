/** The three operators of the demo, each a server in a process of its own, with the manners of real ones. */
import { randomBytes } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { z } from 'zod'
import type { Clock } from '../../connectors/clock.ts'
import { type SimulatorProcess, spawnSimulator } from '../../connectors/operators/simulator/child.ts'
import {
  type FaultRule,
  faultPlanSchema,
  faultRuleSchema,
  unfitReason,
} from '../../connectors/operators/simulator/faults.ts'
import type { ProtocolName, SimulatorOptions } from '../../connectors/operators/simulator/options.ts'

export interface OperatorProfile {
  name: string
  protocol: ProtocolName
  /** As it names itself over SMPP; at most 15 characters. */
  systemId: string
  /** Login of its client: an account name over SMPP, a short code over UCP. */
  login: string
  /** Keys of the country preset whose numbers it carries first; it is the fallback of all others. */
  carries: readonly string[]
  /** Of the contract, which the operator enforces and the product is set to. */
  partsPerSecond: number
  pricePerPartMilli: number
  seed: number
  /** Of SMPP; UCP has one spelling. */
  messageIds: NonNullable<SimulatorOptions['messageIds']>
  undeliveredShare: number
  /** 0 over UCP, which has no word for an expiry: it tells it as not delivered. */
  expiredShare: number
  /** What the receipts of these give as the reason: `err:` or Rsn. */
  errs: { undelivered: string; expired: string }
}

const operatorProfiles: readonly OperatorProfile[] = [
  {
    name: 'Orange Faso (simulateur)',
    protocol: 'smpp',
    systemId: 'ORANGE-SIM',
    login: 'rappel',
    carries: ['orange'],
    partsPerSecond: 100,
    pricePerPartMilli: 12_000,
    seed: 22_607,
    messageIds: 'hex-upper',
    undeliveredShare: 0.03,
    expiredShare: 0.02,
    errs: { undelivered: '027', expired: '034' },
  },
  {
    name: 'Moov Faso (simulateur)',
    protocol: 'smpp',
    systemId: 'MOOV-SIM',
    login: 'rappel',
    carries: ['moov'],
    partsPerSecond: 60,
    pricePerPartMilli: 11_000,
    seed: 22_601,
    messageIds: 'decimal',
    undeliveredShare: 0.04,
    expiredShare: 0.03,
    errs: { undelivered: '027', expired: '034' },
  },
  {
    name: 'Telecel Faso (simulateur)',
    protocol: 'ucp',
    systemId: 'TELECEL-SIM',
    login: '38001',
    carries: ['telecel'],
    partsPerSecond: 40,
    pricePerPartMilli: 10_000,
    seed: 22_658,
    messageIds: 'decimal',
    undeliveredShare: 0.05,
    expiredShare: 0,
    // Delivery fail, absent subscriber.
    errs: { undelivered: '108', expired: '107' },
  },
]

export interface RunningOperator {
  profile: OperatorProfile
  process: SimulatorProcess
  password: string
}

/** Early enough to be seen in a short run, and once more in a long one. */
const throttling: readonly FaultRule[] = [
  { when: { after: 20, times: 1 }, fault: { kind: 'throttle' } },
  { when: { after: 1_200, times: 1 }, fault: { kind: 'throttle' } },
]

/** A plan is written by hand; a megabyte is another file. */
const largestFaultFileBytes = 1024 * 1024

/**
 * Starts all on free ports.
 *
 * @param faults come before the demo's own; an operator passes over what its protocol has no word for
 * @throws Error with the reason when one cannot listen; the others are stopped then
 */
export async function startOperators(clock: Clock, faults: readonly FaultRule[]): Promise<RunningOperator[]> {
  const started = await Promise.allSettled(
    operatorProfiles.map(async (profile): Promise<RunningOperator> => {
      // Eight characters, as the standard has them.
      const password = randomBytes(4).toString('hex')
      const options = simulatorOptions(profile, { password, faults, firstMessageId: clock.nowMs() })
      return { profile, process: await spawnSimulator(options), password }
    }),
  )
  const running = started.flatMap(outcome => (outcome.status === 'fulfilled' ? [outcome.value] : []))
  const failed = started.find(outcome => outcome.status === 'rejected')
  if (failed === undefined) return running
  await stopOperators(running)
  throw failed.reason
}

export async function stopOperators(operators: readonly RunningOperator[]): Promise<void> {
  await Promise.allSettled(operators.map(operator => operator.process.stop()))
}

export type FaultFileOutcome = { kind: 'faults'; faults: FaultRule[] } | { kind: 'refused'; reason: string }

/** Reads a fault plan, a list as in connectors/operators/simulator/faults.ts; never throws. */
export function readFaultFile(file: string): FaultFileOutcome {
  try {
    if (statSync(file).size > largestFaultFileBytes) return { kind: 'refused', reason: '> 1 MiB' }
    const written: unknown = JSON.parse(readFileSync(file, 'utf8'))
    const plan = faultPlanSchema.safeParse(written)
    if (plan.success) return { kind: 'faults', faults: written as FaultRule[] }
    return { kind: 'refused', reason: z.prettifyError(plan.error) }
  } catch (error) {
    return { kind: 'refused', reason: error instanceof Error ? error.message : String(error) }
  }
}

function simulatorOptions(
  profile: OperatorProfile,
  {
    password,
    faults,
    firstMessageId,
  }: { password: string; faults: readonly FaultRule[]; firstMessageId: number },
): SimulatorOptions {
  return {
    protocol: profile.protocol,
    name: profile.systemId,
    accounts: [{ systemId: profile.login, password }],
    contract: { maxPartsPerSecond: profile.partsPerSecond },
    messageIds: profile.messageIds,
    // Never an id of an earlier start: there is less than one part per millisecond.
    firstMessageId,
    seed: profile.seed,
    receipts: {
      delayMs: [50, 800],
      rules: [
        { share: profile.undeliveredShare, outcome: 'undelivered', err: profile.errs.undelivered },
        { share: profile.expiredShare, outcome: 'expired', err: profile.errs.expired },
      ],
    },
    faults: [...faults.filter(rule => isFit(rule, profile.protocol)), ...throttling],
  }
}

function isFit(rule: FaultRule, protocol: ProtocolName): boolean {
  return unfitReason(faultRuleSchema.parse(rule), protocol) === null
}
