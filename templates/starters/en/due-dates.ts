/** Ready-made templates, English: due dates. GSM-7 only, one part with the sample rows. */
import { type StarterTemplate, sample } from '../starter.ts'

export const dueDateStartersEn: readonly StarterTemplate[] = [
  {
    id: 'T01',
    language: 'en',
    name: 'Due date D-30',
    category: 'reminder',
    trigger: { kind: 'due-date', dateColumn: 'echeance', offsetsDays: [-30] },
    source:
      '{{#if civilite}}{{civilite}} {{/if}}{{nom}}, your {{produit}} insurance {{immat}} ends on {{date echeance}}. Visit your agency or call {{tel}} to renew it. {{cie}}',
    sampleRows: [sample(['nom', 'immat', 'echeance', 'tel', 'cie'], { civilite: 'Mr', produit: 'motor' })],
  },
  {
    id: 'T02',
    language: 'en',
    name: 'Due date D-15',
    category: 'reminder',
    trigger: { kind: 'due-date', dateColumn: 'echeance', offsetsDays: [-15] },
    source:
      '{{cie}} reminder: contract {{immat}}, cover ends on {{date echeance}}. Premium: {{amount prime}} F CFA. Pay now to stay covered. Info {{tel}}',
    sampleRows: [sample(['cie', 'immat', 'echeance', 'prime', 'tel'])],
  },
  {
    id: 'T03',
    language: 'en',
    name: 'Due date D-7',
    category: 'reminder',
    trigger: { kind: 'due-date', dateColumn: 'echeance', offsetsDays: [-7, -3] },
    source:
      '{{#if civilite}}{{civilite}} {{/if}}{{nom}}, only {{days echeance}} days left before your cover {{immat}} ends ({{date echeance}}). Agency {{agence}}, {{tel}}. {{cie}}',
    sampleRows: [sample(['nom', 'echeance', 'immat', 'agence', 'tel', 'cie'], { civilite: 'Mr' })],
  },
  {
    id: 'T04',
    language: 'en',
    name: 'Due date D-1',
    category: 'reminder',
    trigger: { kind: 'due-date', dateColumn: 'echeance', offsetsDays: [-1] },
    source:
      'Tomorrow {{date echeance}} your vehicle {{immat}} will no longer be insured. Renew today: agency {{agence}} or {{tel}}. {{cie}}',
    sampleRows: [sample(['echeance', 'immat', 'agence', 'tel', 'cie'])],
  },
  {
    id: 'T05',
    language: 'en',
    name: 'Due date D0',
    category: 'reminder',
    trigger: { kind: 'due-date', dateColumn: 'echeance', offsetsDays: [0] },
    source:
      'Your contract {{immat}} expires today at midnight. Unless the premium is paid, no claim will be covered. {{cie}} {{tel}}',
    sampleRows: [sample(['immat', 'cie', 'tel'])],
  },
  {
    id: 'T06',
    language: 'en',
    name: 'Due date D+n',
    category: 'reminder',
    trigger: { kind: 'due-date', dateColumn: 'echeance', offsetsDays: [7, 15, 30] },
    source:
      '{{#if civilite}}{{civilite}} {{/if}}{{nom}}, your vehicle {{immat}} has not been insured for {{days echeance}} days. Please renew soon with {{cie}}, {{tel}}.',
    sampleRows: [sample(['nom', 'immat', 'cie', 'tel'], { civilite: 'Mr', echeance: '2027-03-01' })],
  },
]
