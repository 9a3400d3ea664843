/** Ready-made templates, French: due dates. GSM-7 only, one part with the sample rows. */
import { type StarterTemplate, sample } from '../starter.ts'

export const dueDateStartersFr: readonly StarterTemplate[] = [
  {
    id: 'T01',
    language: 'fr',
    name: 'Échéance J-30',
    category: 'reminder',
    trigger: { kind: 'due-date', dateColumn: 'echeance', offsetsDays: [-30] },
    source:
      '{{#si civilite}}{{civilite}} {{/si}}{{nom}}, votre assurance {{produit}} {{immat}} arrive à terme le {{date echeance}}. Passez en agence ou appelez le {{tel}} pour la renouveler. {{cie}}',
    sampleRows: [sample(['civilite', 'nom', 'produit', 'immat', 'echeance', 'tel', 'cie'])],
  },
  {
    id: 'T02',
    language: 'fr',
    name: 'Échéance J-15',
    category: 'reminder',
    trigger: { kind: 'due-date', dateColumn: 'echeance', offsetsDays: [-15] },
    source:
      'Rappel {{cie}}: contrat {{immat}}, fin de garantie le {{date echeance}}. Prime: {{montant prime}} F CFA. Réglez dès maintenant pour rester couvert. Infos {{tel}}',
    sampleRows: [sample(['cie', 'immat', 'echeance', 'prime', 'tel'])],
  },
  {
    id: 'T03',
    language: 'fr',
    name: 'Échéance J-7',
    category: 'reminder',
    trigger: { kind: 'due-date', dateColumn: 'echeance', offsetsDays: [-7, -3] },
    source:
      '{{#si civilite}}{{civilite}} {{/si}}{{nom}}, plus que {{jours echeance}} jours avant la fin de votre garantie {{immat}} ({{date echeance}}). Agence {{agence}}, {{tel}}. {{cie}}',
    sampleRows: [sample(['civilite', 'nom', 'echeance', 'immat', 'agence', 'tel', 'cie'])],
  },
  {
    id: 'T04',
    language: 'fr',
    name: 'Échéance J-1',
    category: 'reminder',
    trigger: { kind: 'due-date', dateColumn: 'echeance', offsetsDays: [-1] },
    source:
      "Demain {{date echeance}} votre véhicule {{immat}} ne sera plus assuré. Renouvelez aujourd'hui: agence {{agence}} ou {{tel}}. {{cie}}",
    sampleRows: [sample(['echeance', 'immat', 'agence', 'tel', 'cie'])],
  },
  {
    id: 'T05',
    language: 'fr',
    name: 'Échéance J0',
    category: 'reminder',
    trigger: { kind: 'due-date', dateColumn: 'echeance', offsetsDays: [0] },
    source:
      'Votre contrat {{immat}} expire ce jour à minuit. Sans règlement de la prime, aucun sinistre ne sera pris en charge. {{cie}} {{tel}}',
    sampleRows: [sample(['immat', 'cie', 'tel'])],
  },
  {
    id: 'T06',
    language: 'fr',
    name: 'Échéance J+n',
    category: 'reminder',
    trigger: { kind: 'due-date', dateColumn: 'echeance', offsetsDays: [7, 15, 30] },
    source:
      "{{#si civilite}}{{civilite}} {{/si}}{{nom}}, votre véhicule {{immat}} n'est plus assuré depuis {{jours echeance}} jours. Régularisez vite auprès de {{cie}}, {{tel}}.",
    sampleRows: [sample(['civilite', 'nom', 'immat', 'cie', 'tel'], { echeance: '2027-03-01' })],
  },
]
