/** Ready-made templates, English: claims. GSM-7 only, one part with the sample rows. */
import { type StarterTemplate, sample } from '../starter.ts'

export const claimStartersEn: readonly StarterTemplate[] = [
  {
    id: 'T10',
    language: 'en',
    name: 'Claim recorded',
    category: 'transactional',
    trigger: { kind: 'new-row' },
    source:
      '{{cie}}: your claim {{sinistre}} of {{date date}} is recorded. Bring the documents to agency {{agence}}. Follow-up: {{tel}}',
    sampleRows: [sample(['cie', 'agence', 'tel'], { sinistre: 'S2027-00871', date: '2027-03-05' })],
  },
  {
    id: 'T11',
    language: 'en',
    name: 'Claim payment approved',
    category: 'transactional',
    trigger: { kind: 'changed-row', watchColumns: ['etat'], becomes: { column: 'etat', values: ['REGLE'] } },
    source:
      '{{#if civilite}}{{civilite}} {{/if}}{{nom}}, the payment of {{amount montant}} F CFA for claim {{sinistre}} is approved. Please come to {{agence}} with your identity card. {{cie}}',
    sampleRows: [
      sample(['nom', 'agence', 'cie'], { civilite: 'Mr', montant: '325000.00', sinistre: 'S2027-00871' }),
    ],
  },
]
