/**
 * The views that the insurer's administrator would publish for Rappel: one per alert, nothing else to read.
 * Dates come out as `YYYY-MM-DD` wherever they are days at all; an impossible day comes out as it was typed, and
 * phones, names, plates and amounts are left as they are: cleaning those is the product's work, to be shown.
 */

/** A text column in any of the spellings of the file, as `YYYY-MM-DD`, or unchanged when it is no day. */
function isoDay(column: string): string {
  const year = (start: number): string => `substr(${column}, ${start}, 4)`
  const pair = (start: number): string => `substr(${column}, ${start}, 2)`
  const fromFrench = `${year(7)} || '-' || ${pair(4)} || '-' || ${pair(1)}`
  const fromCompact = `${year(1)} || '-' || ${pair(5)} || '-' || ${pair(7)}`
  return `CASE
    WHEN ${column} GLOB '????-??-??' THEN ${column}
    WHEN ${column} GLOB '??/??/????' AND date(${fromFrench}) = ${fromFrench} THEN ${fromFrench}
    WHEN length(${column}) = 8 AND date(${fromCompact}) = ${fromCompact} THEN ${fromCompact}
    WHEN ${column} GLOB '[1-9][0-9][0-9][0-9][0-9]' THEN date('1899-12-30', '+' || ${column} || ' days')
    ELSE ${column} END`
}

const insuredColumns = `a.CODEASSU AS CODE_ASSURE, a.CIVIASSU AS CIVILITE, a.NOM_ASSU AS NOM, a.PRENASSU AS PRENOM,
    a.TELEASSU AS TELEPHONE`
const policyColumns = `p.CODEINTE AS CODE_AGENCE, p.NUMEPOLI AS POLICE, c.LIBECATE AS PRODUIT,
    ${isoDay('p.DATEEFFE')} AS DATE_EFFET, ${isoDay('p.DATEECHE')} AS DATE_ECHEANCE, p.PRIM_TTC AS PRIME`
const agencyColumns = `i.LIBEINTE AS AGENCE, i.TELEINTE AS TEL_AGENCE, (SELECT NOM_SOCI FROM SOCIETE) AS COMPAGNIE`
const policyTables = `POLICE p JOIN ASSURE a ON a.CODEASSU = p.CODEASSU
    JOIN CATEGORIE c ON c.CODECATE = p.CODECATE JOIN INTERMEDIAIRE i ON i.CODEINTE = p.CODEINTE`
const samePolicy = (table: string): string =>
  `${table}.CODEINTE = p.CODEINTE AND ${table}.NUMEPOLI = p.NUMEPOLI`
/** A message about a policy names its first vehicle. */
const firstRisk = `JOIN RISQUE r ON ${samePolicy('r')} AND r.CODERISQ = 1`

/** V_ASSURES has one row per insured with a policy in force, so that wishes do not go to former clients. */
export const viewsSql = `
CREATE VIEW V_ECHEANCES AS
  SELECT ${insuredColumns}, ${policyColumns}, r.CODERISQ AS RISQUE, r.NUMEIMMA AS IMMATRICULATION,
    c.BRANVEHI AS EST_VEHICULE, ${agencyColumns}
  FROM ${policyTables} JOIN RISQUE r ON ${samePolicy('r')}
  WHERE p.ETATPOLI = 'A';

CREATE VIEW V_SOUSCRIPTIONS AS
  SELECT ${insuredColumns}, ${policyColumns}, r.NUMEIMMA AS IMMATRICULATION, p.DATESOUS AS DATE_SOUSCRIPTION,
    (SELECT min(q.NUMEQUIT) FROM QUITTANCE q WHERE ${samePolicy('q')}) AS QUITTANCE, ${agencyColumns}
  FROM ${policyTables} ${firstRisk}
  WHERE p.ETATPOLI = 'A';

CREATE VIEW V_AVENANTS AS
  SELECT ${insuredColumns}, ${policyColumns}, r.NUMEIMMA AS IMMATRICULATION, v.NUMEAVEN AS AVENANT,
    v.LIBEAVEN AS NATURE, v.DATEFFAV AS DATE_EFFET_AVENANT, v.DATESAIS AS DATE_SAISIE, ${agencyColumns}
  FROM ${policyTables} JOIN AVENANT v ON ${samePolicy('v')} ${firstRisk}
  WHERE p.ETATPOLI = 'A';

CREATE VIEW V_SINISTRES AS
  SELECT ${insuredColumns}, ${policyColumns}, r.NUMEIMMA AS IMMATRICULATION,
    'S' || s.EXERSINI || '-' || printf('%05d', s.NUMESINI) AS SINISTRE, s.NATUSINI AS NATURE,
    s.DATESURV AS DATE_SURVENANCE, s.DATEDECL AS DATE_DECLARATION, s.ETATSINI AS ETAT,
    s.MONTREGL AS MONTANT, s.DATEREGL AS DATE_REGLEMENT, s.REFEREGL AS RECU, ${agencyColumns}
  FROM ${policyTables} JOIN SINISTRE s ON ${samePolicy('s')} ${firstRisk};

CREATE VIEW V_REGLEMENTS AS SELECT * FROM V_SINISTRES WHERE ETAT = 'REGLE';

CREATE VIEW V_IMPAYES AS
  SELECT ${insuredColumns}, ${policyColumns}, r.NUMEIMMA AS IMMATRICULATION, q.NUMEQUIT AS QUITTANCE,
    q.NUMETRAI || '/' || q.NOMBTRAI AS TRAITE, q.MONTQUIT AS MONTANT, q.DATEEXIG AS DATE_TRAITE, ${agencyColumns}
  FROM ${policyTables} JOIN QUITTANCE q ON ${samePolicy('q')} ${firstRisk}
  WHERE q.DATEENCA IS NULL AND q.SORTQUIT = 0 AND p.ETATPOLI = 'A';

CREATE VIEW V_ASSURES AS
  SELECT ${insuredColumns}, a.DATENAIS AS DATE_NAISSANCE, ${policyColumns}, r.NUMEIMMA AS IMMATRICULATION,
    ${agencyColumns}
  FROM ${policyTables} ${firstRisk}
  WHERE p.NUMEPOLI = (SELECT max(one.NUMEPOLI) FROM POLICE one WHERE one.CODEASSU = a.CODEASSU AND one.ETATPOLI = 'A');
`
