/** Ready-made templates, French: unpaid premiums and instalments. GSM-7 only, one part with the sample rows. */
import { type StarterTemplate, sample } from '../starter.ts'

export const paymentStartersFr: readonly StarterTemplate[] = [
  {
    id: 'T12',
    language: 'fr',
    name: 'Traite impayée',
    category: 'reminder',
    trigger: { kind: 'due-date', dateColumn: 'date', offsetsDays: [5, 15, 30] },
    source:
      '{{#si civilite}}{{civilite}} {{/si}}{{nom}}, votre traite {{traite}} de {{montant montant}} F CFA, échue le {{date date}}, reste impayée. Merci de régler avant suspension de la garantie. {{cie}}',
    sampleRows: [
      sample(['civilite', 'nom', 'cie'], { traite: '2/4', montant: '325000.00', date: '2027-03-01' }),
    ],
  },
  {
    id: 'T13',
    language: 'fr',
    name: 'Prime impayée',
    category: 'reminder',
    trigger: { kind: 'due-date', dateColumn: 'echeance', offsetsDays: [5, 15, 30] },
    source:
      'Police {{police}}: prime de {{montant prime}} F CFA impayée depuis {{retard}} jours. Contactez {{agence}} au {{tel}} pour éviter la suspension. {{cie}}',
    sampleRows: [sample(['police', 'prime', 'agence', 'tel', 'cie'], { retard: 15 })],
  },
]
