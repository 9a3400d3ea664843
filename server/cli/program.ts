/** The verbs of `rappel`, one file each. Another verb: its file beside this one and its line in `verbs`. */
import { Command, CommanderError } from 'commander'
import { isDebugging } from '../config.ts'
import { RappelError } from '../errors.ts'
import { version } from '../version.ts'
import { addAlert } from './alert.ts'
import { addBackup } from './backup.ts'
import { CommandFailed } from './command-failed.ts'
import { addDemo } from './demo.ts'
import { addDoctor } from './doctor.ts'
import { addOperator } from './operator.ts'
import { addRestore } from './restore.ts'
import { addSend } from './send.ts'
import { addSimulator } from './simulator.ts'
import { addStart } from './start.ts'
import { addUser } from './user.ts'

const verbs = [
  addStart,
  addDemo,
  addDoctor,
  addBackup,
  addRestore,
  addUser,
  addSend,
  addAlert,
  addOperator,
  addSimulator,
] as const

/**
 * Runs one command and sets the exit code: 0, or 1 after one readable line per problem on stderr.
 *
 * @param argv as Node gives it: two words first
 */
export async function runCommand(argv: readonly string[]): Promise<void> {
  const program = new Command('rappel')
    .description('SMS alerts from your own databases')
    .version(version, '-V, --version')
    .showHelpAfterError('(rappel --help lists the commands)')
    .exitOverride()
  for (const add of verbs) add(program)
  program
    .command('version')
    .description('print the version')
    .action(() => {
      process.stdout.write(`${version}\n`)
    })
  // Commander hands its ways of ending down to subcommands only when they are set before; every level needs it.
  for (const command of everyCommand(program)) command.exitOverride()
  try {
    await program.parseAsync([...argv])
  } catch (error) {
    // Help and version are endings too; refusals of arguments were printed already.
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode
      return
    }
    process.exitCode = 1
    for (const line of linesOf(error)) process.stderr.write(`${line}\n`)
    if (isDebugging() && error instanceof Error) process.stderr.write(`${error.stack}\n`)
  }
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)]
}

function linesOf(error: unknown): readonly string[] {
  if (error instanceof CommandFailed) return error.lines
  if (error instanceof RappelError && error.code === 'store-unavailable') {
    const { reason } = error.details as { reason?: unknown }
    return [
      `the store cannot be used: ${typeof reason === 'string' ? reason : JSON.stringify(error.details)}`,
    ]
  }
  return [error instanceof Error ? error.message : String(error)]
}
