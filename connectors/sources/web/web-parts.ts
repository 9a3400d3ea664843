/** What a kind brings to be a web source: its service, its tables, and what a connection test says of it. */
import type { Clock } from '../../clock.ts'
import type { SourceParams } from '../../source.ts'
import type { WebTable } from './page-fetcher.ts'
import type { WebService } from './web-service.ts'
import type { WebSettings } from './web-settings.ts'

export interface WebSourceParts {
  service: WebService
  settings: WebSettings & { requests: Record<string, { fields?: Record<string, string> | undefined }> }
  clock: Clock
  /** Where requests go. */
  url: URL
  sendsSecret: boolean
  /** What the step `read-only` of the connection test says. */
  mayWrite: { warning: string } | { note: string }
  /** Names of the tables. */
  names: string[]
  tableOf(name: string, params: SourceParams): WebTable | Promise<WebTable>
}
