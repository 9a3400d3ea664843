/**
 * What a ready-made template is. The texts are data, one file per family and language; `starters.ts` lists them.
 */
import type { TemplateLanguage } from '../helpers/helper.ts'
import type { LocalDate, TemplateValue } from '../values.ts'

/** Decides sending hours and whether a wish may leave on a holiday. */
export type MessageCategory = 'transactional' | 'reminder' | 'marketing'

/**
 * The trigger of the alert that a starter is usually used by, as the definition of an alert takes it: a test parses each
 * with the scheduler's schema, which this room may not import. Columns are those of the sample rows and of its query.
 */
type UsualTrigger =
  /** Days from the date column, negative before. */
  | { kind: 'due-date'; dateColumn: string; offsetsDays: readonly number[]; isYearly?: true }
  | { kind: 'new-row' }
  | {
      kind: 'changed-row'
      watchColumns: readonly string[]
      becomes: { column: string; values: readonly string[] }
    }
  | { kind: 'calendar'; on: { feast: string } }

export interface StarterTemplate {
  /** `T01`..`T18`, the same in both languages. */
  id: string
  language: TemplateLanguage
  name: string
  category: MessageCategory
  /** null: no alert, an application sends it when somebody asks. */
  trigger: UsualTrigger | null
  source: string
  /** Rows that render in one part; the first is the usual case. */
  sampleRows: readonly Readonly<Record<string, TemplateValue>>[]
}

/** The day the sample rows are rendered for. */
export const sampleToday: LocalDate = { year: 2027, month: 3, day: 8 }

/** Values that most starters share; invented names and numbers. */
const sampleContract = {
  civilite: 'M.',
  nom: 'OUEDRAOGO',
  prenom: 'Abdoul Rasmane',
  immat: '11 HH 1234 BF',
  police: '1010-2025-004512',
  produit: 'auto',
  echeance: '2027-03-15',
  effet: '2026-03-16',
  prime: '145500.00',
  agence: 'Ouaga Centre',
  tel: '25 30 00 00',
  cie: 'NOM ASSUR',
} as const satisfies Readonly<Record<string, TemplateValue>>

/** Takes from the shared sample what a template reads, so that a sample row looks like a row. */
export function sample(
  names: readonly (keyof typeof sampleContract)[],
  more: Readonly<Record<string, TemplateValue>> = {},
): Readonly<Record<string, TemplateValue>> {
  return { ...Object.fromEntries(names.map(name => [name, sampleContract[name]])), ...more }
}
