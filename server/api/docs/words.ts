/** The few words of the documentation page itself, in the product's two languages. Summaries and shapes are in English. */

export type DocsLanguage = 'fr' | 'en'

export interface DocsWords {
  title: string
  introduction: string
  authentication: string
  authenticationText: string
  errors: string
  errorsText: string
  code: string
  status: string
  meaning: string
  scope: string
  example: string
  field: string
  shape: string
  required: string
  parameters: string
  body: string
  answers: string
  other: string
  /** With the space before it that French asks for. */
  colon: string
  nouns: Readonly<Record<string, string>>
}

export const docsWords: Readonly<Record<DocsLanguage, DocsWords>> = {
  en: {
    title: 'Rappel API',
    introduction:
      'JSON over HTTP below /api/v1. Ids are numbers, times are ISO 8601 in UTC. A message is accepted (202) only after it is stored for good.',
    authentication: 'Authentication',
    authenticationText:
      'Every call carries a key. What a key may do is given by its scopes; admin may do everything.',
    errors: 'Errors',
    errorsText: 'Every answer that is not a success has one shape:',
    code: 'Code',
    status: 'Status',
    meaning: 'Meaning',
    scope: 'Scope',
    example: 'Example',
    field: 'Field',
    shape: 'Shape',
    required: 'required',
    parameters: 'Parameters',
    body: 'Body',
    answers: 'Answers',
    other: 'Français',
    colon: ':',
    nouns: {
      messages: 'Messages',
      sources: 'Sources',
      'write-backs': 'Write-back into sources',
      alerts: 'Alerts',
      runs: 'Runs and forecast',
      templates: 'Templates',
      operators: 'Operators',
      contracts: 'Contracts and retries',
      routes: 'Routes',
      networks: 'Networks and prefixes',
      'number-overrides': 'Numbers with a way of their own',
      alarms: 'Alarms',
      incoming: 'Incoming messages',
      inbound: 'Rules for incoming messages',
      'stop-list': 'Stop list',
      statistics: 'Statistics',
      feasts: 'Feasts and days off',
      'api-keys': 'API keys',
      audit: 'Audit',
    },
  },
  fr: {
    title: 'API de Rappel',
    introduction:
      'JSON sur HTTP sous /api/v1. Les identifiants sont des nombres, les heures sont en ISO 8601 UTC. Un message n’est accepté (202) qu’une fois enregistré durablement. Les résumés des appels et les formes sont en anglais, comme les noms des champs.',
    authentication: 'Authentification',
    authenticationText:
      'Chaque appel porte une clé. Ses portées (scopes) disent ce qu’elle permet ; admin permet tout.',
    errors: 'Erreurs',
    errorsText: 'Toute réponse autre qu’un succès a la même forme :',
    code: 'Code',
    status: 'Statut',
    meaning: 'Signification',
    scope: 'Portée',
    example: 'Exemple',
    field: 'Champ',
    shape: 'Forme',
    required: 'obligatoire',
    parameters: 'Paramètres',
    body: 'Corps',
    answers: 'Réponses',
    other: 'English',
    colon: '\u00a0:',
    nouns: {
      messages: 'Messages',
      sources: 'Sources',
      'write-backs': 'Retour d’état vers les sources',
      alerts: 'Alertes',
      runs: 'Exécutions et prévisions',
      templates: 'Modèles',
      operators: 'Opérateurs',
      contracts: 'Contrats et nouveaux essais',
      routes: 'Routes',
      networks: 'Réseaux et préfixes',
      'number-overrides': 'Numéros routés à part',
      alarms: 'Alarmes',
      incoming: 'Messages reçus',
      inbound: 'Règles des messages reçus',
      'stop-list': 'Liste d’opposition',
      statistics: 'Statistiques',
      feasts: 'Fêtes et jours fériés',
      'api-keys': 'Clés d’API',
      audit: 'Journal d’audit',
    },
  },
}
