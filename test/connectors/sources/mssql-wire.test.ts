/** What SQL Server does beside the contract, up to the wire: the TDS responder stands for it. */
import { createHmac } from 'node:crypto'
import test from 'ava'
import type { SourceErrorCode, SourceValue } from '../../../connectors/source.ts'
import type { TdsAnswer, TdsOptions } from '../../support/tds/answers.ts'
import type { TdsColumn, TdsValue } from '../../support/tds/columns.ts'
import { startTdsServer } from '../../support/tds/server.ts'
import { collect, failureOf, openFixture } from './contract-fixture.ts'
import { configOf, tdsCertificate } from './mssql-fixture.ts'

process.env.TZ = 'Pacific/Auckland'

const kind = { kind: 'mssql' } as const
const one = { sql: 'SELECT 1 AS one' }
const oneRow: TdsAnswer = { columns: [{ name: 'one', type: 'int' }], rows: [[1]] }
/** Answers a query, and what only sets the session with nothing. */
const only = (answer: TdsAnswer): NonNullable<TdsOptions['answer']> => {
  return ({ sql }) => (/^\s*(?:set|begin)\b/i.test(sql) ? undefined : answer)
}

const types: [type: string, value: TdsValue, expected: SourceValue][] = [
  ['bit', true, true],
  ['bit not null', false, false],
  ['tinyint', 255, 255],
  ['smallint', -32_768, -32_768],
  ['int', -1, -1],
  ['int not null', 42, 42],
  ['bigint', '9007199254740993', '9007199254740993'],
  ['bigint', '-9223372036854775808', '-9223372036854775808'],
  ['bigint not null', '17', 17],
  ['real', 0.1, 0.1],
  ['float', 1e300, 1e300],
  ['smallmoney', '-214748.3648', '-214748.3648'],
  ['money', '922337203685477.5807', '922337203685477.5807'],
  ['money not null', '0.0001', '0.0001'],
  ['decimal(18,2)', '1234567890123456.78', '1234567890123456.78'],
  ['numeric(38,10)', '-1234567890123456789012345678.0123456789', '-1234567890123456789012345678.0123456789'],
  ['smalldatetime', '2027-03-28 02:30:00', '2027-03-28 02:30:00'],
  ['datetime', '1899-12-31 23:59:59.997', '1899-12-31 23:59:59.997'],
  ['datetime not null', '2027-01-01 00:00:00', '2027-01-01 00:00:00'],
  ['date', '2027-01-01', '2027-01-01'],
  ['time(7)', '23:59:59.1234567', '23:59:59.1234567'],
  ['time(0)', '08:00:00', '08:00:00'],
  ['datetime2(7)', '0001-01-01 00:00:00.0000001', '0001-01-01 00:00:00.0000001'],
  ['datetime2(3)', '9999-12-31 23:59:59.999', '9999-12-31 23:59:59.999'],
  ['datetimeoffset(0)', '2027-01-01 00:30:00 +01:00', '2027-01-01 00:30:00 +01:00'],
  ['uniqueidentifier', '01234567-89AB-CDEF-0123-456789ABCDEF', '01234567-89AB-CDEF-0123-456789ABCDEF'],
  ['char(6)', 'AB', 'AB'],
  ['varchar(40)', 'N’Guessan œ €', 'N’Guessan œ €'],
  ['varchar(max)', 'é'.repeat(20_000), 'é'.repeat(20_000)],
  ['nchar(6)', 'Aï', 'Aï'],
  ['nvarchar(40)', 'Ouédraogo 😀', 'Ouédraogo 😀'],
  ['nvarchar(max)', '', ''],
  ['text', 'Zoé', 'Zoé'],
  ['ntext', 'Zoé 😀', 'Zoé 😀'],
  ['xml', '<a>é</a>', '<a>é</a>'],
  ['binary(3)', Buffer.from([1, 2]), new Uint8Array([1, 2, 0])],
  ['varbinary(8)', Buffer.from([0, 255]), new Uint8Array([0, 255])],
  ['varbinary(max)', Buffer.alloc(9_000, 7), new Uint8Array(9_000).fill(7)],
  ['image', Buffer.from([9]), new Uint8Array([9])],
  ['sql_variant', 'Koné', 'Koné'],
  ['sql_variant', 7, 7],
]
const typeColumns: TdsColumn[] = types.map(([type], index) => ({ name: `c${index}`, type }))
const typeNulls = types.map(([type, value]) => (type.endsWith('not null') ? value : null))
const collated: TdsColumn[] = [
  { name: 'dos', type: 'varchar(9)', collation: 'cp850' },
  { name: 'utf', type: 'varchar(9)', collation: 'utf8' },
]

for (const version of ['auto', '7.1', '7.2', '7.3A', '7.3B', '7.4']) {
  test(`mssql: every type is read as the database holds it, with version ${version} of the protocol`, async t => {
    const server = await startTdsServer(t, {
      answer: only({
        columns: [...typeColumns, ...collated],
        rows: [
          [...types.map(([, value]) => value), 'Zoé Ç', 'Aïcha'],
          [...typeNulls, null, null],
        ],
        isCompressed: version === '7.3B' || version === '7.4',
      }),
    })
    const source = openFixture(t, kind, configOf(server), { tdsVersion: version })
    const [row, nulls] = await collect(source.read({ sql: 'SELECT * FROM every_type' }))
    const expected = types.map(([, , value], index) => [`c${index}`, value])
    t.deepEqual(row, { ...Object.fromEntries(expected), dos: 'Zoé Ç', utf: 'Aïcha' })
    const empty = types.map(([type, , value], index) => [
      `c${index}`,
      type.endsWith('not null') ? value : null,
    ])
    t.deepEqual(nulls, { ...Object.fromEntries(empty), dos: null, utf: null })
  })
}

test('mssql: a server of 2008 is spoken to in its own version', async t => {
  const server = await startTdsServer(t, { tdsVersion: 0x730a0003, answer: only(oneRow) })
  t.deepEqual(await collect(openFixture(t, kind, configOf(server)).read(one)), [{ one: 1 }])
  t.is(server.logins[0]?.tdsVersion, 0x74000004)
})

test('mssql: padding stays when the settings say so', async t => {
  const answer = only({ columns: [{ name: 'code', type: 'char(4)' }], rows: [['AB']] })
  const server = await startTdsServer(t, { answer })
  const source = openFixture(t, kind, configOf(server), { trimPadding: false })
  t.deepEqual(await collect(source.read(one)), [{ code: 'AB  ' }])
})

test('mssql: parameters arrive as values with their types', async t => {
  const server = await startTdsServer(t, { answer: only(oneRow) })
  const sql = 'SELECT :a AS a, :b AS b, :c AS c, :d AS d, :statement AS e, :long AS f'
  const long = 'é'.repeat(5_000)
  const params = { a: "x' --", b: 17, c: 1.5, d: null, statement: 9_007_199_254_740_991, long }
  await collect(openFixture(t, kind, configOf(server)).read({ sql, params }))
  t.deepEqual(server.statements.at(-1), {
    sql: 'SELECT @p1 AS a, @p2 AS b, @p3 AS c, @p4 AS d, @p5 AS e, @p6 AS f',
    params: { p1: "x' --", p2: 17n, p3: 1.5, p4: null, p5: 9_007_199_254_740_991n, p6: long },
    isCall: true,
  })
})

test('mssql: a read says who it is and runs in a transaction that nobody commits', async t => {
  const server = await startTdsServer(t, { answer: only(oneRow) })
  const source = openFixture(t, kind, configOf(server), { readOnlyIntent: true, timeoutMs: 7_000 })
  await collect(source.read(one))
  const [login] = server.logins
  t.deepEqual([login?.application, login?.database, login?.isReadOnlyIntent], ['rappel', 'assur', true])
  const sent = server.statements.map(({ sql }) => sql)
  t.true(sent.some(sql => /SET LOCK_TIMEOUT 7000;.*BEGIN TRANSACTION/s.test(sql)))
  t.false(sent.some(sql => sql.includes('COMMIT')))
  t.true(sent.some(sql => /set quoted_identifier on/i.test(sql) && /set dateformat ymd/i.test(sql)))
})

test('mssql: a reader that waits keeps the server waiting', async t => {
  function* rows(): Generator<TdsValue[]> {
    for (let n = 1; ; n += 1) yield [n, 'x'.repeat(2_000)]
  }
  const columns = [
    { name: 'n', type: 'int' },
    { name: 'pad', type: 'varchar(2000)' },
  ]
  const server = await startTdsServer(t, { answer: only({ columns, rows: rows() }) })
  const source = openFixture(t, kind, configOf(server))
  const reading = source.read({ sql: 'SELECT n, pad FROM endless' })[Symbol.asyncIterator]()
  t.like(await reading.next(), { value: { n: 1 } })
  // Until the sockets are full; a server that were not held would go on for ever.
  let before = -1
  for (let quiet = 0; quiet < 50; quiet = server.rowsSent === before ? quiet + 1 : 0) {
    before = server.rowsSent
    for (let turn = 0; turn < 20; turn += 1) await new Promise(resolve => setImmediate(resolve))
  }
  t.true(server.rowsSent < 10_000, `${server.rowsSent} rows of 2,000 bytes were sent for one that was read`)
  await reading.return?.(undefined)
  while (server.stopped === 0) await new Promise(resolve => setImmediate(resolve))
  t.is(server.running, 0)
})

const failures: [code: SourceErrorCode, number: number, advice: RegExp][] = [
  ['source-query-failed', 229, /Grant SELECT/],
  ['source-query-failed', 1205, /next run reads again/],
  ['source-query-failed', 245, /Correct the query/],
  ['source-timeout', 1222, /holds locks/],
  ['source-unreachable', 6005, /ended the connection/],
]
for (const [code, number, advice] of failures) {
  test(`mssql: error ${number} is ${code}, with the words of the server and what to do`, async t => {
    const error = { number, message: 'in the words of the server' }
    const answer = only({ columns: [{ name: 'n', type: 'int' }], rows: [[1], [2]], error })
    const server = await startTdsServer(t, { answer })
    const failure = await failureOf(t, openFixture(t, kind, configOf(server)).read(one))
    t.is(failure.error.code, code)
    t.regex(failure.error.message, /in the words of the server/)
    t.regex(failure.error.message, advice)
    t.true(failure.error.message.includes(`${server.host}:${server.port}/assur as lecteur`))
    t.is(failure.before.length, 2)
  })
}

test('mssql: a database that is not there is told as such', async t => {
  const server = await startTdsServer(t)
  const source = openFixture(t, kind, configOf(server), { database: 'assurances' })
  const { error } = await failureOf(t, source.read(one))
  t.is(error.code, 'source-login-refused')
  t.regex(error.message, /Cannot open database "assurances".*name of the database/)
  t.is((await source.test()).at(-1)?.step, 'login')
})

test('mssql: an account with SELECT on nothing fails the last step', async t => {
  const columns = [{ name: '', type: 'int' }]
  const server = await startTdsServer(t, { answer: only({ columns, rows: [[0]] }) })
  const last = (await openFixture(t, kind, configOf(server)).test()).at(-1)
  t.is(`${last?.step} ${last?.outcome}`, 'select failed')
  t.regex(last?.detail ?? '', /Grant SELECT/)
})

test('mssql: a Windows account logs in by NTLM, and not with a wrong password', async t => {
  // MS-NLMP 4.2.2.1.2: the NT hash of "Password".
  const hash = Buffer.from('a4f49c406510bdcab6824ee7c30fd852', 'hex')
  const nonce = Buffer.from('0123456789abcdef', 'hex')
  const target = Buffer.from('02000a004100530053005500520000000000', 'hex')
  const challenge = Buffer.concat([
    Buffer.from('NTLMSSP\0\x02\0\0\0\x0a\0\x0a\0\x38\0\0\0\x05\x82\x89\x02', 'latin1'),
    nonce,
    Buffer.alloc(8),
    Buffer.from([target.length, 0, target.length, 0, 0x42, 0, 0, 0]),
    Buffer.alloc(8),
    Buffer.from('ASSUR', 'utf16le'),
    target,
  ])
  const key = createHmac('md5', hash).update(Buffer.from('USERASSUR', 'utf16le')).digest()
  const accepts = (message: Buffer): boolean => {
    const start = message.readUInt32LE(24)
    const proof = message.subarray(start, start + 16)
    const blob = message.subarray(start + 16)
    return createHmac('md5', key)
      .update(Buffer.concat([nonce, blob]))
      .digest()
      .equals(proof)
  }
  const server = await startTdsServer(t, { ntlm: { challenge, accepts }, answer: only(oneRow) })
  const account = { domain: 'ASSUR', user: 'User', password: 'Password' }
  const source = openFixture(t, kind, configOf(server), account)
  t.deepEqual(await collect(source.read(one)), [{ one: 1 }])
  const wrong = openFixture(t, kind, configOf(server), { ...account, password: 'password' })
  const { error } = await failureOf(t, wrong.read(one))
  t.is(error.code, 'source-login-refused')
  t.regex(error.message, /as ASSUR\\User/)
})

test('mssql: a server that wants TLS and a source that does not are told apart', async t => {
  const tls = await tdsCertificate(t)
  const server = await startTdsServer(t, { tls, requiresTls: true, answer: only(oneRow) })
  const { error } = await failureOf(t, openFixture(t, kind, configOf(server)).read(one))
  t.is(error.code, 'source-unreachable')
  t.regex(error.message, /TLS mode of the source to require/)
  const steps = await openFixture(t, kind, configOf(server)).test()
  t.deepEqual(
    steps.map(({ step, outcome }) => `${step} ${outcome}`),
    ['resolve ok', 'connect ok', 'login failed'],
  )
  const encrypted = openFixture(t, kind, configOf(server), { tls: { mode: 'require' } })
  t.deepEqual(await collect(encrypted.read(one)), [{ one: 1 }])
})

test('mssql: where TLS is required the login is not sent to a server without it', async t => {
  const server = await startTdsServer(t, { answer: only(oneRow) })
  const source = openFixture(t, kind, configOf(server), { tls: { mode: 'require' } })
  const { error } = await failureOf(t, source.read(one))
  t.is(error.code, 'source-unreachable')
  t.regex(error.message, /offers no TLS/)
  t.deepEqual(server.logins, [])
  t.deepEqual(
    (await source.test()).map(({ step, outcome }) => `${step} ${outcome}`),
    ['resolve ok', 'connect ok', 'tls failed'],
  )
})

test('mssql: a server with TLS 1.0 only is refused with the way out, and read with a warning when allowed', async t => {
  const { caPem: _, ...certificate } = await tdsCertificate(t)
  const server = await startTdsServer(t, {
    tls: { ...certificate, version: 'TLSv1' },
    answer: only(oneRow),
  })
  const strict = openFixture(t, kind, configOf(server), { tls: { mode: 'require' } })
  const { error } = await failureOf(t, strict.read(one))
  t.is(error.code, 'source-unreachable')
  t.regex(error.message, /allowOldTls/)
  t.is((await strict.test()).at(-1)?.step, 'tls')

  const allowed = openFixture(t, kind, configOf(server), { tls: { mode: 'require' }, allowOldTls: true })
  t.deepEqual(await collect(allowed.read(one)), [{ one: 1 }])
  const step = (await allowed.test()).find(({ step }) => step === 'tls')
  t.is(step?.outcome, 'warning')
  t.regex(step?.detail ?? '', /TLSv1, which can be broken/)
})

test('mssql: allowOldTls that is not needed is warned of', async t => {
  const server = await startTdsServer(t, { tls: await tdsCertificate(t), answer: only(oneRow) })
  const source = openFixture(t, kind, configOf(server), { tls: { mode: 'require' }, allowOldTls: true })
  const step = (await source.test()).find(({ step }) => step === 'tls')
  t.regex(`${step?.outcome} ${step?.detail}`, /^warning .*TLSv1\.2: allowOldTls only weakens/)
})

test('mssql: TDS 8.0 encrypts from the first byte and verifies', async t => {
  const { caPem, ...certificate } = await tdsCertificate(t)
  const server = await startTdsServer(t, { tls: { ...certificate, isStrict: true }, answer: only(oneRow) })
  const config = { ...configOf(server), host: 'localhost' }
  const source = openFixture(t, kind, config, { tls: { mode: 'strict', caPem } })
  t.deepEqual(await collect(source.read(one)), [{ one: 1 }])
  const stranger = openFixture(t, kind, config, { tls: { mode: 'strict' } })
  const { error } = await failureOf(t, stranger.read(one))
  t.is(error.code, 'source-unreachable')
  t.regex(error.message, /certificate/)
})

const hostile: [string, Buffer][] = [
  ['an unknown token', Buffer.from([0x00])],
  ['a row before its columns', Buffer.from([0xd1, 1, 2, 3])],
  ['a column of an unknown type', Buffer.from([0x81, 1, 0, 0, 0, 0, 0, 0, 0, 0xee, 0])],
  ['a token of the login', Buffer.from([0xed, 2, 0, 1, 1])],
  [
    'a value that goes on for ever',
    Buffer.from('810100000000000900e7ffff0904d0003401780 0d1'.replace(' ', ''), 'hex'),
  ],
  ['columns without an end', Buffer.from([0x81, 0xff, 0xff, 1])],
  ['nothing', Buffer.alloc(0)],
]
for (const [what, raw] of hostile) {
  test(`mssql: ${what} in an answer is an error of the source`, async t => {
    const server = await startTdsServer(t, { answer: only({ raw }) })
    const source = openFixture(t, kind, configOf(server), { timeoutMs: 1_500 })
    const { error } = await failureOf(t, source.read(one))
    t.regex(error.code, /^source-(?:unreachable|timeout|query-failed)$/)
  })
}

test('mssql: random bytes in the place of an answer never end this process', async t => {
  let seed = 7
  const random = (): number => {
    seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff
    return seed >> 16
  }
  const tokens = [0x81, 0xd1, 0xd2, 0xaa, 0xab, 0xad, 0xe3, 0xfd, 0xfe, 0xff, 0x79, 0xa9, 0xed, 0xae]
  const server = await startTdsServer(t, {
    answer: only({ raw: Buffer.alloc(0) }),
  })
  const config = configOf(server)
  for (let round = 0; round < 40; round += 1) {
    const raw = Buffer.from(Array.from({ length: random() % 60 }, () => random() & 0xff))
    if (raw.length > 0) raw[0] = tokens[random() % tokens.length]!
    const peer = await startTdsServer(t, { answer: only({ raw }) })
    const source = openFixture(t, kind, { ...config, port: peer.port }, { timeoutMs: 1_000 })
    await collect(source.read(one)).catch(error => t.regex(String(error.code), /^source-/))
    await peer.stop()
  }
  t.pass()
})

test('mssql: a row above four megabytes is refused instead of held', async t => {
  const columns = [{ name: 'document', type: 'varchar(max)' }]
  const rows = [[Buffer.alloc(5 * 2 ** 20, 0x61)]]
  const server = await startTdsServer(t, { answer: only({ columns, rows }) })
  const { error } = await failureOf(t, openFixture(t, kind, configOf(server)).read(one))
  t.is(error.code, 'source-query-failed')
  t.regex(error.message, /4194304 are the limit\. Leave its largest column out/)
})

test('mssql: settings that contradict each other are refused', t => {
  const config = { host: 'db.invalid', database: 'assur', user: 'lecteur' }
  const wrong: [Record<string, unknown>, RegExp][] = [
    [{ port: 1433, instanceName: 'ASSUR' }, /either a port or the name/],
    [{ instanceName: 'SRV\\ASSUR' }, /without the host/],
    [{ host: '10.0.0.7', tls: { mode: 'verify' } }, /host name/],
    [{ host: '10.0.0.7', tls: { mode: 'strict' } }, /host name/],
    [{ tls: { mode: 'off' }, allowOldTls: true }, /only with the TLS modes/],
    [{ tls: { mode: 'strict' }, allowOldTls: true }, /only with the TLS modes/],
    [{ tdsVersion: '8.0' }, /Invalid/],
    [{ timeZone: 'UTC' }, /timeZone/],
  ]
  for (const [more, message] of wrong)
    t.throws(() => openFixture(t, kind, { ...config, ...more }), { message })
  t.notThrows(() => openFixture(t, kind, { ...config, instanceName: 'ASSUR' }))
})
