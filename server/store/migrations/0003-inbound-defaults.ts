/**
 * The rules that every installation begins with, French and English. They are rows like any other from then on:
 * edited, switched off or deleted. Words that both languages use (STOP, START, INFO) answer in French.
 *
 * GSM-7 only and one part each: a confirmation costs one SMS whatever the phone.
 */

const stopFr =
  'Votre demande est prise en compte: vous ne recevrez plus nos SMS. Pour les recevoir à nouveau, répondez START.'
const stopEn = 'You will receive no more SMS from us. To receive them again, reply START.'
const startFr = 'Vous recevrez à nouveau nos SMS. Pour ne plus les recevoir, répondez STOP.'
const startEn = 'You will receive our SMS again. To stop them, reply STOP.'
const helpFr =
  'Service SMS de votre assureur. Répondez STOP pour ne plus recevoir nos SMS, START pour les recevoir à nouveau.'
const helpEn = 'SMS service of your insurer. Reply STOP to receive no more SMS, START to receive them again.'

/** `*` stops every service: whoever writes STOP without knowing of services means all of them. */
const everyService = '*'

export const inboundDefaults = [
  {
    name: 'STOP (français)',
    shortCode: null,
    match: 'whole',
    keywords: [
      'STOP',
      'STOP SMS',
      'STOP PUB',
      'STOP SVP',
      'STOP MERCI',
      'ARRET',
      'ARRETE',
      'ARRETER',
      'ARRETEZ',
      'DESABO',
      'DESABONNER',
      'DESABONNEMENT',
      'DESINSCRIRE',
      'DESINSCRIPTION',
    ],
    actions: [{ kind: 'stop', service: everyService, text: { language: 'fr', source: stopFr } }],
  },
  {
    name: 'STOP (English)',
    shortCode: null,
    match: 'whole',
    keywords: [
      'UNSUBSCRIBE',
      'STOPALL',
      'STOP ALL',
      'STOP PLEASE',
      'OPTOUT',
      'OPT OUT',
      'QUIT',
      'END',
      'CANCEL',
    ],
    actions: [{ kind: 'stop', service: everyService, text: { language: 'en', source: stopEn } }],
  },
  {
    name: 'START (français)',
    shortCode: null,
    match: 'whole',
    keywords: ['START', 'OUI', 'REPRENDRE', 'REABO', 'REABONNER', 'ABONNER', 'ABONNEMENT'],
    actions: [{ kind: 'start', service: everyService, text: { language: 'fr', source: startFr } }],
  },
  {
    name: 'START (English)',
    shortCode: null,
    match: 'whole',
    keywords: ['UNSTOP', 'YES', 'SUBSCRIBE', 'OPTIN', 'OPT IN'],
    actions: [{ kind: 'start', service: everyService, text: { language: 'en', source: startEn } }],
  },
  {
    name: 'AIDE (français)',
    shortCode: null,
    match: 'first-word',
    keywords: ['AIDE', 'INFO', 'INFOS'],
    actions: [{ kind: 'help', text: { language: 'fr', source: helpFr } }],
  },
  {
    name: 'HELP (English)',
    shortCode: null,
    match: 'first-word',
    keywords: ['HELP'],
    actions: [{ kind: 'help', text: { language: 'en', source: helpEn } }],
  },
] as const
