import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { systemClock } from '../../../connectors/clock.ts'
import type { Source } from '../../../connectors/source.ts'
import { accessConfigSchema, openAccess } from '../../../connectors/sources/access.ts'
import type { AccessType } from '../../../connectors/sources/access-definitions.ts'
import { unicodeText } from '../../../connectors/sources/access-texts.ts'
import { accessValueReader } from '../../../connectors/sources/access-values.ts'
import { withAgilePassword } from '../../support/access-encryption.ts'
import { fakeClock } from '../../support/fake-clock.ts'
import { withLinkedTable, withPassword } from '../../support/jet.ts'
import { tempDir } from '../../support/temp-dir.ts'
import { collect, enoughMs, failureOf } from './contract-fixture.ts'

const original = (ending: 'mdb' | 'accdb'): Buffer =>
  readFileSync(new URL(`../../fixtures/access/contrats.${ending}`, import.meta.url))

function openCopy(t: ExecutionContext, content: Buffer, more: Record<string, unknown> = {}): Source {
  const path = join(tempDir(t), 'contrats.mdb')
  writeFileSync(path, content)
  return openAccess(accessConfigSchema.parse({ path, timeoutMs: enoughMs, ...more }), { clock: systemClock })
}

const joined = {
  sql: `SELECT c.nom, c.datesaisie, k.DATEECHE, k.PRIME_TTC, k.actif, k.note
    FROM CLIENTS c JOIN CONTRATS k ON k.CODEASSU = c.CODEASSU
    WHERE k.NUMEPOLI = :police AND k.PRIME_TTC > 1000 AND k.actif = 1 AND c.etat = 'A ENVOYER'`,
  params: { police: '1010-2026-000001' },
}

for (const ending of ['mdb', 'accdb'] as const) {
  test(`access: the tables of a .${ending} answer SELECTs with joins and parameters; dates are not shifted`, async t => {
    const source = openCopy(t, original(ending))
    t.deepEqual(await collect(source.read(joined)), [
      {
        nom: 'SAWADOGO',
        datesaisie: '2026-01-02 16:50:00',
        DATEECHE: '2027-01-02',
        PRIME_TTC: 237_763,
        actif: 1,
        note: null,
      },
    ])
    const clients = await collect(source.read({ sql: 'SELECT * FROM clients' }))
    t.is(clients.length, 400)
    t.deepEqual(clients[1], {
      CODEASSU: 2,
      Telephone: '0022654000002',
      nom: 'TRAORE',
      prenom: 'Françoise',
      IMAT: '13 HH 0002',
      datesaisie: '2026-01-03 08:48:00',
      etat: 'A ENVOYER',
      sexe: 'F',
    })
    const notes = await collect(source.read({ sql: 'SELECT note FROM CONTRATS WHERE note IS NOT NULL' }))
    t.true(notes.length > 0 && notes.every(row => typeof row.note === 'string'))
  })

  test(`access: the tables and types of a .${ending} are listed without Access's own`, async t => {
    const source = openCopy(t, original(ending))
    const tables = await source.describe()
    t.deepEqual(
      tables.map(table => table.name),
      ['CLIENTS', 'CONTRATS'],
    )
    t.deepEqual(tables[1]?.columns, [
      { name: 'NUMEPOLI', type: 'Short Text (30)' },
      { name: 'CODEASSU', type: 'Long Integer' },
      { name: 'DATEEFFE', type: 'Date/Time' },
      { name: 'DATEECHE', type: 'Date/Time' },
      { name: 'PRIME_TTC', type: 'Currency' },
      { name: 'actif', type: 'Yes/No' },
      { name: 'note', type: 'Long Text' },
    ])
    const steps = await source.test()
    t.deepEqual(
      steps.map(step => `${step.step} ${step.outcome}`),
      ['connect ok', 'login ok', 'read-only ok', 'select ok'],
    )
    const version = ending === 'mdb' ? '2000-2003' : '2010'
    t.is(steps.at(-1)?.detail, `Access ${version}, tables: CLIENTS, CONTRATS`)
  })
}

test('access: a missing table and a missing column are told with those there are', async t => {
  const source = openCopy(t, original('mdb'))
  const table = await failureOf(t, source.read({ sql: 'SELECT * FROM SINISTRES' }))
  t.is(table.error.code, 'source-query-failed')
  t.regex(table.error.message, /SINISTRES".*CLIENTS, CONTRATS/)
  const column = await failureOf(t, source.read({ sql: 'SELECT mobile FROM CLIENTS' }))
  t.is(column.error.code, 'source-query-failed')
  t.regex(column.error.message, /mobile.*CLIENTS \(CODEASSU, Telephone,/)
  const { error } = await failureOf(t, source.read({ sql: 'DELETE FROM CLIENTS' }))
  t.is(error.code, 'source-query-refused')
})

test('access: a negative amount is negative in every row that is read', async t => {
  const file = original('mdb')
  const amount = Buffer.alloc(8)
  amount.writeBigInt64LE(2_377_630_000n)
  const at = file.indexOf(amount)
  file.writeBigInt64LE(-2_377_635_000n, at)
  const source = openCopy(t, file)
  const sql = "SELECT PRIME_TTC FROM CONTRATS WHERE NUMEPOLI = '1010-2026-000001'"
  t.deepEqual(await collect(source.read({ sql })), [{ PRIME_TTC: -237_763.5 }])
  const [first] = await collect(source.read({ sql: 'SELECT PRIME_TTC FROM CONTRATS LIMIT 1' }))
  t.deepEqual(first, { PRIME_TTC: -237_763.5 })
})

test('access: values of every type are plain', t => {
  const read = (type: AccessType, stored: Buffer, { scale } = { scale: 0 }): unknown => {
    const column = { name: 'x', type, scale }
    const page = Buffer.concat([Buffer.alloc(3, 0xee), stored, Buffer.alloc(3, 0xee)])
    return accessValueReader(column, { file: page, text: unicodeText })?.(page, 3, 3 + stored.length)
  }
  const currency = (tenThousandths: bigint): unknown => read('currency', int64(tenThousandths))
  t.is(currency(1_455_000_000n), 145_500)
  t.is(currency(-2_377_635_000n), -237_763.5)
  t.is(currency(-1n), -0.0001)
  t.is(currency(9_223_372_036_854_775_807n), '922337203685477.5807', 'more digits than a double holds')
  t.is(currency(-9_223_372_036_854_775_808n), '-922337203685477.5808')
  t.is(currency(10_000_000_000_000_000n), 1_000_000_000_000)
  t.is(read('numeric', numeric(-1_234_567_890_123_456_789n), { scale: 2 }), '-12345678901234567.89')
  t.is(
    read('numeric', numeric(9_007_199_254_740_993n), { scale: 0 }),
    '9007199254740993',
    '16 digits, no point',
  )
  t.is(read('numeric', numeric(10n), { scale: 2 }), 0.1)
  t.is(read('numeric', numeric(2n ** 96n + 1n), { scale: 1 }), '7922816251426433759354395033.7')
  t.is(read('bigint', int64(9_007_199_254_740_993n)), 9_007_199_254_740_993n)
  t.is(read('datetime', double(-1.25)), '1899-12-29 06:00:00')
  t.is(read('datetime', double(8.5 / 24)), '1899-12-30 08:30:00')
  t.is(read('datetime', double(Number.NaN)), null)
  t.is(
    read('repid', Buffer.from('33221100554477668899aabbccddeeff', 'hex')),
    '00112233-4455-6677-8899-aabbccddeeff',
  )
  t.deepEqual(read('binary', Buffer.from([0, 255])), new Uint8Array([0, 255]))
  const inRow = Buffer.from([2, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255])
  t.deepEqual(read('ole', inRow), new Uint8Array([0, 255]))
  t.is(read('complex', Buffer.alloc(4)), undefined, 'not read')
  t.throws(() => read('currency', Buffer.alloc(7)), { instanceOf: RangeError })
})

function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(value)
  return bytes
}

function double(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return bytes
}

/** A sign, and four words, the highest first. */
function numeric(value: bigint): Buffer {
  const bytes = Buffer.alloc(17)
  bytes[0] = value < 0n ? 0x80 : 0
  let rest = value < 0n ? -value : value
  for (let word = 13; word > 0; word -= 4) {
    bytes.writeUInt32LE(Number(rest & 0xffff_ffffn), word)
    rest >>= 32n
  }
  return bytes
}

test('access: a database password is asked for, and the right one opens', async t => {
  const file = withPassword(original('mdb'), 'clé 2027')
  for (const password of ['', 'not-this-one']) {
    const source = openCopy(t, file, { password })
    const { error } = await failureOf(t, source.read({ sql: 'SELECT * FROM CLIENTS' }))
    t.is(error.code, 'source-login-refused')
    t.false(error.message.includes('not-this-one') || error.message.includes('2027'))
    t.deepEqual(
      (await source.test()).map(step => `${step.step} ${step.outcome}`),
      ['connect ok', 'login failed'],
    )
  }
  const source = openCopy(t, file, { password: 'clé 2027' })
  t.is((await collect(source.read({ sql: 'SELECT nom FROM CLIENTS' }))).length, 400)
})

test('access: a linked table is told as such, with what to do; the others are read', async t => {
  const source = openCopy(t, withLinkedTable(original('mdb'), 'CONTRATS'))
  const { error } = await failureOf(t, source.read({ sql: 'SELECT * FROM contrats' }))
  t.is(error.code, 'source-query-failed')
  t.regex(error.message, /"CONTRATS" is a linked table.*back-end file/)
  t.is((await collect(source.read({ sql: 'SELECT nom FROM CLIENTS' }))).length, 400)
  const steps = await source.test()
  t.is(steps.at(-1)?.outcome, 'warning')
  t.regex(steps.at(-1)?.detail ?? '', /linked table/)
})

test('access: what is no Access file, too large a file and a missing one are told', async t => {
  const unknown = original('mdb')
  unknown[20] = 9
  for (const [content, words, more] of [
    [Buffer.from('police;nom\n'), /not an Access file/, {}],
    [Buffer.alloc(0), /not an Access file/, {}],
    [unknown, /version 9 of the format/, {}],
    [Buffer.alloc(2 ** 20 + 1), /above the limit of 1 MiB/, { maxFileMiB: 1 }],
  ] as const) {
    const source = openCopy(t, content, more)
    const { error } = await failureOf(t, source.read({ sql: 'SELECT * FROM CLIENTS' }))
    t.is(error.code, 'source-unreachable')
    t.regex(error.message, words)
    t.is((await source.test())[0]?.outcome, 'failed')
  }
  const clock = fakeClock()
  const gone = openAccess(accessConfigSchema.parse({ path: join(tempDir(t), 'x.mdb') }), { clock })
  const reading = failureOf(t, gone.read({ sql: 'SELECT * FROM CLIENTS' }))
  await advanceThrough(clock, reading)
  t.regex((await reading).error.message, /x\.mdb: the file cannot be read \(ENOENT\)/)
  t.throws(() => accessConfigSchema.parse({ path: 'relative.mdb' }))
})

test('access: a torn copy is taken again', async t => {
  const path = join(tempDir(t), 'contrats.mdb')
  const whole = original('mdb')
  writeFileSync(path, whole)
  truncateSync(path, 40_000)
  const clock = fakeClock()
  const source = openAccess(accessConfigSchema.parse({ path }), { clock })
  const reading = collect(source.read({ sql: 'SELECT nom FROM CLIENTS' }))
  await untilPaused(clock)
  appendFileSync(path, whole.subarray(40_000))
  t.is(statSync(path).size, whole.length)
  await advanceThrough(clock, reading)
  t.is((await reading).length, 400)
})

test('access: a file that stays torn is an error of the file', async t => {
  const path = join(tempDir(t), 'contrats.mdb')
  writeFileSync(path, original('mdb').subarray(0, 40_000))
  const clock = fakeClock()
  const source = openAccess(accessConfigSchema.parse({ path }), { clock })
  const reading = failureOf(t, source.read({ sql: 'SELECT nom FROM CLIENTS' }))
  await advanceThrough(clock, reading)
  const { error } = await reading
  t.is(error.code, 'source-unreachable')
  t.regex(error.message, /damaged, half-copied/)
})

test('access: where the driver runs beyond the bytes there are, the file is told as damaged', async t => {
  const file = withAgilePassword(original('accdb'), 'x', { hash: 'SHA1', keyBits: 128 })
  // The description of the encryption is one byte long.
  file.writeUInt16LE(1, 0x299)
  const path = join(tempDir(t), 'contrats.accdb')
  writeFileSync(path, file)
  const clock = fakeClock()
  const source = openAccess(accessConfigSchema.parse({ path }), { clock })
  const reading = failureOf(t, source.read({ sql: 'SELECT nom FROM CLIENTS' }))
  await advanceThrough(clock, reading)
  t.regex((await reading).error.message, /contrats\.accdb: the file cannot be understood .*may be damaged/)
})

test('access: any bytes in the pages end in rows or in an error, never in a hang', async t => {
  for (const [from, fill] of [
    [2 * 4_096, 0xff],
    [24 * 4_096, 0x00],
    [26 * 4_096 + 12, 0xa5],
    [28 * 4_096, 0x01],
  ] as const) {
    const file = original('mdb')
    file.fill(fill, from, from + 3_000)
    const clock = fakeClock()
    const path = join(tempDir(t), 'x.mdb')
    writeFileSync(path, file)
    const source = openAccess(accessConfigSchema.parse({ path }), { clock })
    const reading = collect(source.read({ sql: 'SELECT nom FROM CLIENTS' })).catch((error: unknown) => error)
    await advanceThrough(clock, reading)
    const end = await reading
    t.true(Array.isArray(end) || (end instanceof Error && end.name === 'SourceError'), String(end))
  }
})

type FakeClock = ReturnType<typeof fakeClock>

/** The deadline of the read is one timer; the second is the pause before another look. */
async function untilPaused(clock: FakeClock): Promise<void> {
  while (clock.pending() < 2) await new Promise(resolve => setImmediate(resolve))
}

async function advanceThrough(clock: FakeClock, end: Promise<unknown>): Promise<void> {
  let isOver = false
  const over = (): void => {
    isOver = true
  }
  end.then(over, over)
  while (!isOver) {
    await new Promise(resolve => setImmediate(resolve))
    if (clock.pending() >= 2) await clock.advance(2_000)
  }
}
