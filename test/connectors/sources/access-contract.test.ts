/** In a file of its own: the test of flat memory measures the whole process. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { growTable } from '../../support/jet.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { testSourceContract } from './contract.ts'

const fixture = readFileSync(new URL('../../fixtures/access/contrats.mdb', import.meta.url))
const manyRows = growTable(fixture, 'CLIENTS', 100_000).file
const noTable =
  'no library here writes Access files: the tables are those of the fixtures, see access-versions.test.ts'

testSourceContract({
  kind: 'access',
  serverTest: test,
  async database(t) {
    const path = join(tempDir(t), 'contrats.mdb')
    writeFileSync(path, fixture)
    return {
      config: { path },
      execute: async () => undefined,
      async prepare(table) {
        if (table.startsWith('numbers_')) writeFileSync(path, manyRows)
      },
    }
  },
  typesTable: [],
  legacyTable: [],
  yes: 1,
  streamedRows: 100_000,
  numbers: count => `SELECT CODEASSU AS n, nom, prenom, IMAT, Telephone FROM CLIENTS LIMIT ${count}`,
  silent: 'SELECT count(*) AS n FROM CLIENTS a, CLIENTS b, CLIENTS c, CLIENTS d',
  lacks: {
    read: noTable,
    types: noTable,
    cp1252: 'text is Unicode since Access 2000; access-97.test.ts has the files before',
    cp850: 'text is Unicode since Access 2000; access-97.test.ts has the files before',
    'write-refused': noTable,
    'missing-table': 'the table that the test misses is there, in capitals; access.test.ts misses another',
    describe: noTable,
  },
})
