import test from 'ava'
import { testSourceContract } from './contract.ts'
import { configOf, type MssqlDatabase, mssqlDatabase, tdsCertificate } from './mssql-fixture.ts'
import { type ServerFixture, testServerContract } from './server-contract.ts'

const fixture: ServerFixture = {
  kind: 'mssql',
  serverTest: test,
  database: t => mssqlDatabase(t),
  async startServer(t, options) {
    const tls = options?.tls === true ? await tdsCertificate(t) : undefined
    const { server } = await mssqlDatabase(t, tls === undefined ? {} : { tls })
    return { config: configOf(server), caPem: tls?.caPem, stop: server.stop }
  },
  typesTable: [],
  yes: true,
  numbers: count => `SELECT n, pad FROM numbers_${count}`,
  silent: "SELECT 1 AS n FROM people WHERE name = 'WAITFOR'",
  legacyTable: [],
  writingFunction: [],
  lacks: {
    'read-only-transaction':
      'SQL Server has no read-only transaction; that reads run in one which is never committed is tested on the wire',
  },
  async readerConfig(database) {
    const reader = database as MssqlDatabase
    reader.rights = [0, 0, 0]
    return reader.config
  },
  runningCount: async database => (database as MssqlDatabase).server.running,
}

testSourceContract(fixture)
testServerContract(fixture)
