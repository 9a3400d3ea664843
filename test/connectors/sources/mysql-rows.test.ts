/** Rows of MariaDB as the driver receives them, whatever is in them and whatever the network makes of them. */
import { type AddressInfo, connect as connectSocket, createServer, type Socket } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import mysql from 'mysql2/promise'
import type { SourceRow } from '../../../connectors/source.ts'
import { createDatabase, mariadbAvailable, startMariadb } from '../../support/mariadb.ts'
import { collect, failureOf, openFixture } from './contract-fixture.ts'

const serverTest = mariadbAvailable() ? test : test.skip

async function database(t: ExecutionContext) {
  const { host, port, user, password, database } = await createDatabase(t)
  const config = { host, port, user, password, database }
  const connection = await mysql.createConnection({ ...config, charset: 'utf8mb4' })
  t.teardown(() => connection.end())
  const execute = async (sql: string) => (await connection.query(sql))[0] as Record<string, unknown>[]
  const sourceOf = (more: object = {}) => openFixture(t, { kind: 'mysql' }, config, { ...more })
  return { config, execute, sourceOf }
}

serverTest(
  'values of every type are as the server itself writes them, and so are NULLs of every type',
  async t => {
    const { execute, sourceOf } = await database(t)
    const columns: Record<string, [type: string, ...values: string[]]> = {
      time: ['TIME', "'-26:03:04'", "'838:59:59'", "'00:00:00'"],
      exactly: ['TIME(6)', "'-838:59:59.123456'", "'-00:00:00.000001'", "'00:00:00.654321'"],
      year: ['YEAR', '2027', '1901', '2155'],
      wide: [
        'DECIMAL(65,30)',
        "'12345678901234567890123456789012345.123456789012345678901234567890'",
        "'-0.1'",
        '0',
      ],
      atMost: ['BIGINT UNSIGNED', '18446744073709551615', '9007199254740992', '0'],
      atLeast: ['BIGINT', '-9223372036854775808', '-9007199254740992', '-1'],
      medium: ['MEDIUMINT UNSIGNED', '16777215', '0', '1'],
      small: ['SMALLINT', '-32768', '32767', '0'],
      tiny: ['TINYINT(1)', '-128', '2', '127'],
      choice: ["ENUM('payé', 'impayé')", "'payé'", "'impayé'", "'payé'"],
      several: ["SET('a', 'œ', 'ç')", "'a,ç'", "''", "'a,œ,ç'"],
      day: ['DATE', "'2027-02-31'", "'0000-00-00'", "'2028-02-29'"],
      at: [
        'DATETIME(3)',
        "'9999-12-31 23:59:59.999'",
        "'1000-01-01 00:00:00.001'",
        "'2027-03-28 02:30:00.500'",
      ],
      name: ['VARCHAR(20) CHARACTER SET latin1', "'Zoé œ ’ €'", "''", "'N’Guessan'"],
      greek: ['VARCHAR(20) CHARACTER SET greek', "'Αθήνα'", "''", "'ω'"],
      wideText: ['VARCHAR(20) CHARACTER SET ucs2', "'Zoé'", "''", "'œ'"],
      emoji: ['TEXT', "'😀 Aïcha'", "''", "'x'"],
      uuid: [
        'UUID',
        "'123e4567-e89b-12d3-a456-426655440000'",
        'NULL',
        "'00000000-0000-0000-0000-000000000000'",
      ],
      address: ['INET6', "'::1'", 'NULL', "'2001:db8::ff00'"],
    }
    const names = Object.keys(columns)
    await execute("SET SESSION sql_mode = 'ALLOW_INVALID_DATES'")
    await execute(
      `CREATE TABLE odd (id INT, ${names.map(name => `${name} ${columns[name]![0]} NULL`).join(', ')})`,
    )
    for (const place of [1, 2, 3]) {
      await execute(
        `INSERT INTO odd VALUES (${place}, ${names.map(name => columns[name]![place]).join(', ')})`,
      )
    }
    await execute('INSERT INTO odd (id) VALUES (4)')
    const asText = `SELECT id, ${names.map(name => `CAST(${name} AS CHAR) AS ${name}`).join(', ')} FROM odd ORDER BY id`
    const written = (await execute(asText)).map(row => ({ ...row }))
    for (const encoding of ['utf8', 'cp1252']) {
      const read = await collect(sourceOf({ encoding }).read({ sql: 'SELECT * FROM odd ORDER BY id' }))
      const spelt = read.map(row =>
        Object.fromEntries(Object.entries(row).map(([name, value]) => [name, textOf(value)])),
      )
      // What the setting is for: letters of a code page that the column does not declare.
      const told =
        encoding === 'utf8' ? written : written.map((row, at) => ({ ...row, greek: spelt[at]?.greek }))
      t.deepEqual(
        spelt,
        told.map(row => ({ ...row, id: String((row as SourceRow).id) })),
        encoding,
      )
    }
    t.deepEqual(
      await collect(sourceOf().read({ sql: 'SELECT atMost, atLeast, small FROM odd WHERE id = 2' })),
      [{ atMost: '9007199254740992', atLeast: '-9007199254740992', small: 32_767 }],
    )
  },
)

const textOf = (value: unknown): string | null => (value === null ? null : String(value))

serverTest(
  'a JSON document is the text that the database holds; a value taken out of one is plain',
  async t => {
    const { execute, sourceOf } = await database(t)
    const document = '{"premium": 12345678901234567.10, "id": 12345678901234567890, "rate":1.10}'
    await execute('CREATE TABLE documents (doc JSON)')
    await execute(
      `INSERT INTO documents VALUES ('${document}'), ('"70 00 00 01"'), ('12'), ('1.10000000000000000001'), ('true'), ('null')`,
    )
    for (const encoding of ['utf8', 'cp1252']) {
      t.deepEqual(
        (await collect(sourceOf({ encoding }).read({ sql: 'SELECT doc FROM documents' }))).map(
          ({ doc }) => doc,
        ),
        [document, '70 00 00 01', 12, '1.10000000000000000001', true, null],
        encoding,
      )
    }
  },
)

serverTest('names of columns are read whatever their letters and those of their text', async t => {
  const { execute, sourceOf } = await database(t)
  const long = 'é'.repeat(64)
  await execute(
    `CREATE TABLE assurés (échéance VARCHAR(9) CHARACTER SET latin1, numéro VARCHAR(9) CHARACTER SET ucs2, né INT, \`${long}\` INT)`,
  )
  await execute("INSERT INTO assurés VALUES ('été', 'n° 1', 1, 2)")
  const row = { échéance: 'été', numéro: 'n° 1', né: 1, [long]: 2 }
  for (const encoding of ['utf8', 'cp1252', 'cp850']) {
    const [read] = await collect(sourceOf({ encoding }).read({ sql: 'SELECT * FROM assurés' }))
    t.deepEqual(Object.keys(read!), Object.keys(row), encoding)
    if (encoding !== 'cp850') t.deepEqual(read, row, encoding)
  }
  // More than 250 bytes, whose length is written in another way; MariaDB cuts a longer one.
  const alias = 'ç'.repeat(127)
  t.deepEqual(await collect(sourceOf().read({ sql: `SELECT 1 AS \`${alias}\`` })), [{ [alias]: 1 }])
})

serverTest('a thousand columns, two thirds of them NULL in turn, stay in their places', async t => {
  const { sourceOf } = await database(t)
  const width = 1_000
  const columns = Array.from(
    { length: width },
    (_, at) => `IF((seq + ${at}) % 3 = 0, concat('é', seq, '-', ${at}), NULL) AS c${at}`,
  )
  const rows = await collect(sourceOf().read({ sql: `SELECT seq, ${columns.join(', ')} FROM seq_1_to_600` }))
  t.is(rows.length, 600)
  for (const [index, row] of rows.entries()) {
    const wrong = columns.findIndex(
      (_, at) => row[`c${at}`] !== ((index + 1 + at) % 3 === 0 ? `é${index + 1}-${at}` : null),
    )
    t.is(wrong, -1, `row ${index + 1}`)
  }
})

serverTest('an error in the middle of a result comes after the rows before it', async t => {
  const { sourceOf } = await database(t)
  const sql = `SELECT seq AS n, repeat('x', 100) AS pad,
    IF(seq = 3000, (SELECT two.seq FROM seq_1_to_2 AS two WHERE two.seq + whole.seq > 3000), 1) AS one
    FROM seq_1_to_5000 AS whole`
  const { error, before } = await failureOf(t, sourceOf().read({ sql }))
  t.is(error.code, 'source-query-failed')
  t.regex(error.message, /more than 1 row/)
  t.deepEqual(
    before.map(({ n }) => n),
    Array.from({ length: 2_999 }, (_, index) => index + 1),
  )
})

serverTest('a reader may pause for as long as the read may last: the server waits with it', async t => {
  const { sourceOf } = await database(t)
  const sql = 'SELECT @@session.net_write_timeout AS seconds'
  t.deepEqual(await collect(sourceOf({ timeoutMs: 3_600_000 }).read({ sql })), [{ seconds: 3_601 }])
})

serverTest(
  'a server that takes no more statements is told as busy, and none is left behind by a read',
  async t => {
    const server = await startMariadb(t)
    const { host, port, user, password } = server
    const config = { host, port, user, password, database: server.database }
    const admin = await mysql.createConnection({ ...config })
    t.teardown(() => admin.end())
    const source = openFixture(t, { kind: 'mysql' }, config)
    for (let read = 0; read < 3; read += 1)
      t.is((await collect(source.read({ sql: 'SELECT 1 AS one' }))).length, 1)
    for (let left = 1; left > 0; ) {
      const [rows] = await admin.query("SHOW GLOBAL STATUS LIKE 'Prepared_stmt_count'")
      left = Number((rows as { Value: string }[])[0]?.Value)
    }
    await admin.query('SET GLOBAL max_prepared_stmt_count = 0')
    const { error } = await failureOf(t, source.read({ sql: 'SELECT 1 AS one' }))
    t.is(error.code, 'source-unreachable')
    t.regex(error.message, /max_prepared_stmt_count.*takes no more for now/)
  },
)

serverTest('a read that ends early frees the server at once, however it ends', async t => {
  const { execute, sourceOf } = await database(t)
  const running = async (mark: string): Promise<number> => {
    const [row] = await execute(`SELECT count(*) AS statements FROM information_schema.PROCESSLIST
      WHERE INFO LIKE '%${mark}%' AND ID <> CONNECTION_ID()`)
    return Number(row?.statements)
  }
  const silent = 'SELECT count(a.seq + b.seq) AS n FROM seq_1_to_100000 AS a, seq_1_to_1000000 AS b'
  const long = (mark: string) =>
    `SELECT seq AS n, repeat('x', 300) AS pad, '${mark}' AS mark FROM seq_1_to_1000000`
  const ways: Record<string, (mark: string) => Promise<unknown>> = {
    'by itself': async mark => {
      for await (const _ of sourceOf().read({ sql: long(mark) })) break
    },
    'by the row cap': mark => failureOf(t, sourceOf().read({ sql: long(mark), maxRows: 700 })),
    'by a row too large': mark =>
      failureOf(
        t,
        sourceOf().read({
          sql: `SELECT repeat('x', if(seq = 700, 5000000, 300)) AS pad, '${mark}' AS mark FROM seq_1_to_1000000`,
        }),
      ),
    'by the signal': async mark => {
      const stop = new AbortController()
      const reading = async (): Promise<void> => {
        for await (const _ of sourceOf().read({ sql: long(mark) }, stop.signal)) stop.abort()
      }
      await t.throwsAsync(reading)
    },
    'before its first row': async mark => {
      const rows = sourceOf()
        .read({ sql: `${silent} WHERE '${mark}' <> ''` })
        [Symbol.asyncIterator]()
      const asked = rows.next()
      while ((await running(mark)) === 0);
      await rows.return?.()
      t.true((await asked).done)
    },
  }
  for (const [place, [way, read]] of Object.entries(ways).entries()) {
    const mark = `left ${place}`
    await read(mark)
    while ((await running(mark)) > 0);
    t.pass(way)
  }
})

/** Hands on what the server sends in pieces of `sizeOf`, and cuts the connection after `most` bytes. */
async function network(
  t: ExecutionContext,
  port: number,
  {
    sizeOf = () => Number.POSITIVE_INFINITY,
    most = Number.POSITIVE_INFINITY,
  }: { sizeOf?: () => number; most?: number },
) {
  const sockets = new Set<Socket>()
  let sent = 0
  const server = createServer(near => {
    const far = connectSocket(port, '127.0.0.1')
    for (const socket of [near, far]) {
      sockets.add(socket.setNoDelay(true))
      socket.on('error', () => undefined)
    }
    near.pipe(far)
    far.on('end', () => near.end())
    near.on('close', () => far.destroy())
    far.on('data', async chunk => {
      far.pause()
      for (let at = 0; at < chunk.length && !near.destroyed; ) {
        const size = Math.min(sizeOf(), chunk.length - at, most - sent)
        if (size === 0) return void near.end(() => far.destroy())
        near.write(chunk.subarray(at, at + size))
        at += size
        sent += size
        await new Promise(resolve => setImmediate(resolve))
      }
      far.resume()
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, sent: () => sent }
}

const padded = `SELECT seq AS n, repeat('x', seq * 7 % 300) AS pad, IF(seq % 5 = 0, NULL, DATE_ADD('2027-01-01', INTERVAL seq DAY)) AS due
  FROM seq_1_to_1500`

serverTest('rows are the same in whatever pieces they come', async t => {
  const { config, sourceOf } = await database(t)
  const whole = await collect(sourceOf().read({ sql: padded }))
  t.is(whole.length, 1_500)
  for (const most of [11, 97, 700, 9_000]) {
    let turn = 0
    const sizeOf = (): number => {
      turn += 7
      return 1 + (turn % most)
    }
    const { port } = await network(t, config.port, { sizeOf })
    t.deepEqual(await collect(sourceOf({ port }).read({ sql: padded })), whole, String(most))
  }
})

serverTest(
  'a connection that ends anywhere in a result is an error after the rows that came whole',
  async t => {
    const { config, sourceOf } = await database(t)
    const unhurt = await network(t, config.port, {})
    const whole = await collect(sourceOf({ port: unhurt.port }).read({ sql: padded }))
    // What is missing is a part of the last packet, the last row, …, or half of all that came.
    for (const missing of [1, 5, 9, 10, 60, 1_000, 65_536, unhurt.sent() >> 1]) {
      const { port } = await network(t, config.port, { most: unhurt.sent() - missing })
      const { error, before } = await failureOf(t, sourceOf({ port }).read({ sql: padded }))
      t.is(error.code, 'source-unreachable', `${missing}: ${error.message}`)
      t.deepEqual(before, whole.slice(0, before.length), String(missing))
    }
  },
)
