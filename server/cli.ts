#!/usr/bin/env node
/**
 * The `rappel` command. This file imports nothing before it has looked at the runtime: an older Node would answer
 * with a stack trace about a file that it cannot read.
 */
const major = Number(process.versions.node.split('.')[0])

if (major < 24) {
  process.stderr.write(
    `rappel needs Node 24 and this is Node ${process.versions.node}: use "npm run rappel -- …" in its directory\n`,
  )
  process.exitCode = 1
} else {
  const { runCommand } = await import('./cli/program.ts')
  await runCommand(process.argv)
}

// Top-level await needs a module.
export {}
