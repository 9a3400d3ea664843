/** Ready-made templates, English: unpaid premiums and instalments. GSM-7 only, one part with the sample rows. */
import { type StarterTemplate, sample } from '../starter.ts'

export const paymentStartersEn: readonly StarterTemplate[] = [
  {
    id: 'T12',
    language: 'en',
    name: 'Unpaid instalment',
    category: 'reminder',
    trigger: { kind: 'due-date', dateColumn: 'date', offsetsDays: [5, 15, 30] },
    source:
      '{{#if civilite}}{{civilite}} {{/if}}{{nom}}, your instalment {{traite}} of {{amount montant}} F CFA, due on {{date date}}, is unpaid. Please pay before your cover is suspended. {{cie}}',
    sampleRows: [
      sample(['nom', 'cie'], { civilite: 'Mr', traite: '2/4', montant: '325000.00', date: '2027-03-01' }),
    ],
  },
  {
    id: 'T13',
    language: 'en',
    name: 'Unpaid premium',
    category: 'reminder',
    trigger: { kind: 'due-date', dateColumn: 'echeance', offsetsDays: [5, 15, 30] },
    source:
      'Policy {{police}}: premium of {{amount prime}} F CFA unpaid for {{retard}} days. Contact {{agence}} on {{tel}} to avoid suspension. {{cie}}',
    sampleRows: [sample(['police', 'prime', 'agence', 'tel', 'cie'], { retard: 15 })],
  },
]
