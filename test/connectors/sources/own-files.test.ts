import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import Database from 'better-sqlite3'
import { systemClock } from '../../../connectors/clock.ts'
import { type Source, SourceError } from '../../../connectors/source.ts'
import { type SourceKindName, sourceKinds } from '../../../connectors/sources/kinds.ts'
import { odbcConfigSchema } from '../../../connectors/sources/odbc-config.ts'
import { checkOdbcPaths } from '../../../connectors/sources/odbc-paths.ts'
import { refuseOwnFile } from '../../../connectors/sources/own-files.ts'
import { ownFilesOf } from '../../../server/own-files.ts'
import { tempDir } from '../../support/temp-dir.ts'

/** A data directory as the demo has it, and a directory of a customer beside it. */
function directories(t: ExecutionContext) {
  const base = tempDir(t)
  const data = join(base, 'data')
  const customer = join(base, 'customer')
  mkdirSync(join(data, 'journal'), { recursive: true })
  mkdirSync(customer)
  for (const file of ['data/rappel.db', 'data/insurer.db', 'customer/clients.db']) {
    new Database(join(base, file)).exec('CREATE TABLE t (a); INSERT INTO t VALUES (1)').close()
  }
  writeFileSync(join(data, 'secret.key'), 'a;b\nvery;secret\n')
  writeFileSync(join(customer, 'key.pem'), 'a;b\nvery;secret\n')
  writeFileSync(join(customer, 'good.csv'), 'a;b\n1;2\n')
  const database = { kind: 'sqlite', file: join(data, 'rappel.db') } as const
  const keyFile = join(customer, 'key.pem')
  const http = { host: '::1', port: 0, tls: null, trustProxy: [] }
  const ownFiles = ownFilesOf(database, { dataDirectory: data, keyFile, logFile: null, http })
  const open = (kind: SourceKindName, config: Record<string, unknown>): Source =>
    sourceKinds[kind].open(config, { clock: systemClock, ownFiles })
  return { data, customer, ownFiles, open }
}

const readAll = (source: Source, sql: string) => Array.fromAsync(source.read({ sql }))

async function refused(t: ExecutionContext, source: Source, sql = 'SELECT * FROM t'): Promise<void> {
  const error = await t.throwsAsync(readAll(source, sql), { instanceOf: SourceError })
  t.is((error as SourceError).code, 'source-unreachable')
  t.is((error as SourceError).details.reason, 'own-files')
  const steps = await source.test()
  t.is(steps.at(-1)?.outcome, 'failed')
}

test("a customer's file beside the data directory is read, and so is the demo's insurer inside it", async t => {
  const { data, customer, open } = directories(t)
  for (const path of [join(customer, 'clients.db'), join(data, 'insurer.db')]) {
    t.deepEqual(await readAll(open('sqlite', { path }), 'SELECT a FROM t'), [{ a: 1 }])
  }
  const folder = open('files', { folder: customer, pattern: '*.csv', stableSeconds: 0 })
  t.deepEqual(await readAll(folder, 'SELECT a FROM good'), [{ a: '1' }])
})

test("the product's store is no source, by its name, by another way to it, or by links", async t => {
  const { data, customer, open } = directories(t)
  symlinkSync(join(data, 'rappel.db'), join(customer, 'link.db'))
  symlinkSync(data, join(customer, 'dir'))
  symlinkSync(join(customer, 'link.db'), join(customer, 'twice.db'))
  for (const path of [
    join(data, 'rappel.db'),
    `${data}/../data/./rappel.db`,
    join(customer, 'link.db'),
    join(customer, 'twice.db'),
    join(customer, 'dir', 'rappel.db'),
    join(data, 'rappel.db-wal'),
    join(data, 'backups', 'absent.db'),
  ]) {
    await refused(t, open('sqlite', { path }))
    await refused(t, open('access', { path }))
  }
})

test('nor is its directory a folder of files, nor the key file that lies elsewhere', async t => {
  const { data, customer, open } = directories(t)
  symlinkSync(data, join(customer, 'dir'))
  for (const folder of [data, join(data, 'journal'), join(customer, 'dir')]) {
    await refused(t, open('files', { folder, pattern: '*', stableSeconds: 0 }), 'SELECT * FROM files')
  }
  await refused(
    t,
    open('files', { folder: customer, pattern: '*.pem', stableSeconds: 0 }),
    'SELECT * FROM files',
  )
})

test('files are not moved into it', async t => {
  const { data, customer, open } = directories(t)
  const processedFolder = join(data, 'journal')
  const config = { folder: customer, pattern: '*.csv', stableSeconds: 0, whenRead: 'move', processedFolder }
  const source = open('files', config)
  await readAll(source, 'SELECT * FROM files')
  await t.throwsAsync(source.acknowledge!(), { message: /own files/ })
  t.deepEqual(readdirSync(processedFolder), [])
})

test('nor is it written back to', async t => {
  const { data, customer, ownFiles } = directories(t)
  symlinkSync(join(data, 'rappel.db'), join(customer, 'link.db'))
  const writer = sourceKinds.sqlite.openWriter!(
    { path: join(customer, 'link.db') },
    { clock: systemClock, ownFiles },
  )
  const update = { sql: 'UPDATE t SET a = 2 WHERE a = :a', params: { a: 1 } }
  await t.throwsAsync(writer.update(update), { message: /own files/ })
  await writer.close()
})

test('no setting of ODBC leads to it', async t => {
  const { data, customer, ownFiles } = directories(t)
  symlinkSync(data, join(customer, 'dir'))
  const store = join(data, 'rappel.db')
  const check = (config: Record<string, unknown>) =>
    checkOdbcPaths(odbcConfigSchema.parse(config), ownFiles, 'ODBC')
  await t.notThrowsAsync(check({ preset: 'sqlite', file: join(customer, 'clients.db') }))
  await t.notThrowsAsync(check({ preset: 'postgres', host: 'db', database: 'agence', user: 'lecteur' }))
  for (const config of [
    { preset: 'sqlite', file: store },
    { preset: 'sqlite', file: join(customer, 'dir', 'rappel.db') },
    { preset: 'sqlite', file: join(customer, 'clients.db'), options: { database: store } },
    { preset: 'own', dialect: 'sqlite', connectionString: `Driver=SQLite3;Database=${store}` },
    { preset: 'own', dialect: 'sqlite', connectionString: `Driver=SQLite3;Database={${store}}` },
    { preset: 'own', dialect: 'sqlite', connectionString: `Driver=SQLite3;Database=${store.slice(1)}` },
    { preset: 'own', dialect: 'sqlite', connectionString: `Driver=SQLite3;Database=file:${store}?mode=ro` },
    {
      preset: 'own',
      dialect: 'sqlite',
      connectionString: `Driver=SQLite3;Database=file://${store.replace('.', '%2e')}`,
    },
    { preset: 'dsn', dialect: 'ansi', dsn: 'agence', environment: { ODBCINI: join(data, 'odbc.ini') } },
  ]) {
    await t.throwsAsync(check(config), { message: /own files/ }, JSON.stringify(config))
  }
})

test('ODBC loads libraries only from where drivers are installed', async t => {
  const { customer } = directories(t)
  const stray = join(customer, 'libevil.so')
  const good = { preset: 'sqlite', file: join(customer, 'clients.db') }
  const check = (config: Record<string, unknown>) =>
    checkOdbcPaths(odbcConfigSchema.parse({ ...good, ...config }), undefined, 'ODBC')
  await t.notThrowsAsync(check({ driver: '/usr/lib/x86_64-linux-gnu/odbc/libsqlite3odbc.so' }))
  await t.notThrowsAsync(check({ driver: 'Microsoft Access Driver (*.mdb, *.accdb)' }))
  for (const config of [
    { driver: stray },
    { driver: `/usr/../${stray}` },
    { options: { LoadExt: stray } },
    { options: { LoadExt: `/usr/lib/good.so,${stray}` } },
    { options: { driver: stray } },
    { environment: { LD_LIBRARY_PATH: `/usr/lib:${customer}` } },
  ]) {
    await t.throwsAsync(
      check(config),
      { message: /outside the directories of installed drivers/ },
      JSON.stringify(config),
    )
  }
})

const pipeTest = process.platform === 'win32' ? test.skip : test

pipeTest('pipes among the files hold nobody up, and a pipe as a file is an error', async t => {
  const { customer, open } = directories(t)
  for (const name of ['a.csv', 'b.db', 'c.mdb']) execFileSync('mkfifo', [join(customer, name)])
  // A link to a pipe is met when it is opened, not when the folder is listed.
  symlinkSync(join(customer, 'a.csv'), join(customer, 'linked.csv'))
  const folder = open('files', { folder: customer, pattern: 'a.csv good.csv', stableSeconds: 0 })
  t.deepEqual(await readAll(folder, 'SELECT a FROM files'), [{ a: '1' }])
  const linked = open('files', { folder: customer, pattern: 'linked.csv', stableSeconds: 0 })
  await t.throwsAsync(readAll(linked, 'SELECT * FROM files'), {
    message: /linked\.csv: it is no regular file/,
  })
  const sqlite = open('sqlite', { path: join(customer, 'b.db') })
  await t.throwsAsync(readAll(sqlite, 'SELECT 1 AS a'), { message: /cannot be read \(NOT-A-FILE\)/ })
  const access = open('access', { path: join(customer, 'c.mdb') })
  await t.throwsAsync(readAll(access, 'SELECT * FROM t'), { message: /not a file/ })
  // Threads of the process that a pipe held would be missed here: there are four.
  for (let count = 0; count < 5; count += 1) t.true((await folder.test()).length > 0)
})

test('a link is followed within the folder and refused when it leads out of it', async t => {
  const { data, customer, open } = directories(t)
  const watched = join(customer, 'watched')
  mkdirSync(watched)
  writeFileSync(join(watched, 'real.csv'), 'a;b\n1;2\n')
  symlinkSync(join(watched, 'real.csv'), join(watched, 'inside.txt'))
  symlinkSync(join(customer, 'good.csv'), join(watched, 'outside.csv'))
  symlinkSync(join(data, 'secret.key'), join(watched, 'key.csv'))
  const source = open('files', { folder: watched, stableSeconds: 0 })
  t.deepEqual(await readAll(source, 'SELECT a FROM inside'), [{ a: '1' }])
  await t.throwsAsync(readAll(source, 'SELECT * FROM outside'), {
    message: /outside\.csv: it is a link that leads out/,
  })
  await t.throwsAsync(readAll(source, 'SELECT * FROM "key"'), { message: /own files/ })
})

test('what only begins like the data directory or the key file is the customer’s own', async t => {
  const { data, customer, ownFiles } = directories(t)
  for (const path of [`${data}-depot`, `${data}.mdb`, join(customer, 'key.pemstore.mdb')]) {
    await t.notThrowsAsync(refuseOwnFile(path, ownFiles, 'test'))
  }
  await t.throwsAsync(refuseOwnFile(join(customer, 'key.pem.old'), ownFiles, 'test'), {
    instanceOf: SourceError,
  })
})
