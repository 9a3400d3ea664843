/** `rappel simulator`: an operator that is not there, to try the product without a contract. */
import { readFileSync } from 'node:fs'
import type { Command } from 'commander'
import type { FaultRule } from '../../connectors/operators/simulator/faults.ts'
import type { ProtocolName } from '../../connectors/operators/simulator/options.ts'
import type { Simulator } from '../../connectors/operators/simulator/simulator.ts'
import { CommandFailed } from './command-failed.ts'

interface SimulatorCommandOptions {
  protocol: string
  host: string
  port?: string
  accounts?: string
  faults?: string
  json?: boolean
}

/** 2775 is registered for SMPP; no port is for UCP, and 5000 is seen most. */
const usualPorts: Readonly<Record<ProtocolName, string>> = { smpp: '2775', ucp: '5000' }

/** A plan is written by hand. */
const largestPlanBytes = 1024 * 1024

export function addSimulator(program: Command): void {
  program
    .command('simulator')
    .description('run a simulated operator until Ctrl-C; prints its counts each second')
    .option('--protocol <name>', 'smpp or ucp', 'smpp')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port, 0 for any free one (default: 2775, for ucp 5000)')
    .option(
      '--accounts <list>',
      'login:password, several with commas (default: rappel:secret, for ucp 38001:secret)',
    )
    .option('--faults <file>', 'fault plan, a JSON list; see connectors/operators/simulator/faults.ts')
    .option('--json', 'print the counts as JSON lines')
    .action(simulate)
}

async function simulate(options: SimulatorCommandOptions): Promise<void> {
  const { host } = options
  const protocol = readProtocol(options.protocol)
  const port = options.port ?? usualPorts[protocol]
  // Only this verb and the demo need it.
  const { startSimulator } = await import('../../connectors/operators/simulator/simulator.ts')
  const { faultPlanFor } = await import('../../connectors/operators/simulator/faults.ts')
  const plan = options.faults === undefined ? [] : readPlan(options.faults)
  const faults = faultPlanFor(protocol).safeParse(plan)
  if (!faults.success) {
    throw new CommandFailed(
      faults.error.issues.map(({ path, message }) => `--faults: ${path.join('.')}: ${message}`),
    )
  }
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) {
    throw new CommandFailed(`--port: found ${port}, expected a whole number from 0 to 65535`)
  }
  let simulator: Simulator
  try {
    simulator = await startSimulator({
      protocol,
      host,
      port: Number(port),
      ...(options.accounts === undefined ? {} : { accounts: readAccounts(options.accounts) }),
      keep: 'counts',
    })
  } catch (error) {
    throw new CommandFailed(
      `the simulator cannot start: ${error instanceof Error ? error.message : String(error)}`,
      error,
    )
  }
  simulator.setFaults(plan as FaultRule[])
  // Before the line that says it runs: whoever reads that may end it at once.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => void simulator.stop().then(() => process.exit(0)))
  }
  process.stdout.write(
    `simulated operator on ${simulator.host}:${simulator.port}, ${protocol.toUpperCase()}; Ctrl-C ends it\n`,
  )
  let lastLine = ''
  simulator.onSecond(status => {
    const {
      sessions,
      partsAccepted,
      partsRefused,
      partsThrottled,
      receiptsAcknowledged,
      acceptedInLastSecond,
    } = status
    const line =
      options.json === true
        ? JSON.stringify(status)
        : `sessions ${sessions}, accepted ${partsAccepted} (${acceptedInLastSecond}/s), refused ${partsRefused}, throttled ${partsThrottled}, receipts ${receiptsAcknowledged}`
    // A quiet operator says nothing new.
    if (line !== lastLine) process.stdout.write(`${line}\n`)
    lastLine = line
  })
}

function readProtocol(text: string): ProtocolName {
  if (text === 'smpp' || text === 'ucp') return text
  throw new CommandFailed(`--protocol: found ${text}, expected smpp or ucp`)
}

function readAccounts(text: string): { systemId: string; password: string }[] {
  return text.split(',').map(account => {
    const colon = account.indexOf(':')
    if (colon < 1) throw new CommandFailed(`--accounts: found ${account}, expected login:password`)
    return { systemId: account.slice(0, colon), password: account.slice(colon + 1) }
  })
}

function readPlan(file: string): unknown {
  try {
    const text = readFileSync(file, 'utf8')
    if (text.length > largestPlanBytes) throw new Error(`it has more than ${largestPlanBytes} characters`)
    return JSON.parse(text)
  } catch (error) {
    throw new CommandFailed(
      `--faults: ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}
