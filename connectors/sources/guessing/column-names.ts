/** What the name of a column says: French and English words, and ORASS's eight letters. Pure. */
import type { ColumnRole, GuessReason } from './roles.ts'

export interface NameGuess {
  role: ColumnRole
  /** 0..1 */
  score: number
  reasons: GuessReason[]
}

/** Without accents, in small letters; several words as one, the way joined names are compared. */
const words: Readonly<Record<ColumnRole, readonly string[]>> = {
  phone: [
    ...[
      'telephone',
      'telephones',
      'tel',
      'tels',
      'phone',
      'phones',
      'telephonique',
      'telportable',
      'telmobile',
    ],
    ...[
      'portable',
      'portables',
      'mobile',
      'mobiles',
      'gsm',
      'cel',
      'cell',
      'cellulaire',
      'cellphone',
      'msisdn',
    ],
    ...[
      'contact',
      'contacts',
      'numtel',
      'notel',
      'numerotelephone',
      'numtelephone',
      'telassure',
      'telclient',
      'whatsapp',
    ],
  ],
  lastName: [
    'nom',
    'noms',
    'lastname',
    'surname',
    'familyname',
    'nomassure',
    'nomclient',
    'nomdefamille',
    'nomassu',
  ],
  firstName: ['prenom', 'prenoms', 'firstname', 'forename', 'givenname', 'prenomassure', 'prenomclient'],
  fullName: [
    ...[
      'nomprenom',
      'nomprenoms',
      'nometprenom',
      'nometprenoms',
      'nomcomplet',
      'fullname',
      'raisonsociale',
      'raison',
    ],
    ...[
      'denomination',
      'assure',
      'souscripteur',
      'client',
      'titulaire',
      'insured',
      'customer',
      'subscriber',
      'name',
    ],
    ...['customername', 'insuredname', 'clientname'],
  ],
  plate: [
    ...[
      'immatriculation',
      'immatriculations',
      'immat',
      'imat',
      'immatric',
      'plaque',
      'plaques',
      'plate',
      'numimmat',
    ],
    ...[
      'registration',
      'licenceplate',
      'licenseplate',
      'registrationnumber',
      'vehicleregistration',
      'noimmat',
    ],
  ],
  dueDate: [
    ...[
      'echeance',
      'echeances',
      'dateecheance',
      'dateeche',
      'datefin',
      'fingarantie',
      'datefingarantie',
      'finperiode',
    ],
    ...[
      'expiry',
      'expirydate',
      'expiration',
      'dateexpiration',
      'enddate',
      'contractenddate',
      'duedate',
      'finvalidite',
    ],
    ...[
      'datefineffet',
      'fineffet',
      'datelimite',
      'prochaineecheance',
      'exigibilite',
      'dateexigibilite',
      'datetraite',
    ],
  ],
  amount: [
    ...[
      'montant',
      'montants',
      'prime',
      'primes',
      'primettc',
      'primenette',
      'primetotale',
      'amount',
      'premium',
      'solde',
    ],
    ...['reste', 'resteapayer', 'impaye', 'totalttc', 'mttc', 'mttttc', 'balance', 'price', 'somme'],
  ],
  currency: ['devise', 'devises', 'monnaie', 'currency', 'currencycode', 'codedevise', 'codemonnaie'],
  state: [
    ...[
      'etat',
      'etats',
      'statut',
      'status',
      'state',
      'situation',
      'etatenvoi',
      'etatcontrat',
      'etatpolice',
      'envoye',
    ],
    ...['sent', 'etatsms', 'statutsms'],
  ],
  policyNumber: [
    ...[
      'police',
      'polices',
      'numeropolice',
      'numpolice',
      'nopolice',
      'nupolice',
      'contrat',
      'numerocontrat',
      'numcontrat',
    ],
    ...[
      'nocontrat',
      'refcontrat',
      'referencecontrat',
      'policy',
      'policynumber',
      'policyno',
      'contract',
      'contractnumber',
    ],
  ],
  email: ['email', 'emails', 'mail', 'courriel', 'adressemail', 'adresseemail', 'emailaddress', 'mailassure'],
  agency: [
    ...[
      'agence',
      'agences',
      'codeagence',
      'nomagence',
      'libelleagence',
      'agency',
      'agencycode',
      'bureau',
      'branch',
      'office',
    ],
    ...['intermediaire', 'codeintermediaire', 'courtier', 'apporteur', 'pointdevente', 'pdv', 'codeinte'],
  ],
}

/** Column names seen in ORASS databases, and those that its rule (four letters, four letters) makes of our roles. */
const orassNames: Readonly<Record<string, ColumnRole>> = {
  ...{
    TELEASSU: 'phone',
    TEL_ASSU: 'phone',
    PORTASSU: 'phone',
    MOBIASSU: 'phone',
    GSM_ASSU: 'phone',
    CONTASSU: 'phone',
  },
  ...{ NOM_ASSU: 'lastName', NOMASSUR: 'lastName', PRENASSU: 'firstName', PRE_ASSU: 'firstName' },
  ...{ RAISOCIN: 'fullName', RAISSOCI: 'fullName', RAISASSU: 'fullName' },
  ...{ NUMEIMMA: 'plate', IMMAVEHI: 'plate', NUM_IMMA: 'plate' },
  ...{
    DATEECHE: 'dueDate',
    DATECHAV: 'dueDate',
    DATEEXIG: 'dueDate',
    DATEFIN_: 'dueDate',
    DATE_FIN: 'dueDate',
  },
  ...{ PRIMNETT: 'amount', PRIM_TTC: 'amount', PRIMTOTA: 'amount', PRINETCO: 'amount', CHIFAFFA: 'amount' },
  ...{ MONTQUIT: 'amount', MONTEVAL: 'amount', MONTREGL: 'amount', MONTTRAI: 'amount', MONTSOLD: 'amount' },
  ...{ CODEDEVI: 'currency', CODEMONN: 'currency' },
  ...{ ETATPOLI: 'state', SORTQUIT: 'state', ETATSINI: 'state', ETATQUIT: 'state', CODTYPSO: 'state' },
  ...{ NUMEPOLI: 'policyNumber', NUM_POLI: 'policyNumber' },
  ...{ MAILASSU: 'email', EMAIASSU: 'email', MELASSUR: 'email' },
  ...{ CODEINTE: 'agency', LIBEINTE: 'agency', CODEAGEN: 'agency', LIBEAGEN: 'agency' },
}

/** The first word belongs to the role, another one to somebody or something else. */
const belongsToAnother: Readonly<Partial<Record<ColumnRole, RegExp>>> = {
  phone:
    /^(?:agence|agency|bureau|inte|intermediaire|courtier|apporteur|siege|societe|compagnie|cie|fixe|fax|office|urgence)$/,
  lastName:
    /^(?:agence|inte|intermediaire|courtier|societe|compagnie|cie|table|user|utilisateur|fichier|produit|garantie)$/,
  fullName: /^(?:code|id|num|no|numero|type|tel|telephone|email|mail|date|agence|user)$/,
  dueDate:
    /^(?:effet|effe|naissance|nais|saisie|sais|souscription|sous|survenance|surv|declaration|decl|debut|deb|creation|modification|mec|paiement|encaissement)$/,
  policyNumber: /^(?:date|etat|statut|type|montant|prime|effet|echeance|fin|debut|duree)$/,
  email: /^(?:agence|inte|intermediaire|courtier|societe|siege)$/,
  agency: /^(?:tel|telephone|email|mail|fax|ville|adresse)$/,
  state: /^(?:civil|date)$/,
  amount: /^(?:date|code|taux|nombre|nb)$/,
}

/** Every role's words, the longest first. */
const longestFirst = Object.fromEntries(
  Object.entries(words).map(([role, known]) => [role, known.toSorted((a, b) => b.length - a.length)]),
) as Record<ColumnRole, string[]>

const exactScore = 0.9
const wordScore = 0.7
const partScore = 0.5
const anotherFactor = 0.35
/** Shorter ones begin and end too many other words. */
const shortestPart = 4

/** What the name may mean, one guess per role; usually none or one. */
export function guessByName(name: string): NameGuess[] {
  const orass = orassNames[name.toUpperCase().padEnd(8, '_')]
  if (orass !== undefined) {
    return [{ role: orass, score: exactScore, reasons: [{ code: 'name-orass', detail: name.toUpperCase() }] }]
  }
  const parts = wordsOf(name)
  const joined = parts.join('')
  const guesses = (Object.keys(words) as ColumnRole[]).flatMap(role => {
    const guess = guessRole(role, parts, joined)
    return guess === undefined ? [] : [guess]
  })
  // Where the whole name is known, a part of it means nothing: NOMPRENOM is no first name.
  const exact = guesses.filter(({ reasons }) => reasons[0]?.code === 'name-exact')
  return exact.length > 0 ? exact : guesses
}

function guessRole(role: ColumnRole, parts: readonly string[], joined: string): NameGuess | undefined {
  const known = words[role]
  if (known.includes(joined))
    return { role, score: exactScore, reasons: [{ code: 'name-exact', detail: joined }] }
  const word = parts.find(part => known.includes(part))
  const part = word === undefined ? partOf(joined, role) : undefined
  const found = word ?? part
  if (found === undefined) return undefined
  const reasons: GuessReason[] = [{ code: word === undefined ? 'name-part' : 'name-word', detail: found }]
  const score = word === undefined ? partScore : wordScore
  const another = parts.find(one => one !== found && belongsToAnother[role]?.test(one))
  if (another === undefined) return { role, score, reasons }
  return {
    role,
    score: score * anotherFactor,
    reasons: [...reasons, { code: 'name-of-another', detail: another }],
  }
}

/** The longest known word at the beginning or the end of names written without a sign between their words. */
function partOf(joined: string, role: ColumnRole): string | undefined {
  return longestFirst[role].find(
    word => word.length >= shortestPart && (joined.startsWith(word) || joined.endsWith(word)),
  )
}

/** `Nom & Prénoms`, `nom_prenom`, `NomPrenom`, `TEL 1` → words in small letters without accents or numbers. */
export function wordsOf(name: string): string[] {
  return name
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter(word => word !== '')
}
