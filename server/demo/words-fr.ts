/** The demo in French. */
import type { Words } from './words.ts'

const reset = 'relancez avec --reset pour repartir de zéro'

export const french: Words = {
  title: day => `Rappel, démonstration du ${frenchDay(day)}`,
  dataDirectory: (path, isNew) => `Données        ${path}${isNew ? ' (nouveau)' : ''}`,
  insurerMade: ({ contracts, insured, vehicles }) =>
    `Assureur       ${contracts} contrats, ${insured} assurés, ${vehicles} véhicules autour de ce jour`,
  insurerEvolved: ({ subscriptions, endorsements, settled, paid }) =>
    `La journée     ${subscriptions} souscriptions, ${endorsements} avenants, ${settled} sinistres réglés, ${paid} traites payées`,
  insurerKnown: day => `La journée     le ${frenchDay(day)} a déjà été joué chez l’assureur`,
  contractsIgnored: '--contracts ne vaut que pour de nouvelles données : ajoutez --reset',
  firstLook: rows =>
    `Premier regard ${rows} lignes mémorisées sans message : seul ce qui arrive ensuite est annoncé`,
  operator: ({ name, protocol, port, partsPerSecond }) =>
    `Opérateur      ${name}, ${protocol} sur le port ${port}, contrat de ${partsPerSecond} parties/s`,
  leftWaiting: count =>
    `La démonstration précédente a été interrompue : ${count} messages qui attendaient partent maintenant.`,
  leftUnheard: ({ unanswered, unreceipted }) =>
    `De la démonstration précédente, ${unanswered} messages restent d’issue inconnue et ${unreceipted} sans accusé : leurs opérateurs simulés se sont arrêtés avec elle. Ils ne sont ni renvoyés ni comptés ici.`,
  running: 'Exécution des alertes',
  link: {
    stopped: 'arrêté',
    connecting: 'connexion',
    binding: 'bind',
    bound: 'connecté',
    draining: 'vidage',
    waiting: 'en attente',
    refused: 'refusé',
  },
  progress: {
    queued: 'en file',
    inFlight: 'en vol',
    sent: 'envoyés',
    delivered: 'livrés',
    failed: 'échecs',
    partsPerSecond: 'parties/s',
  },
  columns: {
    alert: 'Alerte',
    read: 'Lues',
    due: 'Dues',
    sent: 'Envoyés',
    delivered: 'Livrés',
    failed: 'Échecs',
    held: 'Retenus',
    blocked: 'Bloqués',
    duplicates: 'Déjà faits',
    rejected: 'Rejetées',
    parts: 'Parties',
    cost: 'F CFA',
    operator: 'Opérateur',
    price: 'Prix/partie',
    check: 'Contrôle',
    states: 'États',
    counters: 'Compteurs',
    ledger: 'Registre',
    simulator: 'Simulateur',
    difference: 'Écart',
  },
  total: 'Total',
  summaryTitle: 'Bilan par alerte (lignes lues, occasions dues, messages)',
  heldTitle: 'Retenus, à compléter ou à valider par une personne',
  blockedTitle: 'Bloqués, ne partiront pas',
  rejectedTitle: 'Lignes rejetées : trop tard, ou à corriger chez l’assureur',
  lapsed: count => `Abandonnés, retenus un autre jour et dont la validité est dépassée : ${count}`,
  stillHeld: count => `Toujours retenus d’un autre jour : ${count}`,
  failedRuns: 'Exécutions à regarder',
  example: text => `par exemple ${text}`,
  samplesTitle: 'Un message de chaque alerte, tel que reçu',
  operatorsTitle: 'Bilan par opérateur',
  pace: ({ sent, seconds, perSecond }) => `${sent} messages en ${seconds} s, soit ${perSecond} messages/s`,
  peak: ({ operator, parts, throttled }) =>
    `${operator} : au plus ${parts} parties en une seconde ; demandes de ralentir : ${throttled}`,
  reasons: {
    'missing-value': 'valeur manquante',
    'feast-unconfirmed': 'date de la fête à confirmer',
    approval: 'validation demandée',
    'run-open': 'exécution non terminée',
    manual: 'retenu à la main',
    'frequency-cap': 'ce numéro a déjà reçu des vœux ce jour-là',
    'stop-list': 'a demandé à ne plus rien recevoir',
    'no-sending-time': 'aucune heure d’envoi permise',
    'no-route': 'aucun opérateur pour ce numéro',
    'text-refused': 'texte impossible à envoyer',
    'validity-over': 'validité dépassée',
    expired: 'le jour en est passé',
    'fixed-line': 'numéro de ligne fixe',
    'not-a-number': 'pas un numéro',
    'scientific-notation': 'numéro abîmé par un tableur',
    'too-short': 'numéro trop court',
    'too-long': 'numéro trop long',
    invalid: 'numéro qui n’existe pas',
    empty: 'téléphone vide',
    'no-phone': 'téléphone vide',
    'no-key': 'clé de la ligne vide',
    'date-invalid': 'date impossible',
    'date-missing': 'date vide',
    'column-missing': 'colonne absente de la requête',
    'reminder-too-late': 'trop tard pour relancer',
  },
  nothingSent: duplicates =>
    `Rien n’a été envoyé : tout ce qui est dû ce jour a déjà été traité (${duplicates} occasions reconnues dans le registre).`,
  nothingDue: 'Rien n’a été envoyé : rien n’est dû ce jour.',
  reconciliationTitle: 'Rapprochement : ce que dit le stockage et ce que les opérateurs ont vu',
  checks: {
    messages: 'messages envoyés',
    parts: 'parties envoyées',
    delivered: 'parties livrées',
    undelivered: 'parties non livrées',
    expired: 'parties expirées',
    occasions: 'nouvelles occasions',
  },
  open: (state, count) => `messages sans état final : ${count} (${state})`,
  openStates: {
    queued: 'en file',
    sending: 'en cours d’envoi',
    sent: 'envoyés sans accusé',
    unknown: 'issue inconnue',
  },
  directoryRefused: reason => `Le répertoire ne peut pas être utilisé : ${reason}`,
  missingAtSimulator: (operator, count, first) =>
    `${operator}, partis selon le stockage mais non reçus par le simulateur : ${count} ; le premier : ${first}`,
  onlyAtSimulator: (operator, count, first) =>
    `${operator}, reçus en trop par le simulateur : ${count} ; le premier : ${first}`,
  agreed:
    'Tout concorde : chaque message envoyé a un état final, et chaque texte est arrivé chez son opérateur exactement une fois.',
  disagreed: 'Les comptes ne concordent pas :',
  runs: 'Exécutions des alertes',
  gaveUp: seconds => `Plus aucun changement depuis ${seconds} s : l’attente des états finals est abandonnée.`,
  stays: 'La démonstration reste en marche',
  api: url => `API            ${url}`,
  portTaken: (wanted, port) => `Le port ${wanted} est pris : l’API écoute sur ${port}.`,
  documentation: url => `Documentation  ${url}`,
  health: url => `Santé          ${url}`,
  key: key => `Clé            ${key}`,
  tryIt: 'Essayez',
  logFile: path => `Journal        ${path}`,
  untilInterrupted: 'Ctrl-C pour arrêter.',
  stopping: 'Arrêt : les réponses en cours sont attendues…',
  stopped: 'Arrêté. Tout ce qui est parti est enregistré.',
  interrupted: waiting =>
    `Interrompu. ${waiting} messages restent en attente et partiront à la prochaine démonstration.`,
  foreignDirectory: (path, found) =>
    `Le répertoire ${path} n’est pas celui d’une démonstration (il contient ${found}). Choisissez-en un autre avec --data.`,
  otherVersion: (path, why) =>
    `Les données de ${path} ne vont pas avec cette version de Rappel (${why}) : ${reset}.`,
  badDate: text =>
    `--date ${text} : attendu un jour qui existe, de 2000 à 2100, écrit AAAA-MM-JJ, par exemple 2027-01-01.`,
  badContracts: text => `--contracts ${text} : attendu un nombre entier de 200 à 200000.`,
  badFaults: (file, why) => `--simulator-faults ${file} : ${why}`,
  noLongerRunning: why => `La démonstration ne peut pas continuer : ${why}`,
}

function frenchDay(day: string): string {
  return day.split('-').reverse().join('/')
}
