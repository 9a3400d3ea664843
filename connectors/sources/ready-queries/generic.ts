/** Queries for tables as an integrator would publish them for an outsider: one view per subject, plain names. */
import { daysAround, type ReadyText } from './ready-query.ts'

const insured = 'c.nom, c.prenom, c.telephone'
const contract = 'JOIN contrats c ON c.police ='

export const genericQueries: readonly ReadyText[] = [
  {
    code: 'due-dates',
    keyColumns: ['police'],
    trigger: 'due-date',
    dateColumn: 'echeance',
    sql: ({ day }) => `SELECT c.police, ${insured}, c.immatriculation, c.echeance, c.prime, c.agence
FROM contrats c
WHERE c.echeance BETWEEN ${day(-daysAround)} AND ${day(daysAround)}`,
  },
  {
    code: 'new-contracts',
    keyColumns: ['police'],
    trigger: 'new-row',
    timeColumn: 'saisie',
    sql: ({
      watermark,
    }) => `SELECT c.police, ${insured}, c.immatriculation, c.effet, c.echeance, c.prime, c.agence, c.saisie
FROM contrats c
WHERE c.saisie >= ${watermark}`,
  },
  {
    code: 'endorsements',
    keyColumns: ['police', 'avenant'],
    trigger: 'new-row',
    timeColumn: 'saisie',
    sql: ({ watermark }) => `SELECT v.police, v.avenant, ${insured}, v.effet, c.agence, v.saisie
FROM avenants v
${contract} v.police
WHERE v.saisie >= ${watermark}`,
  },
  {
    code: 'claims-paid',
    keyColumns: ['sinistre'],
    trigger: 'new-row',
    timeColumn: 'saisie',
    sql: ({
      watermark,
    }) => `SELECT s.sinistre, s.police, ${insured}, s.survenance, s.montant, c.agence, s.regle_le AS saisie
FROM sinistres s
${contract} s.police
WHERE s.etat = 'REGLE' AND s.regle_le >= ${watermark}`,
  },
  {
    code: 'unpaid-instalments',
    keyColumns: ['police', 'traite'],
    trigger: 'dunning',
    dateColumn: 'echeance',
    sql: ({ day }) => `SELECT t.police, t.traite, ${insured}, t.montant, t.echeance, c.agence
FROM traites t
${contract} t.police
WHERE t.paye_le IS NULL AND t.echeance BETWEEN ${day(-2 * daysAround)} AND ${day(0)}`,
  },
]
