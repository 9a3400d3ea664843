/** The error catalogue in French, for the documentation page. */
import type { ErrorCode } from '../../errors.ts'

export const meaningsFr: Readonly<Record<ErrorCode, string>> = {
  'invalid-request': 'La requête n’a pas la forme attendue ; details nomme chaque champ.',
  'invalid-recipient': 'Le numéro ne peut pas recevoir de SMS ; details dit pourquoi.',
  'message-blocked':
    'Le message est enregistré mais ne partira jamais ; les détails donnent son numéro et la raison (no-route, stop-list…).',
  'text-refused': 'Le texte ne peut pas partir avec la règle d’encodage ou le nombre de parties demandés.',
  'template-invalid':
    'Le modèle ne peut pas être lu ; details donne la ligne, la colonne et ce qui était attendu.',
  'alert-invalid': 'L’alerte nomme quelque chose qui n’existe pas, ou son horaire ne peut pas être lu.',
  'alert-refused':
    'Aucun message de l’alerte ne pourrait partir selon les contrats ; details nomme la tranche, la catégorie et ce qu’il faut changer.',
  'not-authenticated': 'Aucune clé n’a été donnée, ou elle est inconnue ou révoquée.',
  'not-permitted': 'La clé n’a pas la portée que cet appel demande.',
  'not-found': 'Il n’y a rien sous cet identifiant.',
  'method-not-allowed':
    'Le chemin existe, mais pas pour cette méthode ; l’en-tête Allow donne celles qu’il connaît.',
  conflict: 'L’état de l’objet ne le permet pas ; details donne cet état.',
  'idempotency-mismatch': 'La clé d’idempotence a déjà servi pour une autre requête.',
  'name-taken': 'Un autre objet de cette sorte porte déjà ce nom.',
  'run-in-progress': 'Une exécution de cette alerte est en cours ; deux ne se chevauchent jamais.',
  'payload-too-large': 'La requête dépasse la limite que details donne.',
  'too-many-requests': 'La clé ou l’adresse a envoyé plus de requêtes que permis ; recommencez plus tard.',
  'source-query-refused':
    'La requête SQL n’est pas un simple SELECT, ou le retour d’état pas un simple UPDATE ; elle n’a pas été envoyée.',
  'source-unreachable': 'La source ne peut pas être jointe par le réseau.',
  'source-login-refused': 'La source a refusé le compte.',
  'source-query-failed': 'La source a répondu à la requête par une erreur.',
  'source-timeout': 'La source n’a pas répondu dans le temps accordé.',
  'source-row-cap': 'La requête donne plus de lignes que le plafond.',
  'store-unavailable':
    'Le stockage ne peut pas écrire en ce moment (disque plein, base arrêtée) ; rien n’a été accepté.',
  stopping: 'Le serveur s’arrête et ne prend plus rien de nouveau.',
  internal: 'Une erreur du produit ; le journal a les détails sous l’identifiant de la requête.',
}
