/** Where the running demo is found and how to talk to it. */
import { indent } from './summary.ts'
import type { Words } from './words.ts'

export function addressLines({
  words,
  url,
  apiKey,
  logFile,
}: {
  words: Words
  url: string
  apiKey: string
  logFile: string
}): string[] {
  const body = JSON.stringify({ to: '70 00 00 01', text: 'Bonjour de Rappel', category: 'transactional' })
  return [
    '',
    words.stays,
    ...indent([
      words.api(`${url}/api/v1`),
      words.documentation(`${url}/api/docs`),
      words.health(`${url}/health/ready`),
      words.key(apiKey),
      words.logFile(logFile),
    ]),
    '',
    words.tryIt,
    ...indent([
      `curl -H 'Authorization: Bearer ${apiKey}' ${url}/api/v1/operators`,
      `curl -H 'Authorization: Bearer ${apiKey}' -H 'Content-Type: application/json' \\`,
      `  -d '${body}' ${url}/api/v1/messages`,
    ]),
    '',
    words.untilInterrupted,
  ]
}
