/** The parts of the ODBC kind that need no driver. */
import { createRequire } from 'node:module'
import { join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { SourceError } from '../../../connectors/source.ts'
import {
  connectionString,
  odbcConfigSchema,
  presetOf,
  quoted,
} from '../../../connectors/sources/odbc-config.ts'
import { loadOdbcDriver, odbcAbsent } from '../../../connectors/sources/odbc-driver.ts'
import { explainOdbc, odbcFailure, withoutPassword } from '../../../connectors/sources/odbc-errors.ts'
import { writeValues } from '../../../connectors/sources/odbc-literals.ts'
import { type OdbcPreset, odbcPresetNames, odbcPresets } from '../../../connectors/sources/odbc-presets.ts'
import { rewriteStatement } from '../../../connectors/sources/odbc-rewriting.ts'
import { decimalText, odbcConverter } from '../../../connectors/sources/odbc-values.ts'
import { checkSelect } from '../../../connectors/sources/select-guard.ts'
import { tokenizeSql } from '../../../connectors/sources/sql-tokens.ts'
import { checkUpdate } from '../../../connectors/sources/update-guard.ts'
import { tempDir } from '../../support/temp-dir.ts'

const fields: Record<string, unknown> = {
  host: 'db.example',
  database: 'assur',
  server: 'ol_assur',
  file: '/data/contrats.mdb',
  dsn: 'ASSUR',
  connectionString: 'Driver=Some Driver;Server=db.example',
}

function configOf(preset: string, more: Record<string, unknown> = {}) {
  const { needs } = odbcPresets[preset as keyof typeof odbcPresets]
  const needed = Object.fromEntries(needs.map(field => [field, fields[field]]))
  const dialect = preset === 'dsn' || preset === 'own' ? { dialect: 'ansi' } : {}
  return odbcConfigSchema.parse({
    preset,
    ...needed,
    ...dialect,
    user: 'lecteur',
    password: 'Secret-77',
    ...more,
  })
}

test('every preset makes a connection string from the fields it needs, with the login at the end', t => {
  const strings = odbcPresetNames.map(preset => connectionString(configOf(preset), false))
  for (const text of strings) t.regex(text, /;UID=lecteur;PWD=Secret-77$/)
  t.is(
    strings[0],
    'Driver=IBM INFORMIX ODBC DRIVER;Host=db.example;Service=9088;Server=ol_assur;Protocol=onsoctcp;Database=assur;CLIENT_LOCALE=en_US.utf8;DELIMIDENT=y;UID=lecteur;PWD=Secret-77',
  )
  t.is(
    strings[1],
    'Driver=FreeTDS;Server=db.example;Port=5000;Database=assur;TDS_Version=5.0;ClientCharset=UTF-8;UID=lecteur;PWD=Secret-77',
  )
  const windows = connectionString(configOf('access-windows', { user: '', password: '' }), false)
  t.is(windows, 'Driver={Microsoft Access Driver (*.mdb, *.accdb)};DBQ=/data/contrats.mdb;ReadOnly=1')
  t.regex(connectionString(configOf('access-windows'), true), /ReadOnly=0/)
})

test('options of the source come after those of the preset and win', t => {
  const config = configOf('informix', { options: { CLIENT_LOCALE: 'fr_fr.8859-1', DB_LOCALE: 'fr_fr.819' } })
  const text = connectionString(config, false)
  t.regex(text, /CLIENT_LOCALE=fr_fr\.8859-1.*DB_LOCALE=fr_fr\.819/)
  t.notRegex(text, /utf8/)
})

test('settings that name another login, a missing field or a field of another preset are refused', t => {
  const refused: Record<string, unknown>[] = [
    { preset: 'informix', host: 'db.example', database: 'assur' },
    { preset: 'sqlite', file: 'relative.db' },
    { preset: 'sqlite', file: '/data/a.db', host: 'db.example' },
    { preset: 'own', dialect: 'ansi', connectionString: 'Driver=X;PWD=visible' },
    { preset: 'own', dialect: 'ansi', connectionString: 'Driver={a;b};Password = {visible}' },
    { preset: 'own', dialect: 'ansi', connectionString: 'Driver=X;Server=a\nb' },
    { preset: 'dsn', dsn: 'A', dialect: 'ansi', options: { Pwd: 'visible' } },
    { preset: 'dsn', dsn: 'A', dialect: 'ansi', options: { 'x;UID': 'y' } },
    { preset: 'dsn', dsn: 'A', dialect: 'ansi', environment: { LD_PRELOAD: '/opt/x.so' } },
    { preset: 'dsn', dsn: 'A', dialect: 'ansi', environment: { NODE_OPTIONS: '--require x' } },
    { preset: 'dsn', dsn: 'A', dialect: 'ansi', driver: '../x.so' },
    { preset: 'dsn', dsn: 'A', dialect: 'ansi', password: 'a\0b' },
    { preset: 'dsn', dsn: 'A', dialect: 'mysql', writesParameters: true },
    { preset: 'postgres', host: 'a', database: 'b', dialect: 'ansi' },
    { preset: 'postgres', host: 'a;PWD=b', database: 'b' },
    { preset: 'nosuch' },
    { preset: 'dsn', dsn: 'A' },
    { preset: 'own', connectionString: 'Driver=X' },
  ]
  for (const config of refused) t.false(odbcConfigSchema.safeParse(config).success, JSON.stringify(config))
  t.true(
    odbcConfigSchema.safeParse({
      preset: 'own',
      dialect: 'ansi',
      connectionString: 'Driver={a=PWD};Server=b',
    }).success,
  )
  t.true(
    odbcConfigSchema.safeParse({
      preset: 'dsn',
      dsn: 'A',
      dialect: 'ansi',
      environment: { INFORMIXDIR: '/opt/i' },
    }).success,
  )
})

test('a server behind an own connection string is read by the dialect that its settings name, and told so', t => {
  const { error } = odbcConfigSchema.safeParse({ preset: 'dsn', dsn: 'A' })
  t.deepEqual(error?.issues[0]?.path, ['dialect'])
  t.regex(
    error?.issues[0]?.message ?? '',
    /preset dsn needs it: postgres, mysql, .* or for another server ansi/,
  )
  t.deepEqual(presetOf(configOf('dsn', { dialect: 'postgres' })).session, odbcPresets.postgres.session)
  t.deepEqual(
    presetOf(configOf('own', { dialect: 'postgres' })).readSession,
    odbcPresets.postgres.readSession,
  )
  t.regex(presetOf(configOf('own', { dialect: 'mysql' })).session.join(), /sql_mode = ''/)
  t.deepEqual(presetOf(configOf('own')).session, [])
})

/** As the ODBC programmer's reference says that a driver manager reads it. */
function readBack(text: string): Record<string, string> {
  const pairs = [...text.matchAll(/([^=;]+)=(\{(?:[^}]|\}\})*\}|[^;]*)(?:;|$)/g)]
  return Object.fromEntries(
    pairs.map(([, key = '', value = '']) => {
      const isBraced = value.startsWith('{') && value.endsWith('}')
      return [key, isBraced ? value.slice(1, -1).replaceAll('}}', '}') : value]
    }),
  )
}

test('any password and user come back whole from the connection string, and add no key', t => {
  const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(text, text, (user, password) => {
      fc.pre(odbcConfigSchema.safeParse({ preset: 'dsn', dsn: 'A', dialect: 'ansi', user, password }).success)
      const config = configOf('dsn', { user, password })
      t.deepEqual(readBack(connectionString(config, false)), { DSN: 'ASSUR', UID: user, PWD: password })
    }),
  )
  t.is(quoted('plain word'), 'plain word')
  t.is(quoted('a;b}c'), '{a;b}}c}')
})

test('the absent package is told with what to install', t => {
  const elsewhere = createRequire(join(tempDir(t), 'nowhere.js'))
  const error = t.throws(() => loadOdbcDriver(elsewhere), { code: odbcAbsent })
  const explained = explainOdbc(error, 'Informix db.example', odbcPresets.informix)
  t.is(explained.code, 'source-unreachable')
  for (const words of ['npm install --no-save odbc@2.6.0', 'approve-scripts', 'unixodbc', 'Windows']) {
    t.true(explained.message.includes(words), words)
  }
})

test('diagnostic records become one sentence with the SQLSTATE, without the password', t => {
  const failed = (...records: [state: string, message: string][]) =>
    odbcFailure(
      Object.assign(new Error('[odbc] Error connecting to the database'), {
        odbcErrors: records.map(([state, message]) => ({ state, message, code: 0 })),
      }),
      'Secret}77',
    )
  const meaning = (...records: [string, string][]) => {
    const error = explainOdbc(failed(...records), 'Sybase db.example:5000', odbcPresets.sybase)
    t.true(error instanceof SourceError)
    t.false(error.message.includes('Secret'), error.message)
    return error.code
  }
  t.is(
    meaning(['01000', 'changed database'], ['28000', 'Login failed, PWD={Secret}}77}']),
    'source-login-refused',
  )
  t.is(meaning(['08001', 'cannot connect with Secret}77']), 'source-unreachable')
  t.is(meaning(['08S01', 'gone']), 'source-unreachable')
  t.is(meaning(['42S02', 'no table']), 'source-query-failed')
  t.is(meaning(['HYT00', 'late']), 'source-timeout')
  t.is(meaning(['IM002', 'no such data source']), 'source-unreachable')
  t.is(meaning(['01000', "Can't open lib 'FreeTDS' : file not found"]), 'source-unreachable')
  t.is(meaning(), 'source-unreachable')
  t.regex(explainOdbc(failed(['IM002', 'x']), 'Sybase', odbcPresets.sybase).message, /tdsodbc/)
  t.is(withoutPassword('PWD=a;x', 'a'), 'PWD=***;x')
})

test('decimals within 15 digits are the digits that they were, wider ones are an error', t => {
  const column = { name: 'premium', dataTypeName: 'SQL_DECIMAL', columnSize: 15, decimalDigits: 2 }
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 15n) + 1n, max: 10n ** 15n - 1n }), cents => {
      const digits = String(cents < 0n ? -cents : cents).padStart(3, '0')
      const text = `${cents < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
      t.is(decimalText(Number(text), column), text)
    }),
  )
  t.throws(() => decimalText(Number('12345678901234567.89'), column), {
    message: /premium.*CAST\(premium AS VARCHAR/,
  })
  t.throws(() => decimalText(Number.NaN, column))
  t.is(decimalText(0.123456789, { ...column, decimalDigits: 6 }), '0.123456789')
})

test('bytes that a driver took for Latin letters are read as the source says', t => {
  const column = { name: 'nom', dataTypeName: 'SQL_VARCHAR', columnSize: 40, decimalDigits: 0 }
  const read = (text: string, encoding: 'utf8' | 'cp1252' | 'cp850') =>
    odbcConverter(column, encoding, undefined)(text)
  t.is(read('N\u0092Guessan \u0080', 'cp1252'), 'N’Guessan €')
  t.is(read('Zo\u0082', 'cp850'), 'Zoé')
  t.is(read('ZoÃ©', 'cp1252'), 'Zoé')
  t.is(read('N’Guessan é', 'cp1252'), 'N’Guessan é')
  t.is(read('Zoé', 'utf8'), 'Zoé')
})

test('wide decimals are asked for as text where the server can, and not where an ORDER BY would be lost', t => {
  const declared = [
    { name: 'id', dataTypeName: 'SQL_INTEGER', columnSize: 10, decimalDigits: 0 },
    { name: 'premium', dataTypeName: 'SQL_DECIMAL', columnSize: 19, decimalDigits: 4 },
  ]
  const rewritten = (sql: string, dialect: 'mssql' | 'postgres' | 'db2' | 'ansi') =>
    rewriteStatement(sql, declared, { dialect, encoding: 'utf8' })?.statement
  t.is(
    rewritten('SELECT id, premium FROM c', 'mssql'),
    'SELECT c0, CAST(CAST(c1 AS DECIMAL(19, 4)) AS VARCHAR(60)) AS c1 FROM (SELECT id, premium FROM c\n) AS asked(c0, c1)',
  )
  t.is(rewritten('SELECT id, premium FROM c ORDER BY id', 'db2'), undefined)
  t.truthy(rewritten('SELECT id, premium FROM c ORDER BY id', 'postgres'))
  t.truthy(rewritten('SELECT id, (SELECT max(p) FROM d ORDER BY 1) FROM c', 'db2'))
  t.is(rewritten('SELECT id, premium FROM c', 'ansi'), undefined)
})

test('a value written into a statement is one literal, whatever it holds', t => {
  const write = (values: (string | number | null)[], parameters: 'bound' | 'written') =>
    writeValues("SELECT a FROM t WHERE b = '?' AND c = ? AND d = ?", values, { dialect: 'mssql', parameters })
  t.deepEqual(write(["O'Brien", -3], 'written'), {
    text: "SELECT a FROM t WHERE b = '?' AND c = 'O''Brien' AND d = (-3)",
    bound: [],
  })
  t.deepEqual(write(["O'Brien", null], 'bound'), {
    text: "SELECT a FROM t WHERE b = '?' AND c = ? AND d = NULL",
    bound: ["O'Brien"],
  })
  t.throws(() => write(['a'], 'written'), { message: /2 places for 1 values/ })
  for (const value of ['a\\', 'a\n', '\u2019 OR 1=1', 'a\0', '{fn x}', 'x'.repeat(2_001)]) {
    t.throws(() => write([value, 1], 'written'), undefined, value)
  }
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), value => {
      let text: string
      try {
        text = writeValues('SELECT 1 FROM t WHERE a = ? -- ?', [value], {
          dialect: 'mssql',
          parameters: 'written',
        }).text
      } catch {
        return
      }
      const cut = tokenizeSql(text, 'mssql')
      t.is(cut.kind === 'tokens' ? cut.tokens.length : 0, 8)
      t.is(cut.kind === 'tokens' ? cut.tokens.at(-1)?.kind : '', 'string')
    }),
  )
})

test('the statement of every preset of ours passes its own guard', t => {
  for (const name of odbcPresetNames) {
    const { probe, rights, dialect }: OdbcPreset = odbcPresets[name]
    const statements = [probe, typeof rights === 'object' ? rights.sql : undefined]
    for (const sql of statements.filter(one => one !== undefined)) {
      t.is(checkSelect(sql, dialect, { placeholders: 'odbc' }).kind, 'select', `${name}: ${sql}`)
    }
  }
})

test('through ODBC the escapes of the driver are refused and parameters become question marks', t => {
  const odbc = { placeholders: 'odbc' } as const
  t.deepEqual(checkSelect('SELECT a FROM t WHERE b = :x OR c = :x', 'postgres', odbc), {
    kind: 'select',
    statement: 'SELECT a FROM t WHERE b = ? OR c = ?',
    parameterNames: ['x', 'x'],
  })
  for (const sql of ['SELECT {fn now()} AS n', 'SELECT 1 FROM {oj a LEFT OUTER JOIN b ON 1=1}']) {
    t.like(checkSelect(sql, 'sqlite', odbc), { kind: 'refused', reason: 'unreadable-quoting' })
  }
  t.is(checkSelect("SELECT '{fn x}' AS n", 'ansi', odbc).kind, 'select')
  for (const sql of [
    'SELECT :n.DELETE FROM t',
    'SELECT 1 FROM t WHERE a = E:n',
    "SELECT :n'x'",
    'SELECT 1:n',
  ]) {
    t.like(checkSelect(sql, 'informix', odbc), { kind: 'refused', reason: 'unreadable-quoting' }, sql)
  }
  t.is(checkUpdate('UPDATE t SET a = 1 WHERE k = :k.SHUTDOWN', 'mssql', odbc).kind, 'refused')
  t.is(checkSelect('SELECT a FROM t WHERE b IN (:x,:y) AND c>=:z+1', 'informix', odbc).kind, 'select')
})
