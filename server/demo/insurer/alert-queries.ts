/**
 * What Rappel asks of the demo's insurer: one SELECT per alert, on the published views. They are also the models
 * that a newcomer copies, so each is written out in full.
 *
 * Columns carry the names that the starter templates use. The SELECT only keeps the table small; whether a row is
 * due today is the trigger's decision. Rows whose day cannot be read are let through on purpose: the trigger lists
 * them with their reason, where a silent filter would hide a client who is never warned.
 */

export interface AlertQuery {
  /** What the alert is called in the demo, for example `due-date`. */
  name: string
  /** One SELECT; its only parameter is `:today`, `YYYY-MM-DD`. */
  sql: string
  /** Columns that name the entity. */
  keyColumns: readonly string[]
  phoneColumn: 'telephone'
  /** The column the trigger counts days from; null when the calendar decides alone (feasts). */
  dateColumn: string | null
  /** The column whose change is the event, for a changed-row trigger; null when rows do not change. */
  watchedColumn: string | null
}

/** Vehicle contracts from 45 days before to 45 after their due date: every usual reminder and its catch-up. */
const dueDate: AlertQuery = {
  name: 'due-date',
  sql: `SELECT CODE_AGENCE AS code_agence, POLICE AS police, RISQUE AS risque,
  CIVILITE AS civilite, NOM AS nom, PRENOM AS prenom, TELEPHONE AS telephone,
  PRODUIT AS produit, IMMATRICULATION AS immat, DATE_EFFET AS effet, DATE_ECHEANCE AS echeance,
  abs(julianday(DATE_ECHEANCE) - julianday(:today)) AS jours, PRIME AS prime,
  AGENCE AS agence, TEL_AGENCE AS tel, COMPAGNIE AS cie
FROM V_ECHEANCES
WHERE EST_VEHICULE = 1
  AND (DATE_ECHEANCE BETWEEN date(:today, '-45 days') AND date(:today, '+45 days')
    OR date(DATE_ECHEANCE) IS NOT DATE_ECHEANCE)`,
  keyColumns: ['code_agence', 'police', 'risque'],
  phoneColumn: 'telephone',
  dateColumn: 'echeance',
  watchedColumn: null,
}

const newSubscription: AlertQuery = {
  name: 'new-subscription',
  sql: `SELECT CODE_AGENCE AS code_agence, POLICE AS police,
  CIVILITE AS civilite, NOM AS nom, PRENOM AS prenom, TELEPHONE AS telephone,
  PRODUIT AS produit, IMMATRICULATION AS immat, DATE_SOUSCRIPTION AS date,
  DATE_EFFET AS effet, DATE_ECHEANCE AS echeance, PRIME AS prime, 'Q' || QUITTANCE AS recu,
  AGENCE AS agence, TEL_AGENCE AS tel, COMPAGNIE AS cie
FROM V_SOUSCRIPTIONS
WHERE DATE_SOUSCRIPTION BETWEEN date(:today, '-7 days') AND :today`,
  keyColumns: ['code_agence', 'police'],
  phoneColumn: 'telephone',
  dateColumn: 'date',
  watchedColumn: null,
}

const endorsement: AlertQuery = {
  name: 'endorsement',
  sql: `SELECT CODE_AGENCE AS code_agence, POLICE AS police, AVENANT AS avenant, NATURE AS nature,
  CIVILITE AS civilite, NOM AS nom, PRENOM AS prenom, TELEPHONE AS telephone,
  PRODUIT AS produit, IMMATRICULATION AS immat, DATE_SAISIE AS date, DATE_EFFET_AVENANT AS effet,
  AGENCE AS agence, TEL_AGENCE AS tel, COMPAGNIE AS cie
FROM V_AVENANTS
WHERE DATE_SAISIE BETWEEN date(:today, '-7 days') AND :today`,
  keyColumns: ['code_agence', 'police', 'avenant'],
  phoneColumn: 'telephone',
  dateColumn: 'date',
  watchedColumn: null,
}

const claimPayment: AlertQuery = {
  name: 'claim-payment',
  sql: `SELECT CODE_AGENCE AS code_agence, SINISTRE AS sinistre, POLICE AS police, NATURE AS nature,
  CIVILITE AS civilite, NOM AS nom, PRENOM AS prenom, TELEPHONE AS telephone,
  IMMATRICULATION AS immat, DATE_SURVENANCE AS survenance, DATE_REGLEMENT AS date,
  MONTANT AS montant, RECU AS recu,
  AGENCE AS agence, TEL_AGENCE AS tel, COMPAGNIE AS cie
FROM V_REGLEMENTS
WHERE DATE_REGLEMENT BETWEEN date(:today, '-7 days') AND :today`,
  keyColumns: ['code_agence', 'sinistre'],
  phoneColumn: 'telephone',
  dateColumn: 'date',
  watchedColumn: null,
}

/** The same event seen as a change: every claim of two years with its state, DECLARE, EVAL, REGLE or CLOS. */
const claimState: AlertQuery = {
  name: 'claim-state',
  sql: `SELECT CODE_AGENCE AS code_agence, SINISTRE AS sinistre, ETAT AS etat, POLICE AS police, NATURE AS nature,
  CIVILITE AS civilite, NOM AS nom, PRENOM AS prenom, TELEPHONE AS telephone,
  IMMATRICULATION AS immat, DATE_DECLARATION AS date, MONTANT AS montant, RECU AS recu,
  AGENCE AS agence, TEL_AGENCE AS tel, COMPAGNIE AS cie
FROM V_SINISTRES
WHERE DATE_DECLARATION BETWEEN date(:today, '-730 days') AND :today`,
  keyColumns: ['code_agence', 'sinistre'],
  phoneColumn: 'telephone',
  dateColumn: null,
  watchedColumn: 'etat',
}

const unpaidInstalment: AlertQuery = {
  name: 'unpaid-instalment',
  sql: `SELECT CODE_AGENCE AS code_agence, QUITTANCE AS quittance, POLICE AS police, TRAITE AS traite,
  CIVILITE AS civilite, NOM AS nom, PRENOM AS prenom, TELEPHONE AS telephone,
  PRODUIT AS produit, IMMATRICULATION AS immat, DATE_TRAITE AS date,
  julianday(:today) - julianday(DATE_TRAITE) AS retard, MONTANT AS montant, MONTANT AS prime,
  AGENCE AS agence, TEL_AGENCE AS tel, COMPAGNIE AS cie
FROM V_IMPAYES
WHERE DATE_TRAITE BETWEEN date(:today, '-90 days') AND :today`,
  keyColumns: ['quittance'],
  phoneColumn: 'telephone',
  dateColumn: 'date',
  watchedColumn: null,
}

const birthday: AlertQuery = {
  name: 'birthday',
  sql: `SELECT CODE_ASSURE AS code_assure,
  CIVILITE AS civilite, NOM AS nom, PRENOM AS prenom, TELEPHONE AS telephone, DATE_NAISSANCE AS naissance,
  AGENCE AS agence, TEL_AGENCE AS tel, COMPAGNIE AS cie
FROM V_ASSURES
WHERE DATE_NAISSANCE IS NOT NULL`,
  keyColumns: ['code_assure'],
  phoneColumn: 'telephone',
  dateColumn: 'naissance',
  watchedColumn: null,
}

/** New Year, Tabaski: everybody. */
const allInsured: AlertQuery = {
  name: 'all-insured',
  sql: `SELECT CODE_ASSURE AS code_assure,
  CIVILITE AS civilite, NOM AS nom, PRENOM AS prenom, TELEPHONE AS telephone,
  AGENCE AS agence, TEL_AGENCE AS tel, COMPAGNIE AS cie
FROM V_ASSURES`,
  keyColumns: ['code_assure'],
  phoneColumn: 'telephone',
  dateColumn: null,
  watchedColumn: null,
}

/** 8 March: the file has no column for sex, civility tells. */
const insuredWomen: AlertQuery = {
  name: 'insured-women',
  sql: `SELECT CODE_ASSURE AS code_assure,
  CIVILITE AS civilite, NOM AS nom, PRENOM AS prenom, TELEPHONE AS telephone,
  AGENCE AS agence, TEL_AGENCE AS tel, COMPAGNIE AS cie
FROM V_ASSURES
WHERE CIVILITE IN ('Mme', 'Mlle')`,
  keyColumns: ['code_assure'],
  phoneColumn: 'telephone',
  dateColumn: null,
  watchedColumn: null,
}

export const alertQueries = {
  dueDate,
  newSubscription,
  endorsement,
  claimPayment,
  claimState,
  unpaidInstalment,
  birthday,
  allInsured,
  insuredWomen,
} as const
