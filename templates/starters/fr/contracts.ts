/** Ready-made templates, French: contracts. GSM-7 only, one part with the sample rows. */
import { type StarterTemplate, sample } from '../starter.ts'

export const contractStartersFr: readonly StarterTemplate[] = [
  {
    id: 'T07',
    language: 'fr',
    name: 'Renouvellement confirmé',
    category: 'transactional',
    trigger: { kind: 'new-row' },
    source:
      'Merci {{#si civilite}}{{civilite}} {{/si}}{{nom}}. Contrat {{immat}} renouvelé du {{date effet}} au {{date echeance}}. Prime payée: {{montant prime}} F CFA, quittance {{recu}}. {{cie}}',
    sampleRows: [
      sample(['civilite', 'nom', 'immat', 'effet', 'echeance', 'prime', 'cie'], { recu: 'R-88213' }),
    ],
  },
  {
    id: 'T08',
    language: 'fr',
    name: 'Avenant',
    category: 'transactional',
    trigger: { kind: 'new-row' },
    source:
      "{{cie}}: avenant no {{avenant}} enregistré sur votre police {{police}}, effet le {{date effet}}. Retirez votre document à l'agence {{agence}}.",
    sampleRows: [sample(['cie', 'police', 'effet', 'agence'], { avenant: '3' })],
  },
  {
    id: 'T09',
    language: 'fr',
    name: 'Souscription',
    category: 'transactional',
    trigger: { kind: 'new-row' },
    source:
      'Bienvenue chez {{cie}} {{#si civilite}}{{civilite}} {{/si}}{{nom}}. Police {{police}} active du {{date effet}} au {{date echeance}}. Assistance: {{tel}}',
    sampleRows: [sample(['cie', 'civilite', 'nom', 'police', 'effet', 'echeance', 'tel'])],
  },
  {
    id: 'T17',
    language: 'fr',
    name: 'Attestation prête',
    category: 'transactional',
    trigger: { kind: 'changed-row', watchColumns: ['etat'], becomes: { column: 'etat', values: ['PRETE'] } },
    source:
      "{{#si civilite}}{{civilite}} {{/si}}{{nom}}, l'attestation du véhicule {{immat}} est disponible à l'agence {{agence}}, munissez-vous de votre pièce d'identité. {{cie}}",
    sampleRows: [sample(['civilite', 'nom', 'immat', 'agence', 'cie'])],
  },
]
