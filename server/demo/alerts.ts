/** The alerts of the demo and their templates, as an insurer would set them up. */
import type { AlertDefinition } from '../../scheduler/alerts/alert.ts'
import { starterTemplates } from '../../templates/starters/starters.ts'
import { type AlertQuery, alertQueries } from './insurer/alert-queries.ts'

export interface DemoTemplate {
  name: string
  source: string
}

export interface DemoAlert {
  /** As the insurer calls it. */
  name: string
  query: AlertQuery
  trigger: AlertDefinition['trigger']
  /** By key of `demoTemplates`. */
  templates: { template: string; offsetsDays?: number[] }[]
  category: AlertDefinition['category']
  cron: string
  sendOnHolidays: boolean
}

/** The wishes of T15 name a feast; these two read better with their own words. */
const ownTemplates: Readonly<Record<string, DemoTemplate>> = {
  'new-year': {
    name: 'Vœux de Nouvel An',
    source:
      '{{cie}} vous souhaite une bonne et heureuse année {{annee}}. Santé, paix et prospérité à vous et à vos proches.',
  },
  'womens-day': {
    name: 'Vœux du 8 mars',
    source:
      '{{#si civilite}}{{civilite}} {{/si}}{{nom}}, en ce 8 mars, {{cie}} rend hommage à toutes les femmes et vous remercie de votre confiance. Excellente journée!',
  },
}

const starterIds = ['T01', 'T02', 'T03', 'T04', 'T05', 'T06', 'T08', 'T09', 'T11', 'T12', 'T15'] as const

export const demoTemplates: Readonly<Record<string, DemoTemplate>> = {
  ...Object.fromEntries(
    starterTemplates
      .filter(({ id, language }) => language === 'fr' && starterIds.some(starter => starter === id))
      .map(({ id, name, source }) => [id, { name, source }]),
  ),
  ...ownTemplates,
}

const morning = '0 8 * * *'
const workingHours = '5 8-18 * * 1-6'

export const demoAlerts: readonly DemoAlert[] = [
  {
    name: 'Échéance de contrat',
    query: alertQueries.dueDate,
    trigger: {
      kind: 'due-date',
      dateColumn: 'echeance',
      offsetsDays: [-30, -15, -7, -1, 0, 7],
      isYearly: false,
    },
    templates: [
      { template: 'T01', offsetsDays: [-30] },
      { template: 'T02', offsetsDays: [-15] },
      { template: 'T03', offsetsDays: [-7] },
      { template: 'T04', offsetsDays: [-1] },
      { template: 'T05', offsetsDays: [0] },
      { template: 'T06', offsetsDays: [7] },
    ],
    category: 'reminder',
    cron: morning,
    sendOnHolidays: false,
  },
  {
    name: 'Nouvelle souscription',
    query: alertQueries.newSubscription,
    trigger: { kind: 'new-row' },
    templates: [{ template: 'T09' }],
    category: 'transactional',
    cron: workingHours,
    sendOnHolidays: false,
  },
  {
    name: 'Avenant',
    query: alertQueries.endorsement,
    trigger: { kind: 'new-row' },
    templates: [{ template: 'T08' }],
    category: 'transactional',
    cron: workingHours,
    sendOnHolidays: false,
  },
  {
    name: 'Règlement de sinistre',
    query: alertQueries.claimState,
    trigger: {
      kind: 'changed-row',
      watchColumns: ['etat'],
      becomes: { column: 'etat', values: ['REGLE'] },
    },
    templates: [{ template: 'T11' }],
    category: 'transactional',
    cron: workingHours,
    sendOnHolidays: false,
  },
  {
    name: 'Traite impayée',
    query: alertQueries.unpaidInstalment,
    trigger: { kind: 'dunning', dateColumn: 'date', firstAfterDays: 5, everyDays: 10, maxReminders: 3 },
    templates: [{ template: 'T12' }],
    category: 'reminder',
    cron: morning,
    sendOnHolidays: false,
  },
  wish('8 mars', 'womens-day', { query: alertQueries.insuredWomen, template: 'womens-day' }),
  wish('Nouvel An', 'new-year', { query: alertQueries.allInsured, template: 'new-year' }),
  wish('Tabaski', 'tabaski', { query: alertQueries.allInsured, template: 'T15' }),
]

function wish(
  name: string,
  feast: 'womens-day' | 'new-year' | 'tabaski',
  { query, template }: { query: AlertQuery; template: string },
): DemoAlert {
  return {
    name,
    query,
    trigger: { kind: 'calendar', on: { feast }, offsetDays: 0 },
    templates: [{ template }],
    category: 'marketing',
    cron: morning,
    sendOnHolidays: true,
  }
}
