/** What a diagnosis says, in the language of whoever reads it: what was found, and what to do. */
import type { DiagnosisStep, FindingCode } from '../gateway/diagnosis/finding.ts'

export type DiagnosisLanguage = 'fr' | 'en'

type Words = Readonly<Record<DiagnosisLanguage, string>>

export const stepWords: Readonly<Record<DiagnosisStep, Words>> = {
  settings: { en: 'settings', fr: 'réglages' },
  monitoring: { en: 'connection monitoring', fr: 'surveillance de la connexion' },
  window: { en: 'window', fr: 'fenêtre' },
  throughput: { en: 'throughput', fr: 'débit' },
  authentication: { en: 'authentication', fr: 'authentification' },
  name: { en: 'name', fr: 'nom' },
  'source-address': { en: 'source address', fr: 'adresse source' },
  reachability: { en: 'reachability', fr: 'joignabilité' },
  tls: { en: 'TLS', fr: 'TLS' },
  login: { en: 'login', fr: 'ouverture de session' },
  'keep-alive': { en: 'keep-alive', fr: 'maintien de session' },
  'submit-parameters': { en: 'submit parameters', fr: 'paramètres d’envoi' },
  submit: { en: 'submit', fr: 'envoi' },
  receipt: { en: 'receipt', fr: 'accusé de réception' },
  reply: { en: 'reply of the phone', fr: 'réponse du mobile' },
  'reply-acknowledged': { en: 'reply acknowledged', fr: 'acquittement de la réponse' },
}

export const outcomeWords: Readonly<Record<'ok' | 'warning' | 'failed' | 'skipped', Words>> = {
  ok: { en: 'ok', fr: 'ok' },
  warning: { en: 'warning', fr: 'attention' },
  failed: { en: 'failed', fr: 'échec' },
  skipped: { en: 'skipped', fr: 'passé' },
}

export const findingWords: Readonly<Record<FindingCode, Words>> = {
  'read-back': { en: 'compare with the contract', fr: 'à comparer au contrat' },
  'settings-unreadable': {
    en: 'the stored settings are not those of this version: edit the operator',
    fr: 'les réglages enregistrés ne sont pas ceux de cette version : modifiez l’opérateur',
  },
  unlimited: {
    en: 'no limit is set: enter the throughput of the contract, or the operator will throttle',
    fr: 'aucune limite : saisissez le débit du contrat, sinon l’opérateur ralentira',
  },
  'no-password': { en: 'no password is set', fr: 'aucun mot de passe n’est saisi' },
  'long-password': {
    en: 'the standard has 8 characters: ask whether the operator cuts longer ones',
    fr: 'la norme a 8 caractères : demandez si l’opérateur coupe les plus longs',
  },
  'no-login-needed': {
    en: 'the operator knows us by our address: no session is opened',
    fr: 'l’opérateur nous reconnaît à notre adresse : aucune session n’est ouverte',
  },
  resolved: { en: 'resolves', fr: 'résolu' },
  'is-an-address': { en: 'is an address, no name to resolve', fr: 'est une adresse, rien à résoudre' },
  'name-unknown': {
    en: 'does not resolve: check the spelling and the DNS of this machine, or enter the address',
    fr: 'n’est pas résolu : vérifiez l’orthographe et le DNS de cette machine, ou saisissez l’adresse',
  },
  'system-chooses': { en: 'none is set: the system chooses', fr: 'aucune : le système choisit' },
  'on-this-machine': { en: 'is an address of this machine', fr: 'est une adresse de cette machine' },
  'not-on-this-machine': {
    en: 'is no address of this machine: is the tunnel up, is the interface there?',
    fr: 'n’est pas une adresse de cette machine : le tunnel est-il monté, l’interface existe-t-elle ?',
  },
  connected: { en: 'the port answers', fr: 'le port répond' },
  'connect-refused': {
    en: 'the host answers and nobody listens on the port: check the port; the operator’s service may be stopped or not opened to us',
    fr: 'l’hôte répond mais rien n’écoute sur ce port : vérifiez le port ; le service de l’opérateur peut être arrêté ou fermé pour nous',
  },
  'connect-no-answer': {
    en: 'nobody answers: the tunnel is down, or a filter drops our packets; check IPsec, routes and that the operator admits our source address',
    fr: 'personne ne répond : le tunnel est tombé ou un filtre jette nos paquets ; vérifiez IPsec, les routes et que l’opérateur admet notre adresse source',
  },
  'connect-unreachable': {
    en: 'no way leads there: the tunnel or a route is missing',
    fr: 'aucun chemin n’y mène : le tunnel ou une route manque',
  },
  'connect-source-address': {
    en: 'the source address cannot be used for this destination',
    fr: 'l’adresse source ne convient pas à cette destination',
  },
  'connect-failed': { en: 'the connection failed', fr: 'la connexion a échoué' },
  'tls-not-used': { en: 'not used', fr: 'non utilisé' },
  'tls-up': { en: 'is up', fr: 'établi' },
  'tls-failed': {
    en: 'failed: check the certificates, the name they bear, and whether the port speaks TLS at all',
    fr: 'échec : vérifiez les certificats, le nom qu’ils portent, et que le port parle TLS',
  },
  'live-bound': {
    en: 'the running link is bound; a second session would end it and was not opened',
    fr: 'le lien en service est établi ; une seconde session le couperait et n’a pas été ouverte',
  },
  'live-on-its-way': { en: 'the running link is connecting now', fr: 'le lien en service se connecte' },
  'live-down': { en: 'the running link is down', fr: 'le lien en service est coupé' },
  'live-refused': {
    en: 'the operator refused the running link',
    fr: 'l’opérateur a refusé le lien en service',
  },
  'logged-in': { en: 'accepted', fr: 'acceptée' },
  'login-refused': { en: 'the operator refused', fr: 'l’opérateur a refusé' },
  'login-unanswered': {
    en: 'the port answers and the login does not: something else may listen there, or a filter cuts large packets (MTU of the tunnel)',
    fr: 'le port répond mais pas l’ouverture de session : autre chose y écoute peut-être, ou un filtre coupe les grands paquets (MTU du tunnel)',
  },
  'login-closed': {
    en: 'the operator closed the connection without an answer: it may not know our source address',
    fr: 'l’opérateur a fermé la connexion sans réponse : il ne connaît peut-être pas notre adresse source',
  },
  'account-in-use': {
    en: 'another diagnosis uses the account',
    fr: 'un autre diagnostic utilise le compte',
  },
  'keep-alive-answered': { en: 'answered', fr: 'répondu' },
  'keep-alive-proven': {
    en: 'answered: the link has been bound for longer than it would live without',
    fr: 'répondu : le lien tient depuis plus longtemps qu’il ne tiendrait sans',
  },
  'keep-alive-too-early': { en: 'the link was bound only now', fr: 'le lien vient d’être établi' },
  'keep-alive-refused': {
    en: 'the operator does not know it; TCP watches over the connection instead',
    fr: 'l’opérateur ne le connaît pas ; TCP surveille la connexion à la place',
  },
  'keep-alive-unanswered': {
    en: 'not answered: ask the operator which keep-alive it wants',
    fr: 'sans réponse : demandez à l’opérateur quel maintien de session il attend',
  },
  accepted: { en: 'accepted', fr: 'accepté' },
  'submit-refused': { en: 'refused', fr: 'refusé' },
  'submit-unanswered': {
    en: 'not answered: look at the phone whether it came',
    fr: 'sans réponse : regardez sur le mobile s’il est arrivé',
  },
  'submit-waiting': {
    en: 'still waits: the throughput is used up, or the operator paused us',
    fr: 'attend encore : le débit est épuisé, ou l’opérateur nous a mis en pause',
  },
  delivered: { en: 'delivered', fr: 'remis' },
  'not-delivered': { en: 'not delivered', fr: 'non remis' },
  'no-receipt-yet': {
    en: 'none yet: is the phone on? Does the contract have receipts?',
    fr: 'aucun pour l’instant : le mobile est-il allumé ? Le contrat a-t-il les accusés ?',
  },
  'reply-received': { en: 'came', fr: 'reçue' },
  'no-reply': {
    en: 'none came: was it sent to the short code, and does the operator route it to this account?',
    fr: 'aucune : a-t-elle été envoyée au numéro court, et l’opérateur la route-t-il vers ce compte ?',
  },
  'after-storage': { en: 'after it was stored', fr: 'après enregistrement' },
  draining: {
    en: 'the operator is draining and submits nothing',
    fr: 'l’opérateur se vide et n’envoie rien',
  },
  'not-started': {
    en: 'the operator is stopped; start it to send a test message',
    fr: 'l’opérateur est arrêté ; démarrez-le pour envoyer un message de test',
  },
  'no-number-given': { en: 'no number was given (--to)', fr: 'aucun numéro n’a été donné (--to)' },
  'not-asked-for': { en: 'not asked for (--reply-seconds)', fr: 'non demandé (--reply-seconds)' },
  'earlier-step-failed': { en: 'a step before failed', fr: 'une étape précédente a échoué' },
  interrupted: { en: 'interrupted', fr: 'interrompu' },
}

/** Why a login was refused, by what is to be done. */
export const causeWords: Readonly<Record<string, Words>> = {
  password: { en: 'the password is wrong', fr: 'le mot de passe est faux' },
  account: {
    en: 'the account is unknown, or not allowed from our address',
    fr: 'le compte est inconnu, ou non admis depuis notre adresse',
  },
  'system-type': { en: 'it wants another system type', fr: 'il attend un autre type de système' },
  'already-bound': {
    en: 'another session of the account is open: a former one not yet given up, or another program',
    fr: 'une autre session du compte est ouverte : une ancienne pas encore close, ou un autre programme',
  },
  mode: {
    en: 'it knows no such session: try a pair of transmitter and receiver, or no login',
    fr: 'il ne connaît pas cette session : essayez une paire émetteur et récepteur, ou sans session',
  },
  'not-now': { en: 'not at this moment: try again later', fr: 'pas maintenant : réessayez plus tard' },
  other: { en: 'ask the operator what it means', fr: 'demandez à l’opérateur ce que cela veut dire' },
}

export const summaryWords: Readonly<Record<'ok' | 'untried' | 'warning' | 'failed', Words>> = {
  ok: { en: 'everything is in order', fr: 'tout est en ordre' },
  untried: { en: 'what was tried is in order', fr: 'ce qui a été essayé est en ordre' },
  warning: { en: 'nothing failed; mind the warnings', fr: 'aucun échec ; voyez les avertissements' },
  failed: { en: 'problems found', fr: 'problèmes trouvés' },
}

export const untriedWords: Words = { en: 'not tried', fr: 'non essayé' }
