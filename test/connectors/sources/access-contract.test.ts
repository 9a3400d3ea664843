/** In a file of its own: the test of flat memory measures the whole process. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import iconv from 'iconv-lite'
import { growTable } from '../../support/jet.ts'
import { jet3File } from '../../support/jet3.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { testSourceContract } from './contract.ts'
import type { ContractTable, FixtureDatabase } from './contract-fixture.ts'

const fixture = (name: string): Buffer =>
  readFileSync(new URL(`../../fixtures/access/${name}`, import.meta.url))

const contract = fixture('contract.mdb')
const contrats = fixture('contrats.mdb')
const manyRows = growTable(contrats, 'CLIENTS', 100_000).file

/** Text is Unicode since Access 2000: the files before have a code page, and none of them a Decimal. */
const access97 = {
  legacy: namesIn('legacy', 'cp1252', ['Aïcha N’Guessan œ €', 'Zoé']),
  dos: namesIn('dos', 'cp850', ['Zoé Çç ü', 'Aïcha']),
}

function namesIn(table: string, encoding: 'cp1252' | 'cp850', names: string[]): Buffer {
  const columns = [
    { name: 'id', type: 'long' },
    { name: 'name', type: 'text', size: 40 },
  ] as const
  const rows = names.map((name, index) => [index + 1, name])
  return jet3File([{ name: table, columns: [...columns], rows }], {
    encode: text => iconv.encode(text, encoding),
    codePage: Number(encoding.slice(2)),
  })
}

/** The whole file of a table: no library here adds one to a file that is there. */
function fileOf(table: ContractTable): Buffer {
  if (table === 'legacy' || table === 'dos') return access97[table]
  if (table === 'silent') return contrats
  return table.startsWith('numbers_') ? manyRows : contract
}

testSourceContract({
  kind: 'access',
  serverTest: test,
  async database(t): Promise<FixtureDatabase> {
    const path = join(tempDir(t), 'contract.mdb')
    writeFileSync(path, contract)
    return { config: { path }, prepare: async table => writeFileSync(path, fileOf(table)) }
  },
  yes: 1,
  streamedRows: 100_000,
  numbers: count => `SELECT CODEASSU AS n, nom, prenom, IMAT, Telephone FROM CLIENTS LIMIT ${count}`,
  silent: 'SELECT count(*) AS n FROM CLIENTS a, CLIENTS b, CLIENTS c, CLIENTS d',
  textType: /^Short Text \(80\)$/,
})
