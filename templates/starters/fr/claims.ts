/** Ready-made templates, French: claims. GSM-7 only, one part with the sample rows. */
import { type StarterTemplate, sample } from '../starter.ts'

export const claimStartersFr: readonly StarterTemplate[] = [
  {
    id: 'T10',
    language: 'fr',
    name: 'Sinistre déclaré',
    category: 'transactional',
    trigger: { kind: 'new-row' },
    source:
      "{{cie}}: votre sinistre {{sinistre}} du {{date date}} est enregistré. Transmettez les pièces à l'agence {{agence}}. Suivi: {{tel}}",
    sampleRows: [sample(['cie', 'agence', 'tel'], { sinistre: 'S2027-00871', date: '2027-03-05' })],
  },
  {
    id: 'T11',
    language: 'fr',
    name: 'Sinistre: paiement validé',
    category: 'transactional',
    trigger: { kind: 'changed-row', watchColumns: ['etat'], becomes: { column: 'etat', values: ['REGLE'] } },
    source:
      "{{#si civilite}}{{civilite}} {{/si}}{{nom}}, le règlement de {{montant montant}} F CFA pour le sinistre {{sinistre}} est validé. Présentez-vous à {{agence}} avec votre pièce d'identité. {{cie}}",
    sampleRows: [
      sample(['civilite', 'nom', 'agence', 'cie'], { montant: '325000.00', sinistre: 'S2027-00871' }),
    ],
  },
]
