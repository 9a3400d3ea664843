import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import Database from 'better-sqlite3'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { createDatabase as createMariadb, mariadbAvailable } from '../../support/mariadb.ts'
import { createDatabase, postgresAvailable } from '../../support/postgres.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { testWriterContract } from './writer-contract.ts'

const table = 'CREATE TABLE sms (id INTEGER, etat VARCHAR(20), envoi VARCHAR(30))'
const listed = 'SELECT id, etat FROM sms ORDER BY id'

testWriterContract({
  kind: 'sqlite',
  serverTest: test,
  async database(t) {
    const path = join(tempDir(t), 'insurer.db')
    const database = new Database(path)
    t.teardown(() => void database.close())
    database.exec(table)
    return {
      config: { path },
      execute: async sql => database.exec(sql),
      rows: async () => {
        const rows = database.prepare<[], { id: number; etat: string }>(listed).all()
        return rows.map(({ id, etat }) => `${id} ${etat}`)
      },
      readerConfig: null,
      lock: () => lockFile(t, path),
    }
  },
})

/** Held by another process: a lock of this one ends when any of its handles on the file is closed. */
async function lockFile(t: ExecutionContext, path: string): Promise<{ release(): Promise<void> }> {
  const holding = `const file = new (require('better-sqlite3'))(process.argv[1])
    file.exec('begin immediate')
    console.log('held')
    process.stdin.on('data', () => process.exit())`
  const holder = spawn(process.execPath, ['-e', holding, path], { stdio: ['pipe', 'pipe', 'inherit'] })
  t.teardown(() => holder.kill())
  await once(holder.stdout, 'data')
  return {
    async release() {
      holder.stdin.write('release')
      await once(holder, 'exit')
    },
  }
}

testWriterContract({
  kind: 'postgres',
  serverTest: postgresAvailable() ? test : test.skip,
  async database(t) {
    const { host, port, user, password, database } = await createDatabase(t)
    const config = { host, port, user, password, database }
    const client = await postgresClient(t, config)
    await client.query(table)
    const role = `reader_${database}`
    await client.query(`CREATE ROLE "${role}" LOGIN PASSWORD 'only reads'`)
    await client.query(`GRANT SELECT ON sms TO "${role}"`)
    t.teardown(() => client.query(`DROP OWNED BY "${role}"; DROP ROLE "${role}"`))
    return {
      config,
      execute: sql => client.query(sql),
      async rows() {
        const { rows } = await client.query<{ id: number; etat: string }>(listed)
        return rows.map(({ id, etat }) => `${id} ${etat}`)
      },
      readerConfig: { ...config, user: role, password: 'only reads' },
      async lock() {
        const holder = await postgresClient(t, config)
        await holder.query('BEGIN; SELECT * FROM sms WHERE id = 1 FOR UPDATE')
        return { release: async () => void (await holder.query('ROLLBACK')) }
      },
    }
  },
})

async function postgresClient(t: ExecutionContext, config: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client(config)
  client.on('error', () => undefined)
  await client.connect()
  t.teardown(() => client.end())
  return client
}

testWriterContract({
  kind: 'mysql',
  serverTest: mariadbAvailable() ? test : test.skip,
  async database(t) {
    const { host, port, user, password, database } = await createMariadb(t)
    const config = { host, port, user, password, database }
    const client = await mariadbClient(t, config)
    await client.query(table)
    const role = `reader_${database}`.slice(0, 32)
    await client.query(`CREATE USER '${role}'@'127.0.0.1' IDENTIFIED BY 'only reads'`)
    await client.query(`GRANT SELECT ON ${database}.* TO '${role}'@'127.0.0.1'`)
    t.teardown(() => client.query(`DROP USER '${role}'@'127.0.0.1'`))
    return {
      config,
      execute: sql => client.query(sql),
      async rows() {
        const [rows] = await client.query<mysql.RowDataPacket[]>(listed)
        return rows.map(({ id, etat }) => `${id} ${etat}`)
      },
      readerConfig: { ...config, user: role, password: 'only reads' },
      async lock() {
        const holder = await mariadbClient(t, config)
        await holder.query('START TRANSACTION')
        await holder.query('SELECT * FROM sms WHERE id = 1 FOR UPDATE')
        return { release: async () => void (await holder.query('ROLLBACK')) }
      },
    }
  },
})

async function mariadbClient(
  t: ExecutionContext,
  config: mysql.ConnectionOptions,
): Promise<mysql.Connection> {
  const client = await mysql.createConnection(config)
  t.teardown(() => client.end())
  return client
}
