/** Ready-made templates, French: occasions, appointments, codes. GSM-7 only, one part with the sample rows. */
import { type StarterTemplate, sample } from '../starter.ts'

export const occasionStartersFr: readonly StarterTemplate[] = [
  {
    id: 'T14',
    language: 'fr',
    name: 'Anniversaire',
    category: 'marketing',
    trigger: { kind: 'due-date', dateColumn: 'naissance', offsetsDays: [0], isYearly: true },
    source:
      "Joyeux anniversaire {{prenom}}! Toute l'équipe {{cie}} vous souhaite santé et réussite. Merci de votre confiance.",
    sampleRows: [sample(['prenom', 'cie'])],
  },
  {
    id: 'T15',
    language: 'fr',
    name: 'Fête',
    category: 'marketing',
    trigger: { kind: 'calendar', on: { feast: 'tabaski' } },
    source:
      '{{cie}} vous souhaite une bonne et heureuse {{fete}} {{annee}}. Paix, santé et prospérité à vous et à vos proches.',
    sampleRows: [sample(['cie'], { fete: 'Tabaski', annee: 2027 })],
  },
  {
    id: 'T16',
    language: 'fr',
    name: 'Rendez-vous',
    category: 'reminder',
    trigger: { kind: 'due-date', dateColumn: 'date', offsetsDays: [-1] },
    source:
      '{{cie}}: rendez-vous le {{date date}} à {{heure}}, agence {{agence}}. Imprévu? Appelez le {{tel}}.',
    sampleRows: [sample(['cie', 'agence', 'tel'], { date: '2027-03-09', heure: '09:30' })],
  },
  {
    id: 'T18',
    language: 'fr',
    name: 'Code',
    category: 'transactional',
    trigger: null,
    source:
      '{{cie}}: votre code est {{code}}, valable 10 minutes. Ne le donnez à personne, pas à un agent non plus.',
    sampleRows: [sample(['cie'], { code: '482913' })],
  },
]
