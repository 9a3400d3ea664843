/** The visible map of operator protocols. A new protocol: its folder, one line here, one test file. */
import type { z } from 'zod'
import type { Clock } from '../clock.ts'
import type { LinkHandlers, OperatorLink } from '../operator.ts'
import { smppConfigSchema } from './smpp/config.ts'
import { createSmppLink } from './smpp/link.ts'

/** What a link writes to the log: an event name, then its fields. Never a password, never a text. */
export type LinkLog = (event: string, fields: Readonly<Record<string, unknown>>) => void

export interface LinkDependencies {
  handlers: LinkHandlers
  clock: Clock
  log: LinkLog
  /** 0 ≤ random < 1, for the jitter of reconnects. */
  random(): number
}

export interface OperatorKind<Config> {
  configSchema: z.ZodType<Config>
  /** Settings the gateway itself needs, whatever the protocol. */
  traits(config: Config): LinkTraits
  createLink(config: Config, dependencies: LinkDependencies): OperatorLink
}

export interface LinkTraits {
  /** Unanswered submits at most. */
  window: number
  /** 0 is unlimited. */
  partsPerSecond: number
  /** `whole`: the operator splits; otherwise the width of the concatenation reference. */
  splitting: 'whole' | 8 | 16
}

export const operatorKinds = {
  smpp: {
    configSchema: smppConfigSchema,
    traits: config => ({
      window: config.window,
      partsPerSecond: config.partsPerSecond,
      splitting: config.longMessages === 'payload' ? 'whole' : config.longMessages === 'udh16' ? 16 : 8,
    }),
    createLink: (config, dependencies) => createSmppLink({ config, ...dependencies }),
  } satisfies OperatorKind<z.infer<typeof smppConfigSchema>>,
}

export type OperatorProtocol = keyof typeof operatorKinds
