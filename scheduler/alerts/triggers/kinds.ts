/** The visible map of triggers: one file per kind, one line in each of the three lists below. */
import { z } from 'zod'
import { calendar, calendarSchema } from './calendar.ts'
import { changedRow, changedRowSchema } from './changed-row.ts'
import { dueDate, dueDateSchema } from './due-date.ts'
import { dunning, dunningSchema } from './dunning.ts'
import { newRow, newRowSchema } from './new-row.ts'
import { once, onceSchema } from './once.ts'
import type { TriggerContext, TriggerKind, TriggerRow, TriggerVerdict } from './trigger.ts'

/** A trigger as stored and as the API takes it. */
export const triggerSchema = z.discriminatedUnion('kind', [
  dueDateSchema,
  newRowSchema,
  changedRowSchema,
  calendarSchema,
  dunningSchema,
  onceSchema,
])

export type TriggerDefinition = z.output<typeof triggerSchema>

export type TriggerKindName = TriggerDefinition['kind']

type Kinds = { [Name in TriggerKindName]: TriggerKind<Extract<TriggerDefinition, { kind: Name }>> }

export const triggerKinds: Kinds = {
  'due-date': dueDate,
  'new-row': newRow,
  'changed-row': changedRow,
  calendar,
  dunning,
  once,
}

/** The kind that a definition names. */
export function triggerKindOf(definition: TriggerDefinition): TriggerKind<TriggerDefinition> {
  // The map pairs each name with its own definition, which the compiler cannot follow through a lookup.
  return triggerKinds[definition.kind] as unknown as TriggerKind<TriggerDefinition>
}

/**
 * Which occurrences of one row are due.
 *
 * @param memory what this trigger remembered about the row's entity, null when nothing
 */
export function judgeRow(
  definition: TriggerDefinition,
  row: TriggerRow,
  context: TriggerContext,
  memory: string | null,
): TriggerVerdict {
  return triggerKindOf(definition).judge(definition, row, context, memory)
}
