/** `rappel demo`: the product with an invented insurer and simulated operators; everything lives in server/demo. */
import type { Command } from 'commander'
import type { DemoOptions } from '../demo/request.ts'

export function addDemo(program: Command): void {
  program
    .command('demo')
    .description('show the product at work on an invented insurer')
    .option('--once', 'end after the summary; exit code 0 when all counts agree')
    .option('--date <YYYY-MM-DD>', 'play this day')
    .option('--data <directory>', 'where the demo keeps its data (default: ./demo-data)')
    .option('--reset', 'begin with an empty demo directory')
    .option('--lang <fr|en>', 'language of what is printed (default: fr)')
    .option('--contracts <number>', 'contracts of a new insurer, 200 to 200000 (default: 5000)')
    .option('--simulator-faults <file>', 'a fault plan for the simulated operators, as JSON')
    .action(async (options: DemoOptions) => {
      // Loaded only here: the insurer's names and the simulator cost a start some time.
      const { runDemo } = await import('../demo/demo.ts')
      process.exitCode = await runDemo(options)
    })
}
