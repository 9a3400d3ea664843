/** `rappel doctor`: looks at everything the product stands on, and says what to change. */
import { type Command, Option } from 'commander'
import type { Application } from '../application.ts'
import { CommandFailed } from './command-failed.ts'
import { checkApplication, checkDirectory, checkRuntime, type Finding } from './doctor-checks.ts'
import { type DoctorLanguage, type DoctorWords, doctorWords } from './doctor-words.ts'
import { withApplication } from './open-store.ts'
import { readConfig, type SettingsOptions, withSettings } from './settings-options.ts'

interface DoctorOptions extends SettingsOptions {
  lang: DoctorLanguage
  json?: boolean
}

export function addDoctor(program: Command): void {
  withSettings(
    program.command('doctor').description('check what the product stands on; exit code 1 on a failure'),
  )
    .addOption(new Option('--lang <language>', 'language of the report').choices(['fr', 'en']).default('en'))
    .option('--json', 'print the findings as JSON')
    .action(doctor)
}

async function doctor(options: DoctorOptions): Promise<void> {
  const findings = await examine(options)
  const count = (wanted: Finding['outcome']): number =>
    findings.filter(({ outcome }) => outcome === wanted).length
  const failures = count('failed')
  const warnings = count('warning')
  if (options.json === true) process.stdout.write(`${JSON.stringify(findings)}\n`)
  else {
    const words = doctorWords[options.lang]
    const good = warnings === 0 ? words.summaryGood : `${words.summaryWarned} ${warnings}`
    const summary = failures === 0 ? good : `${words.summaryBad} ${failures}`
    process.stdout.write(`${findings.map(finding => `${lineOf(finding, words)}\n`).join('')}${summary}\n`)
  }
  if (failures > 0) process.exitCode = 1
}

async function examine(options: DoctorOptions): Promise<Finding[]> {
  const findings = checkRuntime()
  let config: ReturnType<typeof readConfig>
  try {
    config = readConfig(options)
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    return [...findings, ...error.lines.map(line => failure('configuration', line))]
  }
  findings.push({ outcome: 'ok', organ: 'configuration' })
  const directory = checkDirectory(config)
  findings.push(...directory)
  if (directory.some(({ outcome }) => outcome === 'failed')) return findings
  const isServed = directory.some(({ word }) => word === 'inUse')
  try {
    const look = (application: Application): Promise<Finding[]> => checkApplication(application, isServed)
    findings.push(...(await withApplication(config, look)))
  } catch (error) {
    if (error instanceof CommandFailed) {
      // No store yet, or no key file, which has a line of its own: neither is a fault before the first start.
      findings.push({ outcome: 'warning', organ: 'database', detail: error.message })
    } else findings.push(failure('database', error instanceof Error ? error.message : String(error)))
  }
  return findings
}

function failure(organ: Finding['organ'], detail: string): Finding {
  return { outcome: 'failed', organ, detail }
}

function lineOf({ outcome, organ, name, word, detail }: Finding, words: DoctorWords): string {
  const about = name === undefined ? words[organ] : `${words[organ]} ${name}`
  const said = [detail, word === undefined ? undefined : words[word]].filter(text => text !== undefined)
  // Details come from drivers and servers: one line each.
  const line = `${words[outcome].padEnd(9)} ${about}${said.length === 0 ? '' : `${words.colon} ${said.join(' ')}`}`
  return line.replace(/\p{Cc}+/gu, ' ')
}
