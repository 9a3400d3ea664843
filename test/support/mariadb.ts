/** Real MariaDB servers for tests, from the machine's own binaries. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import mysql from 'mysql2/promise'
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

export interface MariadbDatabase {
  host: string
  port: number
  /** An account with every right on this server. */
  user: string
  password: string
  database: string
}

export interface MariadbServer extends MariadbDatabase {
  /** The authority of its certificate; undefined without TLS. */
  caPem: string | undefined
  /** An empty utf8mb4 database of its own; with `t` it is dropped when the test ends. */
  createDatabase(t?: Teardown): Promise<MariadbDatabase>
  /** Ends the server as an administrator would. */
  stop(): Promise<void>
}

const user = 'rappel_test'
const password = 'correct horse'

const binaryDirectories = ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin']
const install = findProgram('mariadb-install-db', binaryDirectories)
const daemon = findProgram('mariadbd', binaryDirectories)
let shared: Promise<MariadbServer> | undefined

/** Whether a MariaDB is installed: `const serverTest = mariadbAvailable() ? test : test.skip`. */
export function mariadbAvailable(): boolean {
  return serverAvailable('MariaDB (mariadb-install-db, mariadbd)', install && daemon)
}

/**
 * An empty database on the one server that this test process shares, started at the first call and ended with
 * the process.
 */
export async function createDatabase(t?: Teardown): Promise<MariadbDatabase> {
  shared ??= startMariadb()
  return (await shared).createDatabase(t)
}

/** A server of its own, for a test that stops it; with `t` it is stopped when the test ends. */
export async function startMariadb(t?: Teardown, options: { tls?: boolean } = {}): Promise<MariadbServer> {
  if (install === undefined || daemon === undefined) throw new Error('MariaDB is not installed here')
  const server = await onFreePort(port => startOn(port, install, daemon, options.tls ?? false))
  t?.teardown(() => server.stop())
  return server
}

async function startOn(
  port: number,
  installPath: string,
  daemonPath: string,
  tls: boolean,
): Promise<MariadbServer> {
  const directory = serverDirectory('mariadb')
  const data = join(directory, 'data')
  const setup = join(directory, 'setup.sql')
  writeFileSync(
    setup,
    `CREATE USER '${user}'@'%' IDENTIFIED BY '${password}';
GRANT ALL ON *.* TO '${user}'@'%' WITH GRANT OPTION;\n`,
    { mode: 0o644 },
  )
  const installArgs = ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal']
  await runAsOrdinaryUser(installPath, [...installArgs, '--skip-test-db'], directory)
  const certificate = tls ? await selfSignedCertificate(directory) : undefined
  const settings = {
    datadir: data,
    port,
    'bind-address': '127.0.0.1',
    socket: join(directory, 'socket'),
    'pid-file': join(directory, 'pid'),
    tmpdir: directory,
    'init-file': setup,
    'skip-name-resolve': 1,
    'character-set-server': 'utf8mb4',
    'innodb-flush-log-at-trx-commit': 0,
    'innodb-flush-method': 'nosync',
    'innodb-buffer-pool-size': '64M',
    ...(certificate && { 'ssl-cert': certificate.certificatePath, 'ssl-key': certificate.keyPath }),
  }
  const server = await startServer({
    directory,
    command: daemonPath,
    args: ['--no-defaults', ...Object.entries(settings).map(([name, value]) => `--${name}=${value}`)],
    stopSignal: 'TERM',
    readyPattern: /ready for connections/,
  })

  const at = (database: string): MariadbDatabase => ({ host: '127.0.0.1', port, user, password, database })
  const admin = at('mysql')
  let created = 0
  return {
    ...admin,
    caPem: certificate?.caPem,
    async createDatabase(t) {
      created += 1
      const name = `test_${created}`
      await execute(admin, `CREATE DATABASE ${name}`)
      t?.teardown(() => execute(admin, `DROP DATABASE IF EXISTS ${name}`))
      return at(name)
    },
    stop: server.stop,
  }
}

async function execute(database: MariadbDatabase, sql: string): Promise<void> {
  const connection = await mysql.createConnection({ ...database })
  try {
    await connection.query(sql)
  } finally {
    await connection.end()
  }
}
