/**
 * What is done with one Oracle connection, on a double of the driver's interface (oracle-driver.ts): no Oracle server
 * can run in these tests. The double answers what it is told; that a server understands the statements is only
 * verified by oracle-live.test.ts.
 */
import test from 'ava'
import type { DriverOrder } from '../../../connectors/sources/driver-process.ts'
import type {
  OracleColumn,
  OracleConnection,
  OracleDriver,
  OracleLob,
  OracleValue,
} from '../../../connectors/sources/oracle-driver.ts'
import { type OracleOrder, openOracleSession } from '../../../connectors/sources/oracle-session.ts'
import { exactNumber, mostLobCharacters } from '../../../connectors/sources/oracle-values.ts'

interface Double extends OracleDriver {
  /** What was asked of the connection, in order. */
  log: string[]
}

function doubleOf(columns: OracleColumn[], rows: OracleValue[][], changed = 1): Double {
  const log: string[] = []
  const left = [...rows]
  const connection: OracleConnection = {
    async query(sql, values) {
      log.push(`query ${sql} ${JSON.stringify(values)}`)
      return {
        columns,
        getRows: async count => left.splice(0, count),
        close: async () => void log.push('close rows'),
      }
    },
    async run(sql, values) {
      log.push(`run ${sql}${Object.keys(values).length === 0 ? '' : ` ${JSON.stringify(values)}`}`)
      return changed
    },
    commit: async () => void log.push('commit'),
    rollback: async () => void log.push('rollback'),
    setCallTimeout: timeoutMs => void log.push(`call timeout ${timeoutMs}`),
    break: async () => void log.push('break'),
    close: async () => void log.push('close'),
  }
  return {
    log,
    async connect(login) {
      log.push(`connect ${login.user} ${login.connectString}`)
      return connection
    },
  }
}

function order(more: Partial<DriverOrder<OracleOrder>> = {}, settings: Partial<OracleOrder> = {}) {
  return {
    kind: 'read',
    statement: 'SELECT 1 FROM T WHERE A = :p1',
    values: ['x'],
    batchRows: 2,
    ...more,
    connection: {
      login: { user: 'lecteur', password: 'p', connectString: 'h:1521/s', connectTimeoutMs: 1_000 },
      timeoutMs: 5_000,
      timeZone: undefined,
      encoding: 'utf8',
      ...settings,
    },
  } as DriverOrder<OracleOrder>
}

function column(name: string, type: string, more: Partial<OracleColumn> = {}): OracleColumn {
  return { name, type, scale: undefined, byteSize: undefined, ...more }
}

test('the session fixes language and time limit, reads in a read-only transaction, and hands on batches', async t => {
  const driver = doubleOf([column('N', 'NUMBER', { scale: 0 })], [['1'], ['2'], ['3']])
  const session = await openOracleSession(driver, order({}, { timeZone: '+01:00' }))
  const rows = await session.read(order())
  t.deepEqual(rows.columns, ['N'])
  t.deepEqual([await rows.next(500), await rows.next(500), await rows.next(500)], [[[1], [2]], [[3]], []])
  t.deepEqual(driver.log, [
    'connect lecteur h:1521/s',
    'call timeout 5000',
    "run ALTER SESSION SET NLS_DATE_FORMAT = 'YYYY-MM-DD HH24:MI:SS' NLS_TIMESTAMP_FORMAT = 'YYYY-MM-DD HH24:MI:SS.FF' NLS_TIMESTAMP_TZ_FORMAT = 'YYYY-MM-DD HH24:MI:SS.FF TZH:TZM' NLS_NUMERIC_CHARACTERS = '.,' TIME_ZONE = '+01:00'",
    'run SET TRANSACTION READ ONLY',
    'query SELECT 1 FROM T WHERE A = :p1 {"p1":"x"}',
  ])
})

test('values become plain: dates as stored, numbers exact, long texts whole', async t => {
  const at = (text: string) => new Date(`${text}Z`)
  const lob = (text: string): OracleLob => ({ length: text.length, getData: async () => text })
  const cells: [OracleColumn, OracleValue, unknown][] = [
    [column('DUE', 'DATE'), at('2027-01-01T00:00:00'), '2027-01-01'],
    [column('SEEN', 'DATE'), at('2027-03-28T02:30:00'), '2027-03-28 02:30:00'],
    [column('TS', 'TIMESTAMP'), at('2027-03-28T00:00:00.120'), '2027-03-28 00:00:00.12'],
    [column('TZ', 'TIMESTAMP WITH TIME ZONE'), at('2027-03-28T02:30:10'), '2027-03-28 02:30:10+00'],
    [column('PREMIUM', 'NUMBER', { scale: 2 }), '12345678901234567.89', '12345678901234567.89'],
    [column('ROUND', 'NUMBER', { scale: 2 }), '100', '100'],
    [column('POLICY', 'NUMBER', { scale: 0 }), '9007199254740993', '9007199254740993'],
    [column('AGE', 'NUMBER', { scale: -127 }), '42', 42],
    [column('SMALL', 'NUMBER', { scale: -127 }), '-.5', '-0.5'],
    [column('RATE', 'BINARY_DOUBLE'), 0.1, 0.1],
    [column('NAN', 'BINARY_DOUBLE'), Number.NaN, 'NaN'],
    [column('NAME', 'VARCHAR2'), 'Ouédraogo', 'Ouédraogo'],
    [column('PHOTO', 'RAW'), Buffer.from([0, 255]), new Uint8Array([0, 255])],
    [column('NOTE', 'CLOB'), lob('long'), 'long'],
    [column('EMPTY', 'CLOB'), lob(''), ''],
    [column('ABSENT', 'CLOB'), null, null],
    [column('NONE', 'DATE'), null, null],
  ]
  const driver = doubleOf(
    cells.map(([one]) => one),
    [cells.map(([, value]) => value)],
  )
  const rows = await (await openOracleSession(driver, order())).read(order())
  t.deepEqual(await rows.next(500), [cells.map(([, , plain]) => plain)] as never)
})

test('a text beyond the limit, a broken date and a value that is none are errors that name the column', async t => {
  const cases: [OracleColumn, OracleValue, RegExp][] = [
    [
      column('NOTE', 'CLOB'),
      { length: mostLobCharacters + 1, getData: async () => 'x' },
      /NOTE.*DBMS_LOB\.SUBSTR/,
    ],
    [column('DUE', 'DATE'), new Date(Number.NaN), /DUE/],
    [column('SPAN', 'INTERVAL DAY TO SECOND'), {} as OracleValue, /SPAN.*TO_CHAR/],
  ]
  for (const [one, value, words] of cases) {
    const session = await openOracleSession(doubleOf([one], [[value]]), order())
    const rows = await session.read(order())
    await t.throwsAsync(() => rows.next(500), { message: words })
  }
})

test('with an encoding text is asked for as its bytes, and read as the source says', async t => {
  const columns = [
    column('NOM', 'VARCHAR2', { byteSize: 40 }),
    column('LONG_TEXT', 'VARCHAR2', { byteSize: 4_000 }),
    column('N', 'NUMBER'),
  ]
  const driver = doubleOf(columns, [[Buffer.from([0x5a, 0x6f, 0xe9, 0x92]), 'as it is', '7']])
  const session = await openOracleSession(driver, order({}, { encoding: 'cp1252' }))
  const rows = await session.read(order({}, { encoding: 'cp1252' }))
  t.deepEqual(await rows.next(500), [['Zoé’', 'as it is', 7]])
  t.deepEqual(driver.log.slice(4), [
    'query SELECT * FROM (SELECT 1 FROM T WHERE A = :p1\n) WHERE 1 = 0 {"p1":"x"}',
    'close rows',
    'query SELECT UTL_RAW.CAST_TO_RAW("NOM") AS "NOM", "LONG_TEXT", "N" FROM (SELECT 1 FROM T WHERE A = :p1\n) {"p1":"x"}',
  ])
})

test('an update is committed up to its limit and rolled back above it', async t => {
  for (const [changed, end] of [
    [1, 'commit'],
    [101, 'rollback'],
  ] as const) {
    const driver = doubleOf([], [], changed)
    const update = order({ kind: 'update', statement: 'UPDATE T SET A = :p1', commitsUpTo: 100 })
    const session = await openOracleSession(driver, update)
    t.is(await session.update(update), changed)
    t.deepEqual(driver.log.slice(3), ['run UPDATE T SET A = :p1 {"p1":"x"}', end])
  }
})

test('stopping breaks what runs, and only says goodbye when nothing does', async t => {
  const idle = doubleOf([], [])
  await (await openOracleSession(idle, order())).stop()
  t.deepEqual(idle.log.slice(3), ['close'])

  const busy = doubleOf([], [])
  let release: (value: number) => void = () => undefined
  const connection = await busy.connect(order().connection.login)
  const slow: OracleDriver = {
    connect: async () => ({
      ...connection,
      run: (sql, values) =>
        sql.startsWith('UPDATE')
          ? new Promise(resolve => {
              release = resolve
            })
          : connection.run(sql, values),
    }),
  }
  const update = order({ kind: 'update', statement: 'UPDATE T SET A = 1' })
  const session = await openOracleSession(slow, update)
  const working = session.update(update)
  await session.stop()
  t.deepEqual(busy.log.slice(-2), ['break', 'close'])
  release(0)
  await working
})

test('numbers keep their digits', t => {
  t.is(exactNumber('.5', -127), '0.5')
  t.is(exactNumber('-.5', 2), '-0.5')
  t.is(exactNumber('7', undefined), 7)
  t.is(exactNumber('7', 2), '7')
  t.is(exactNumber('1E+40', -127), '1E+40')
})
