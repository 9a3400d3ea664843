/** The columns without which no row of an alert can be used. */
import type { SourceRow } from '../../connectors/source.ts'
import type { AlertDefinition } from './alert.ts'
import type { AudienceFilter } from './audience.ts'

/**
 * Asked of the first row: a misspelt column is a fault of the alert that must not pass for a table full of bad
 * rows, nor for a day that was covered.
 *
 * @returns the first column that the query does not give, null when all are there
 */
export function missingColumn(definition: AlertDefinition, row: SourceRow): string | null {
  return requiredColumns(definition).find(column => !Object.hasOwn(row, column)) ?? null
}

function requiredColumns(definition: AlertDefinition): string[] {
  const { keyColumns, phoneColumn, trigger, audience, incremental } = definition
  const columns = [...keyColumns, phoneColumn, ...(audience === undefined ? [] : columnsOf(audience))]
  if (incremental !== undefined) columns.push(incremental.column)
  if ('dateColumn' in trigger) columns.push(trigger.dateColumn)
  if (trigger.kind === 'changed-row') {
    columns.push(...trigger.watchColumns)
    if (trigger.becomes !== undefined) columns.push(trigger.becomes.column)
  }
  return columns
}

function columnsOf(filter: AudienceFilter): string[] {
  if ('all' in filter) return filter.all.flatMap(columnsOf)
  if ('any' in filter) return filter.any.flatMap(columnsOf)
  return 'not' in filter ? columnsOf(filter.not) : [filter.column]
}
