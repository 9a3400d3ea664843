/** New row: each entity once, when it first appears after the alert was switched on. */
import { z } from 'zod'
import type { TriggerKind } from './trigger.ts'
import { nothingDue } from './trigger.ts'

export const newRowSchema = z.object({ kind: z.literal('new-row') })

type NewRowDefinition = z.output<typeof newRowSchema>

/**
 * The first run is a silent baseline: everything present is remembered and nobody is written to. A row that
 * disappears and comes back is not new.
 */
export const newRow: TriggerKind<NewRowDefinition> = {
  usesMemory: true,
  hasBaseline: true,
  judge(_definition, _row, context, memory) {
    if (memory !== null) return nothingDue
    if (context.isBaseline) return { occurrences: [], memory: 'baseline' }
    return { occurrences: [{ occurrenceKey: 'new', extraValues: {} }], memory: 'written' }
  },
}
