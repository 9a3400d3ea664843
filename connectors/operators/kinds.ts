/** The visible map of operator protocols. A new protocol: its folder, one line here, one test file. */
import type { z } from 'zod'
import type { OperatorLink, RefusalClass } from '../operator.ts'
import type { LinkDependencies } from './link-life.ts'
import { type SmppConfig, smppConfigSchema } from './smpp/config.ts'
import { createSmppLink } from './smpp/link.ts'
import { listStatuses } from './smpp/tables.ts'
import { smppTrial } from './smpp/trial.ts'
import type { LinkTrial } from './trial.ts'
import { type UcpConfig, ucpConfigSchema } from './ucp/config.ts'
import { createUcpLink } from './ucp/link.ts'
import { listErrors } from './ucp/tables.ts'
import { ucpTrial } from './ucp/trial.ts'

export interface OperatorKind<Config> {
  configSchema: z.ZodType<Config>
  /** Settings the gateway itself needs, whatever the protocol. */
  traits(config: Config): LinkTraits
  createLink(config: Config, dependencies: LinkDependencies): OperatorLink
  /** How a diagnosis tries it. */
  trial(config: Config): LinkTrial
  /** What the protocol's error codes mean, as far as its standard and practice say. */
  errorTable: readonly ErrorCode[]
  /** Setting that holds what one operator means by its codes. */
  classesSetting: string
  /** Setting that says whether the contract has other senders; null: the link sends any. */
  senderSetting: string | null
}

export interface ErrorCode {
  /** As `classesSetting` spells it. */
  code: string
  name: string
  refusal: RefusalClass
}

export interface LinkTraits {
  /** Unanswered submits at most, over all connections. */
  window: number
  /** 0 is unlimited. */
  partsPerSecond: number
  /** Operators of one name share one `partsPerSecond`; null shares with nobody. */
  throughputGroup: string | null
  /** `whole`: the operator splits; otherwise the width of the concatenation reference. */
  splitting: 'whole' | 8 | 16
}

const smpp: OperatorKind<SmppConfig> = {
  configSchema: smppConfigSchema,
  traits: config => ({
    window: config.window * config.connections,
    partsPerSecond: config.partsPerSecond,
    throughputGroup: config.throughputGroup ?? null,
    splitting: config.longMessages === 'payload' ? 'whole' : config.longMessages === 'udh16' ? 16 : 8,
  }),
  createLink: (config, dependencies) => createSmppLink({ config, ...dependencies }),
  errorTable: listStatuses().map(([value, name, meaning]) => ({
    code: `0x${value.toString(16)}`,
    name,
    // Our own octets were wrong: no retry makes them right.
    refusal: meaning === 'bug' ? 'permanent' : meaning,
  })),
  classesSetting: 'statusClasses',
  senderSetting: null,
  trial: smppTrial,
}

const ucp: OperatorKind<UcpConfig> = {
  configSchema: ucpConfigSchema,
  traits: config => ({
    window: config.window,
    partsPerSecond: config.partsPerSecond,
    throughputGroup: config.throughputGroup ?? null,
    splitting: 8,
  }),
  createLink: (config, dependencies) => createUcpLink({ config, ...dependencies }),
  errorTable: listErrors().map(([code, name, refusal]) => ({
    code: String(code).padStart(2, '0'),
    name,
    refusal,
  })),
  classesSetting: 'ecClasses',
  senderSetting: 'allowOriginatorChange',
  trial: ucpTrial,
}

/** Each takes what its own schema gave. */
export const operatorKinds: Readonly<Record<'smpp' | 'ucp', OperatorKind<unknown>>> = { smpp, ucp }

export type OperatorProtocol = keyof typeof operatorKinds
