/** The ready-made queries: let through by the guard in every dialect, and executed where a server is at hand. */
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import Database from 'better-sqlite3'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { systemClock } from '../../../connectors/clock.ts'
import type { SourceRow } from '../../../connectors/source.ts'
import { type SourceKindName, sourceKinds } from '../../../connectors/sources/kinds.ts'
import { type ReadyQuery, readyQueries } from '../../../connectors/sources/ready-queries/ready-queries.ts'
import { readyQueryCodes } from '../../../connectors/sources/ready-queries/ready-query.ts'
import { checkSelect } from '../../../connectors/sources/select-guard.ts'
import type { SqlDialect } from '../../../connectors/sources/sql-tokens.ts'
import { createDatabase as createMariadb, mariadbAvailable } from '../../support/mariadb.ts'
import { createDatabase, postgresAvailable } from '../../support/postgres.ts'
import { tempDir } from '../../support/temp-dir.ts'

const dialects: SqlDialect[] = [
  ...(['postgres', 'mysql', 'sqlite', 'mssql', 'oracle', 'informix', 'db2', 'access', 'ansi'] as const),
]

for (const dialect of dialects) {
  test(`${dialect}: every query passes the guard and asks for nothing that a run does not give`, t => {
    const queries = readyQueries(dialect)
    t.is(queries.length, 2 * readyQueryCodes.length)
    for (const { sql, schema, code, incrementalColumn } of queries) {
      const verdict = checkSelect(sql, dialect)
      t.is(verdict.kind, 'select', `${schema} ${code} ${JSON.stringify(verdict)}`)
      const names = verdict.kind === 'select' ? new Set(verdict.parameterNames) : new Set()
      t.deepEqual([...names], incrementalColumn === null ? ['today'] : ['watermark'], code)
    }
  })
}

test('Oracle shows names in capitals, and so do the columns that an alert is made with', t => {
  const [first] = readyQueries('oracle')
  t.like(first, { keyColumns: ['CODEAGENCE', 'POLICE'], phoneColumn: 'TELEPHONE', dateColumn: 'ECHEANCE' })
})

/** Tables in the manner of ORASS with one contract, its vehicle, an endorsement, a paid claim and an unpaid instalment. */
const tables = [
  'CREATE TABLE INTERMEDIAIRE (CODEINTE INT, RAISOCIN VARCHAR(40))',
  'CREATE TABLE ASSURE (CODEASSU INT, NOM_ASSU VARCHAR(60), TELEASSU VARCHAR(40))',
  'CREATE TABLE POLICE (CODEINTE INT, NUMEPOLI VARCHAR(20), CODEASSU INT, DATEEFFE DATE, DATEECHE DATE, PRIMNETT DECIMAL(15,2), CREE__LE TIMESTAMP)',
  'CREATE TABLE RISQUE (CODEINTE INT, NUMEPOLI VARCHAR(20), CODERISQ INT, NUMEIMMA VARCHAR(15))',
  'CREATE TABLE AVENANT (CODEINTE INT, NUMEPOLI VARCHAR(20), NUMEAVEN INT, DATEFFAV DATE, DATECHAV DATE, CREE__LE TIMESTAMP)',
  'CREATE TABLE SINISTRE (CODEINTE INT, EXERSINI INT, NUMESINI INT, NUMEPOLI VARCHAR(20), DATESURV DATE)',
  'CREATE TABLE V_MOUVEMENT_SINISTRE (CODEINTE INT, EXERSINI INT, NUMESINI INT, TYPEMOUVEMENT VARCHAR(10), MONTEVAL DECIMAL(15,2), DATEEVAL TIMESTAMP)',
  'CREATE TABLE QUITTANCE (NUMEQUIT INT, CODEINTE INT, NUMEPOLI VARCHAR(20), PRIMNETT DECIMAL(15,2), DATEECHE DATE, DATEENCA DATE, SORTQUIT INT)',
  "INSERT INTO INTERMEDIAIRE VALUES (1010, 'Ouaga Centre')",
  "INSERT INTO ASSURE VALUES (7, 'OUEDRAOGO', '70 00 00 01')",
  "INSERT INTO POLICE VALUES (1010, 'P1', 7, '2026-03-16', '2027-03-15', 145500, '2027-03-01 08:00:00')",
  "INSERT INTO POLICE VALUES (1010, 'P2', 7, '2026-03-16', '2028-03-15', 145500, '2020-03-01 08:00:00')",
  "INSERT INTO RISQUE VALUES (1010, 'P1', 1, '11 HH 1234 BF'), (1010, 'P2', 1, '11 HH 1235 BF')",
  "INSERT INTO AVENANT VALUES (1010, 'P1', 1, '2027-03-01', '2027-03-15', '2027-03-02 08:00:00'), (1010, 'P1', 0, '2027-03-01', '2027-03-15', '2027-03-02 08:00:00')",
  "INSERT INTO SINISTRE VALUES (1010, 2027, 871, 'P1', '2027-01-05')",
  "INSERT INTO V_MOUVEMENT_SINISTRE VALUES (1010, 2027, 871, 'REGLE', 325000, '2027-03-03 08:00:00'), (1010, 2027, 871, 'EVAL', 1, '2027-03-03 08:00:00')",
  "INSERT INTO QUITTANCE VALUES (88213, 1010, 'P1', 50000, '2027-03-01', NULL, 0), (88214, 1010, 'P1', 50000, '2027-03-01', NULL, 2), (88215, 1010, 'P1', 50000, '2027-03-01', '2027-03-02', 0)",
  'CREATE TABLE contrats (police VARCHAR(20), nom VARCHAR(60), prenom VARCHAR(60), telephone VARCHAR(40), immatriculation VARCHAR(15), effet DATE, echeance DATE, prime DECIMAL(15,2), agence VARCHAR(40), saisie TIMESTAMP)',
  'CREATE TABLE avenants (police VARCHAR(20), avenant INT, effet DATE, saisie TIMESTAMP)',
  'CREATE TABLE sinistres (sinistre VARCHAR(20), police VARCHAR(20), survenance DATE, montant DECIMAL(15,2), etat VARCHAR(10), regle_le TIMESTAMP NULL)',
  'CREATE TABLE traites (police VARCHAR(20), traite VARCHAR(10), montant DECIMAL(15,2), echeance DATE, paye_le DATE)',
  "INSERT INTO contrats VALUES ('P1', 'OUEDRAOGO', 'Awa', '70 00 00 01', '11 HH 1234 BF', '2026-03-16', '2027-03-15', 145500, 'Ouaga', '2027-03-01 08:00:00')",
  "INSERT INTO contrats VALUES ('P2', 'TRAORE', 'Issa', '70 00 00 02', '11 HH 1235 BF', '2026-03-16', '2028-03-15', 145500, 'Ouaga', '2020-03-01 08:00:00')",
  "INSERT INTO avenants VALUES ('P1', 1, '2027-03-01', '2027-03-02 08:00:00'), ('P1', 2, '2020-03-01', '2020-03-02 08:00:00')",
  "INSERT INTO sinistres VALUES ('S1', 'P1', '2027-01-05', 325000, 'REGLE', '2027-03-03 08:00:00'), ('S2', 'P1', '2027-01-05', NULL, 'EVAL', NULL)",
  "INSERT INTO traites VALUES ('P1', '2/4', 50000, '2027-03-01', NULL), ('P1', '1/4', 50000, '2027-02-01', '2027-02-02')",
]

const expectedKeys: Record<string, string[]> = {
  'orass due-dates': ['1010 P1'],
  'orass new-contracts': ['1010 P1'],
  'orass endorsements': ['1010 P1 1'],
  'orass claims-paid': ['1010 2027 871'],
  'orass unpaid-instalments': ['88213'],
  'generic due-dates': ['P1'],
  'generic new-contracts': ['P1'],
  'generic endorsements': ['P1 1'],
  'generic claims-paid': ['S1'],
  'generic unpaid-instalments': ['P1 2/4'],
}

async function executeAll(
  t: ExecutionContext,
  kind: SourceKindName & SqlDialect,
  config: Record<string, unknown>,
): Promise<void> {
  const source = sourceKinds[kind].open(config, { clock: systemClock })
  t.teardown(() => source.close())
  const params = { today: '2027-03-08', watermark: '2027-02-28 23:00:00' }
  for (const query of readyQueries(kind)) {
    const rows = await Array.fromAsync(source.read({ sql: query.sql, params }))
    const title = `${query.schema} ${query.code}`
    t.deepEqual(
      rows.map(row => keyOf(query, row)),
      expectedKeys[title],
      title,
    )
    for (const column of [query.phoneColumn, query.dateColumn, query.incrementalColumn]) {
      if (column !== null) t.true(Object.hasOwn(rows[0]!, column), `${title} ${column}`)
    }
  }
}

function keyOf({ keyColumns }: ReadyQuery, row: SourceRow): string {
  return keyColumns.map(column => row[column]).join(' ')
}

test('sqlite: every query finds what it is about', async t => {
  const path = join(tempDir(t), 'insurer.db')
  const database = new Database(path)
  for (const sql of tables) database.exec(sql)
  database.close()
  await executeAll(t, 'sqlite', { path })
})

const postgresTest = postgresAvailable() ? test : test.skip
postgresTest('postgres: every query finds what it is about', async t => {
  const { host, port, user, password, database } = await createDatabase(t)
  const config = { host, port, user, password, database }
  const client = new pg.Client(config)
  await client.connect()
  for (const sql of tables) await client.query(sql)
  await client.end()
  await executeAll(t, 'postgres', config)
})

const mariadbTest = mariadbAvailable() ? test : test.skip
mariadbTest('mysql: every query finds what it is about', async t => {
  const { host, port, user, password, database } = await createMariadb(t)
  const config = { host, port, user, password, database }
  const client = await mysql.createConnection(config)
  for (const sql of tables) await client.query(sql)
  await client.end()
  await executeAll(t, 'mysql', config)
})
