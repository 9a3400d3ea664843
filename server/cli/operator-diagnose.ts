/** `rappel operator diagnose NAME`: the check-list of an operator's support, as sentences. */
import { type Command, Option } from 'commander'
import type { z } from 'zod'
import { diagnosis } from '../api/contract/operators.ts'
import type { DiagnosisStep, FindingCode } from '../gateway/diagnosis/finding.ts'
import {
  causeWords,
  type DiagnosisLanguage,
  findingWords,
  outcomeWords,
  stepWords,
  summaryWords,
  untriedWords,
} from './diagnosis-words.ts'
import { wholeNumber, withKey } from './operator-actions.ts'
import { type CallOptions, operatorIdOf, serverFor } from './operator-call.ts'

interface DiagnoseOptions extends CallOptions {
  to?: string
  receiptSeconds?: number
  replySeconds?: number
  lang: DiagnosisLanguage
}

type Diagnosis = z.output<typeof diagnosis>

export function addOperatorDiagnose(parent: Command): void {
  withKey(
    parent
      .command('diagnose <name>')
      .description(
        'walk an operator’s check-list from the settings to the receipt; exit code 1 on a failure',
      ),
    'operators:write, with --to messages:write as well',
  )
    .option('--to <number>', 'a phone that somebody holds: it gets a real message')
    .option('--receipt-seconds <seconds>', 'how long its receipt is waited for, 60 when absent', wholeNumber)
    .option(
      '--reply-seconds <seconds>',
      'how long a reply of the phone is waited for; absent: not at all',
      wholeNumber,
    )
    .addOption(new Option('--lang <language>', 'language of the report').choices(['fr', 'en']).default('en'))
    .action(diagnose)
}

async function diagnose(name: string, options: DiagnoseOptions): Promise<void> {
  const { to, receiptSeconds, replySeconds, lang } = options
  const scopes = `operators:read,operators:write${to === undefined ? '' : ',messages:write'}`
  const ask = serverFor(options, scopes)
  const answer = await ask(`/operators/${await operatorIdOf(ask, name)}/diagnose`, {
    ...(to !== undefined && { to }),
    ...(receiptSeconds !== undefined && { receiptSeconds }),
    ...(replySeconds !== undefined && { replySeconds }),
  })
  const report = diagnosis.parse(answer)
  process.stdout.write(options.json === true ? `${JSON.stringify(answer)}\n` : diagnosisText(report, lang))
  if (report.outcome === 'failed') process.exitCode = 1
}

/** One line per finding and one for all; codes that a newer server says stay codes. */
export function diagnosisText({ outcome, findings }: Diagnosis, lang: DiagnosisLanguage): string {
  const colon = lang === 'fr' ? '\u00a0:' : ':'
  const lines = findings.map(({ step, outcome: found, code, details }) => {
    const about = stepWords[step as DiagnosisStep]?.[lang] ?? step
    const said = findingWords[code as FindingCode]?.[lang] ?? code
    const cause = typeof details.cause === 'string' ? causeWords[details.cause]?.[lang] : undefined
    const facts = Object.entries(details)
      .filter(([key]) => key !== 'cause')
      .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    const tail = [
      cause === undefined ? '' : `${colon} ${cause}`,
      facts.length === 0 ? '' : ` [${facts.join(', ')}]`,
    ]
    return `${outcomeWords[found][lang].padEnd(9)} ${about}${colon} ${said}${tail.join('')}`
  })
  // Details come from the operator: each stays on its line.
  const left = findings.filter(({ outcome: found }) => found === 'skipped').map(({ step }) => step)
  const untried = left.map(step => stepWords[step as DiagnosisStep]?.[lang] ?? step).join(', ')
  const summary = summaryWords[outcome === 'ok' && left.length > 0 ? 'untried' : outcome][lang]
  const told =
    untried === '' || outcome === 'failed' ? summary : `${summary} (${untriedWords[lang]}${colon} ${untried})`
  return `${[...lines, told].map(line => line.replace(/\p{Cc}+/gu, ' ')).join('\n')}\n`
}
