/** Once: every row of the query, one time. */
import { z } from 'zod'
import type { TriggerKind } from './trigger.ts'

export const onceSchema = z.object({ kind: z.literal('once') })

type OnceDefinition = z.output<typeof onceSchema>

/** No baseline: what is present on the first run is written to. The ledger alone remembers. */
export const once: TriggerKind<OnceDefinition> = {
  usesMemory: false,
  hasBaseline: false,
  judge: () => ({ occurrences: [{ occurrenceKey: 'once', extraValues: {} }] }),
}
