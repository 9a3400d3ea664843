/** `npm run fuzz`: the fuzz tests on many inputs. The number is the first argument, 20,000 when absent. */
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const longRuns = '20000'
const root = new URL('../../', import.meta.url)
const files = readdirSync(new URL('.', import.meta.url)).filter(name => name.endsWith('.test.ts'))
const ava = fileURLToPath(new URL('node_modules/ava/entrypoints/cli.js', root))

// One file at a time: a busy machine must not pass for a slow input.
const child = spawn(
  process.execPath,
  [ava, '--serial', '--concurrency=1', '--timeout=60m', ...files.map(name => `test/fuzz/${name}`)],
  {
    cwd: fileURLToPath(root),
    env: { ...process.env, RAPPEL_TEST_FUZZ_RUNS: process.argv[2] ?? longRuns },
    stdio: 'inherit',
  },
)
child.once('exit', code => {
  process.exitCode = code ?? 1
})
