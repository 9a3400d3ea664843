/** What the doctor says, in the language of whoever reads it. Details (paths, errors of drivers) stay as they are. */

export type DoctorLanguage = 'fr' | 'en'

const en = {
  ok: 'ok',
  warning: 'warning',
  failed: 'failed',
  node: 'Node version',
  calendar: 'time zones and Islamic calendar',
  clock: 'clock',
  configuration: 'configuration',
  dataDirectory: 'data directory',
  keyFile: 'key file',
  disk: 'disk space',
  database: 'database',
  journal: 'sent journal',
  source: 'source',
  operator: 'operator',
  oldNode: 'expected 24 or newer',
  smallIcu: 'this Node lacks calendar data; use the one that npm installs',
  clockBehind: 'earlier than the release of this version: set the clock',
  clockAhead: 'the store holds times of the future: has the clock been set back?',
  inUse: 'a server runs on it',
  free: 'no server runs on it',
  absent: 'absent: the first start makes it',
  freeBytes: 'MiB free',
  noOperator: 'none is configured: nothing can leave',
  noSource: 'none is configured: alerts have nothing to read',
  notStarted: 'is not started',
  reached: 'answers',
  messages: 'messages',
  summaryGood: 'everything is in order',
  summaryBad: 'problems found:',
} as const

const fr: Record<keyof typeof en, string> = {
  ok: 'ok',
  warning: 'attention',
  failed: 'échec',
  node: 'version de Node',
  calendar: 'fuseaux horaires et calendrier musulman',
  clock: 'horloge',
  configuration: 'configuration',
  dataDirectory: 'répertoire de données',
  keyFile: 'fichier de clé',
  disk: 'espace disque',
  database: 'base de données',
  journal: 'journal des envois',
  source: 'source',
  operator: 'opérateur',
  oldNode: '24 ou plus récent attendu',
  smallIcu: 'ce Node n’a pas les données de calendrier ; utilisez celui que npm installe',
  clockBehind: 'antérieure à la sortie de cette version : réglez l’horloge',
  clockAhead: 'la base contient des heures futures : l’horloge a-t-elle été retardée ?',
  inUse: 'un serveur l’utilise',
  free: 'aucun serveur ne l’utilise',
  absent: 'absent : le premier démarrage le crée',
  freeBytes: 'Mio libres',
  noOperator: 'aucun n’est configuré : rien ne peut partir',
  noSource: 'aucune n’est configurée : les alertes n’ont rien à lire',
  notStarted: 'n’est pas démarré',
  reached: 'répond',
  messages: 'messages',
  summaryGood: 'tout est en ordre',
  summaryBad: 'problèmes trouvés :',
}

export type DoctorWord = keyof typeof en
export type DoctorWords = Readonly<Record<DoctorWord, string>>

export const doctorWords: Readonly<Record<DoctorLanguage, DoctorWords>> = { fr, en }
