/**
 * Queries for a schema in the manner of ORASS. Its real tables are not published and differ from site to site: these
 * names were seen in the open, the phone column was not, so every query is a beginning that somebody has to adapt.
 */
import type { DialectWords } from './dialect-words.ts'
import { daysAround, type ReadyText } from './ready-query.ts'

const insured = `a.NOM_ASSU AS nom, a.TELEASSU AS telephone`
const policy = `JOIN ASSURE a ON a.CODEASSU = p.CODEASSU
JOIN INTERMEDIAIRE i ON i.CODEINTE = p.CODEINTE`
const samePolicy = (table: string): string =>
  `${table}.CODEINTE = p.CODEINTE AND ${table}.NUMEPOLI = p.NUMEPOLI`

export const orassQueries: readonly ReadyText[] = [
  {
    code: 'due-dates',
    keyColumns: ['codeagence', 'police'],
    trigger: 'due-date',
    dateColumn: 'echeance',
    sql: ({ day }: DialectWords) => `SELECT p.CODEINTE AS codeagence, p.NUMEPOLI AS police, ${insured},
  r.NUMEIMMA AS immatriculation, p.DATEECHE AS echeance, p.PRIMNETT AS prime, i.RAISOCIN AS agence
FROM POLICE p
${policy}
JOIN RISQUE r ON ${samePolicy('r')}
WHERE p.DATEECHE BETWEEN ${day(-daysAround)} AND ${day(daysAround)}`,
  },
  {
    code: 'new-contracts',
    keyColumns: ['codeagence', 'police'],
    trigger: 'new-row',
    timeColumn: 'saisie',
    sql: ({ watermark }) => `SELECT p.CODEINTE AS codeagence, p.NUMEPOLI AS police, ${insured},
  r.NUMEIMMA AS immatriculation, p.DATEEFFE AS effet, p.DATEECHE AS echeance, p.PRIMNETT AS prime,
  i.RAISOCIN AS agence, p.CREE__LE AS saisie
FROM POLICE p
${policy}
JOIN RISQUE r ON ${samePolicy('r')}
WHERE p.CREE__LE >= ${watermark}`,
  },
  {
    code: 'endorsements',
    keyColumns: ['codeagence', 'police', 'avenant'],
    trigger: 'new-row',
    timeColumn: 'saisie',
    sql: ({
      watermark,
    }) => `SELECT p.CODEINTE AS codeagence, p.NUMEPOLI AS police, v.NUMEAVEN AS avenant, ${insured},
  v.DATEFFAV AS effet, v.DATECHAV AS echeance, i.RAISOCIN AS agence, v.CREE__LE AS saisie
FROM AVENANT v
JOIN POLICE p ON ${samePolicy('v')}
${policy}
WHERE v.NUMEAVEN > 0 AND v.CREE__LE >= ${watermark}`,
  },
  {
    code: 'claims-paid',
    keyColumns: ['codeagence', 'exercice', 'numero'],
    trigger: 'new-row',
    timeColumn: 'saisie',
    sql: ({
      watermark,
    }) => `SELECT s.CODEINTE AS codeagence, s.EXERSINI AS exercice, s.NUMESINI AS numero, ${insured},
  p.NUMEPOLI AS police, s.DATESURV AS survenance, m.MONTEVAL AS montant, i.RAISOCIN AS agence, m.DATEEVAL AS saisie
FROM V_MOUVEMENT_SINISTRE m
JOIN SINISTRE s ON s.CODEINTE = m.CODEINTE AND s.EXERSINI = m.EXERSINI AND s.NUMESINI = m.NUMESINI
JOIN POLICE p ON ${samePolicy('s')}
${policy}
WHERE m.TYPEMOUVEMENT = 'REGLE' AND m.DATEEVAL >= ${watermark}`,
  },
  {
    code: 'unpaid-instalments',
    keyColumns: ['quittance'],
    trigger: 'dunning',
    dateColumn: 'echeance',
    sql: ({
      day,
    }) => `SELECT q.NUMEQUIT AS quittance, p.CODEINTE AS codeagence, p.NUMEPOLI AS police, ${insured},
  q.PRIMNETT AS montant, q.DATEECHE AS echeance, i.RAISOCIN AS agence
FROM QUITTANCE q
JOIN POLICE p ON ${samePolicy('q')}
${policy}
WHERE q.DATEENCA IS NULL AND q.SORTQUIT <> 2 AND q.DATEECHE BETWEEN ${day(-2 * daysAround)} AND ${day(0)}`,
  },
]
