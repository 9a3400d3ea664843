import test from 'ava'
import { testSourceContract } from './contract.ts'
import { configOf, type MssqlDatabase, mssqlDatabase, tdsCertificate } from './mssql-fixture.ts'
import { type ServerFixture, testServerContract } from './server-contract.ts'

const fixture: ServerFixture<MssqlDatabase> = {
  kind: 'mssql',
  serverTest: test,
  database: t => mssqlDatabase(t),
  async startServer(t, options) {
    const tls = options?.tls === true ? await tdsCertificate(t) : undefined
    const { server } = await mssqlDatabase(t, tls === undefined ? {} : { tls })
    return { config: configOf(server), caPem: tls?.caPem, stop: server.stop }
  },
  yes: true,
  numbers: count => `SELECT n, pad FROM numbers_${count}`,
  silent: "SELECT 1 AS n FROM people WHERE name = 'WAITFOR'",
  lacks: {
    'read-only-transaction':
      'SQL Server has no read-only transaction; that reads run in one which is never committed is tested on the wire',
  },
  async readerConfig(database) {
    database.rights = [0, 0, 0]
    return database.config
  },
  runningCount: async ({ server }) => server.running,
}

testSourceContract(fixture)
testServerContract(fixture)
