/** Ready-made templates, English: occasions, appointments, codes. GSM-7 only, one part with the sample rows. */
import { type StarterTemplate, sample } from '../starter.ts'

export const occasionStartersEn: readonly StarterTemplate[] = [
  {
    id: 'T14',
    language: 'en',
    name: 'Birthday',
    category: 'marketing',
    trigger: { kind: 'due-date', dateColumn: 'naissance', offsetsDays: [0], isYearly: true },
    source:
      'Happy birthday {{prenom}}! The whole {{cie}} team wishes you health and success. Thank you for your trust.',
    sampleRows: [sample(['prenom', 'cie'])],
  },
  {
    id: 'T15',
    language: 'en',
    name: 'Feast',
    category: 'marketing',
    trigger: { kind: 'calendar', on: { feast: 'tabaski' } },
    source:
      '{{cie}} wishes you a happy {{fete}} {{annee}}. Peace, health and prosperity to you and your family.',
    sampleRows: [sample(['cie'], { fete: 'Tabaski', annee: 2027 })],
  },
  {
    id: 'T16',
    language: 'en',
    name: 'Appointment',
    category: 'reminder',
    trigger: { kind: 'due-date', dateColumn: 'date', offsetsDays: [-1] },
    source:
      '{{cie}}: appointment on {{date date}} at {{heure}}, agency {{agence}}. Cannot come? Call {{tel}}.',
    sampleRows: [sample(['cie', 'agence', 'tel'], { date: '2027-03-09', heure: '09:30' })],
  },
  {
    id: 'T18',
    language: 'en',
    name: 'Code',
    category: 'transactional',
    trigger: null,
    source:
      '{{cie}}: your code is {{code}}, valid for 10 minutes. Do not give it to anyone, not even to an agent.',
    sampleRows: [sample(['cie'], { code: '482913' })],
  },
]
