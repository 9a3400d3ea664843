/** An alert as configured, for tests about what surrounds it. */
import { type AlertDefinition, alertDefinitionSchema } from '../../scheduler/alerts/alert.ts'

export function definition(changes: Partial<Record<keyof AlertDefinition, unknown>> = {}): AlertDefinition {
  return alertDefinitionSchema.parse({
    sourceId: 1,
    sql: 'select police, telephone, echeance from contrats',
    keyColumns: ['police'],
    phoneColumn: 'telephone',
    country: 'BF',
    trigger: { kind: 'due-date', dateColumn: 'echeance', offsetsDays: [-7, 0] },
    templates: [{ templateId: 1 }],
    schedule: { cron: '0 8 * * *', zone: 'Africa/Ouagadougou' },
    ...changes,
  })
}
