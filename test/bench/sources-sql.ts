/** A million contracts in PostgreSQL and MariaDB, read by the bare driver with back-pressure and by our source. */
import mysql from 'mysql2'
import pg from 'pg'
import Cursor from 'pg-cursor'
import { systemClock } from '../../connectors/clock.ts'
import { sourceKinds } from '../../connectors/sources/kinds.ts'
import { createDatabase as createMariadb, mariadbAvailable } from '../support/mariadb.ts'
import { createDatabase as createPostgres, postgresAvailable } from '../support/postgres.ts'

export interface SqlPlace {
  host: string
  port: number
  user: string
  password: string
  database: string
}

const query = 'SELECT * FROM contrats'
/** What our sources fetch at a time as well. */
const fetchRows = 500
const columns = `police varchar(20), nom varchar(60), telephone varchar(30), immat varchar(20), effet date,
  echeance date, prime numeric(12,2), etat varchar(20)`

/** Null where the server is not installed. */
export async function postgresWith(rows: number): Promise<SqlPlace | null> {
  if (!postgresAvailable()) return null
  const place = await createPostgres()
  const client = new pg.Client(place)
  await client.connect()
  await client.query(`CREATE TABLE contrats (${columns})`)
  await client.query(
    `INSERT INTO contrats SELECT 'P' || n, 'OUEDRAOGO Aïcha', '70' || lpad((n % 1000000)::text, 6, '0'),
      '11 HH ' || n % 9999, date '2026-01-02', date '2027-01-02', 145500.50, 'A ENVOYER'
      FROM generate_series(1, $1::int) n`,
    [rows],
  )
  await client.end()
  return place
}

/** Null where the server is not installed. */
export async function mariadbWith(rows: number): Promise<SqlPlace | null> {
  if (!mariadbAvailable()) return null
  const place = await createMariadb()
  const connection = mysql.createConnection(placeOf(place)).promise()
  await connection.query(`CREATE TABLE contrats (${columns}) CHARACTER SET utf8mb4`)
  await connection.query(
    `INSERT INTO contrats SELECT concat('P', seq), 'OUEDRAOGO Aïcha', concat('70', lpad(seq % 1000000, 6, '0')),
      concat('11 HH ', seq % 9999), '2026-01-02', '2027-01-02', 145500.50, 'A ENVOYER' FROM seq_1_to_${rows}`,
  )
  await connection.end()
  return place
}

export async function readPostgresBare(place: SqlPlace): Promise<number> {
  const client = new pg.Client(placeOf(place))
  await client.connect()
  const cursor = client.query(new Cursor(query))
  let count = 0
  for (let rows = await cursor.read(fetchRows); rows.length > 0; rows = await cursor.read(fetchRows)) {
    count += rows.length
  }
  await client.end()
  return count
}

export async function readMariadbBare(place: SqlPlace): Promise<number> {
  const connection = mysql.createConnection(placeOf(place))
  let count = 0
  for await (const _ of connection.query(query).stream({ highWaterMark: fetchRows })) count += 1
  connection.end()
  return count
}

export async function readOurs(kind: 'postgres' | 'mysql', place: SqlPlace): Promise<number> {
  const config = { ...placeOf(place), maxRows: 10_000_000, timeoutMs: 600_000 }
  const source = sourceKinds[kind].open(config, { clock: systemClock })
  let count = 0
  for await (const _ of source.read({ sql: query })) count += 1
  await source.close()
  return count
}

function placeOf({ host, port, user, password, database }: SqlPlace): SqlPlace {
  return { host, port, user, password, database }
}
