/** What the API needs of the rest of the product; main.ts composes it. */
import type { Clock } from '../../connectors/clock.ts'
import type { Source } from '../../connectors/source.ts'
import type { SourceKindName } from '../../connectors/sources/kinds.ts'
import type { OwnFiles } from '../../connectors/sources/own-files.ts'
import type { AlertEngine } from '../../scheduler/alerts/engine.ts'
import type { CountryCode } from '../../templates/text/country-presets.ts'
import type { Alarms } from '../gateway/alarms.ts'
import type { Diagnose } from '../gateway/diagnosis/diagnose.ts'
import type { Gateway } from '../gateway/gateway.ts'
import type { Logger } from '../log.ts'
import type { SecretBox } from '../secrets.ts'
import type { Store } from '../store/operations.ts'

export interface ApiDependencies {
  store: Store
  gateway: Gateway
  /** Those that the store could not take yet stand in the metrics all the same. */
  alarms: Pick<Alarms, 'unstored'>
  alerts: AlertEngine
  /** Opens a stored source; the API closes it. @throws RappelError `not-found`, SourceError */
  openSource(sourceId: number): Promise<Source>
  /** Opens a source that need not be stored; the password stands in `config`. @throws z.ZodError */
  openSourceDraft(kind: SourceKindName, config: unknown): Source
  /** Files of the product, which no source and no write-back may name. */
  ownFiles?: OwnFiles
  /** Forgets what was remembered of a source between reads. */
  forgetSource(sourceId: number): void
  /** Seals the passwords of sources and operators, each to its row. */
  secrets: SecretBox
  /** Walks the check-list of an operator's support. */
  diagnose: Diagnose
  /** Brings the gateway to what the store has: new, changed, started, stopped and deleted operators. */
  reloadOperators(): Promise<void>
  /** Gives the gateway the rules and prefix tables of the store. */
  reloadRoutes(): Promise<void>
  /** Gives the gateway tranches, sender rules, retry policies and days off of the store. */
  reloadContracts(): Promise<void>
  /** Gives the gateway the numbers of the store that have a way of their own. */
  reloadOverrides(): Promise<void>
  clock: Clock
  log: Logger
  settings: ApiSettings
  /** True from the moment the product was told to stop. */
  isStopping(): boolean
}

export interface ApiSettings {
  /** Version of the product, for the OpenAPI document and the metrics. */
  version: string
  /** Country of numbers written without their calling code, of holidays and sending hours. */
  country: CountryCode
  /** IANA zone of days in statistics and of sending hours. */
  zone: string
  /** Given to Express as `trust proxy`: addresses of reverse proxies. */
  trustProxy?: readonly string[]
  /** A runaway client is stopped, a busy one is not: 600,000 (10,000/s) when absent. */
  requestsPerMinutePerKey?: number
  /** Wrong keys from one address: 20 when absent. A key has 256 bits; this keeps the log and the store quiet. */
  failedKeysPerMinute?: number
}
