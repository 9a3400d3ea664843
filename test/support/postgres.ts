/** Real PostgreSQL servers for tests, from the machine's own binaries. */
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import {
  findProgram,
  onFreePort,
  runAsOrdinaryUser,
  selfSignedCertificate,
  serverAvailable,
  serverDirectory,
  startServer,
} from './server-process.ts'
import type { Teardown } from './temp-dir.ts'

export interface PostgresDatabase {
  host: string
  port: number
  /** A superuser of this server. */
  user: string
  password: string
  database: string
  url: string
}

export interface PostgresServer extends PostgresDatabase {
  /** The authority of its certificate; undefined without TLS. */
  caPem: string | undefined
  /** An empty UTF-8 database of its own; with `t` it is dropped when the test ends. */
  createDatabase(t?: Teardown): Promise<PostgresDatabase>
  /** Ends the server as an administrator would: sessions are told and cut. */
  stop(): Promise<void>
}

const user = 'rappel_test'
const password = 'correct horse'

const initdb = findProgram('initdb', binaryDirectories())
let shared: Promise<PostgresServer> | undefined

/** Whether a PostgreSQL is installed: `const serverTest = postgresAvailable() ? test : test.skip`. */
export function postgresAvailable(): boolean {
  return serverAvailable('PostgreSQL (initdb, postgres)', initdb)
}

/**
 * An empty database on the one server that this test process shares, started at the first call and ended with
 * the process.
 */
export async function createDatabase(t?: Teardown): Promise<PostgresDatabase> {
  shared ??= startPostgres()
  return (await shared).createDatabase(t)
}

/** A server of its own, for a test that stops it; with `t` it is stopped when the test ends. */
export async function startPostgres(t?: Teardown, options: { tls?: boolean } = {}): Promise<PostgresServer> {
  if (initdb === undefined) throw new Error('PostgreSQL is not installed here')
  const server = await onFreePort(port => startOn(port, initdb, options.tls ?? false))
  t?.teardown(() => server.stop())
  return server
}

async function startOn(port: number, initdbPath: string, tls: boolean): Promise<PostgresServer> {
  const directory = serverDirectory('postgres')
  const data = join(directory, 'data')
  const passwordFile = join(directory, 'password')
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o644 })
  const initArgs = ['-D', data, '-U', user, `--pwfile=${passwordFile}`, '--auth=scram-sha-256']
  await runAsOrdinaryUser(
    initdbPath,
    [...initArgs, '--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions'],
    directory,
  )
  const certificate = tls ? await selfSignedCertificate(directory) : undefined
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    shared_buffers: '64MB',
    max_connections: 60,
    lc_messages: 'C',
    ...(certificate && {
      ssl: 'on',
      ssl_cert_file: certificate.certificatePath,
      ssl_key_file: certificate.keyPath,
    }),
  }
  const server = await startServer({
    directory,
    command: join(initdbPath, '..', 'postgres'),
    args: ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    stopSignal: 'INT',
    readyPattern: /ready to accept connections/,
  })

  const at = (database: string): PostgresDatabase => ({
    host: '127.0.0.1',
    port,
    user,
    password,
    database,
    url: `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`,
  })
  const admin = at('postgres')
  let created = 0
  return {
    ...admin,
    caPem: certificate?.caPem,
    async createDatabase(t) {
      created += 1
      const name = `test_${created}`
      await execute(admin, `CREATE DATABASE ${name}`)
      t?.teardown(() => execute(admin, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`))
      return at(name)
    },
    stop: server.stop,
  }
}

async function execute(database: PostgresDatabase, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: database.url })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

/** Debian keeps each major version apart; the newest wins. Then the usual places. */
function binaryDirectories(): string[] {
  const debian = '/usr/lib/postgresql'
  const versions = listDirectory(debian).sort((a, b) => Number(b) - Number(a))
  return [...versions.map(version => join(debian, version, 'bin')), '/usr/bin', '/usr/local/bin']
}

function listDirectory(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
