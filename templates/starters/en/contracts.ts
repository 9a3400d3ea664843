/** Ready-made templates, English: contracts. GSM-7 only, one part with the sample rows. */
import { type StarterTemplate, sample } from '../starter.ts'

export const contractStartersEn: readonly StarterTemplate[] = [
  {
    id: 'T07',
    language: 'en',
    name: 'Renewal confirmed',
    category: 'transactional',
    trigger: { kind: 'new-row' },
    source:
      'Thank you {{#if civilite}}{{civilite}} {{/if}}{{nom}}. Contract {{immat}} renewed from {{date effet}} to {{date echeance}}. Premium paid: {{amount prime}} F CFA, receipt {{recu}}. {{cie}}',
    sampleRows: [
      sample(['nom', 'immat', 'effet', 'echeance', 'prime', 'cie'], { civilite: 'Mr', recu: 'R-88213' }),
    ],
  },
  {
    id: 'T08',
    language: 'en',
    name: 'Endorsement',
    category: 'transactional',
    trigger: { kind: 'new-row' },
    source:
      '{{cie}}: endorsement no {{avenant}} recorded on your policy {{police}}, effective {{date effet}}. Collect your document at agency {{agence}}.',
    sampleRows: [sample(['cie', 'police', 'effet', 'agence'], { avenant: '3' })],
  },
  {
    id: 'T09',
    language: 'en',
    name: 'New policy',
    category: 'transactional',
    trigger: { kind: 'new-row' },
    source:
      'Welcome to {{cie}} {{#if civilite}}{{civilite}} {{/if}}{{nom}}. Policy {{police}} in force from {{date effet}} to {{date echeance}}. Assistance: {{tel}}',
    sampleRows: [sample(['cie', 'nom', 'police', 'effet', 'echeance', 'tel'], { civilite: 'Mr' })],
  },
  {
    id: 'T17',
    language: 'en',
    name: 'Certificate ready',
    category: 'transactional',
    trigger: { kind: 'changed-row', watchColumns: ['etat'], becomes: { column: 'etat', values: ['PRETE'] } },
    source:
      '{{#if civilite}}{{civilite}} {{/if}}{{nom}}, the certificate of vehicle {{immat}} is ready at agency {{agence}}. Please bring your identity card. {{cie}}',
    sampleRows: [sample(['nom', 'immat', 'agence', 'cie'], { civilite: 'Mr' })],
  },
]
