/** What each kind of source brings to the contract tests, and what these do with it. */
import type { ExecutionContext, TestFn } from 'ava'
import { systemClock } from '../../../connectors/clock.ts'
import { type Source, SourceError, type SourceRow, type SourceValue } from '../../../connectors/source.ts'
import { type SourceKindName, sourceKinds } from '../../../connectors/sources/kinds.ts'

/** The tests of the contract and their titles. */
export const contractItems = {
  read: 'rows arrive in order, by column name, with the values of the parameters',
  types: 'dates are not shifted, decimals and big integers are exact, padding is trimmed',
  cp1252: 'the encoding setting reads text that an old program stored in Windows letters',
  cp850: 'the encoding setting reads text that an old program stored in DOS letters',
  streaming: 'a large result passes through a memory that stays flat',
  'early-end': 'a reader that goes away in the middle, or never starts, leaves nothing running',
  cancel: 'a cancelled read ends at once with the reason of the signal',
  timeout: 'a query above its time limit is stopped and says so',
  'row-cap': 'one row above the cap is an error after the rows of the cap; the cap itself is not',
  'missing-table': 'a missing table is told in the words of the database',
  'same-names': 'two columns of one name are refused instead of losing one',
  'write-refused': 'a write is refused before it is sent',
  describe: 'describe lists the tables and their columns in the words of the database',
} as const

export type ContractItem = keyof typeof contractItems

/**
 * What the contract reads. `people`: id and name of the three `people`; `names`: a view or table of their names;
 * `numbers_<count>`: n (1, 2, …) and pad (200 characters); `silent`: what the fixture's query `silent` waits for; the
 * others as `Fixture` says.
 */
export type ContractTable =
  | 'people'
  | 'names'
  | 'contract_types'
  | 'legacy'
  | 'dos'
  | 'silent'
  | `numbers_${number}`

/** An empty database: settings that open it, and one of two ways to fill it. */
export interface FixtureDatabase {
  config: Record<string, unknown>
  /** Runs a statement of the fixture. */
  execute?(sql: string): Promise<unknown>
  /** For kinds without SQL of their own: makes a table of the contract. */
  prepare?(table: ContractTable): Promise<unknown>
}

export interface SqlDatabase extends FixtureDatabase {
  execute(sql: string): Promise<unknown>
}

export interface Fixture<Database extends FixtureDatabase = SqlDatabase> {
  kind: SourceKindName
  /** Begins every title instead of the kind's name: for a kind that is tested with several servers in one file. */
  label?: string
  /** `test`, or `test.skip` where the server is not installed. */
  serverTest: TestFn | TestFn['skip']
  database(t: ExecutionContext): Promise<Database>
  /** One that takes text in whatever letters, for `legacy` and `dos`; `database` when absent. */
  legacyDatabase?(t: ExecutionContext): Promise<Database>
  /**
   * Creates the table `contract_types` with one row: code CHAR(6) 'AB', due 2027-01-01, seen 2027-03-28 02:30:00,
   * premium 12345678901234567.89, policy 9007199254740993, age 42, active true, absent NULL, photo 00 ff 80,
   * rate 0.1, name `Ouédraogo œ ’`.
   */
  typesTable?: string[]
  /** How this kind writes true. */
  yes: SourceValue
  /** Columns of `contract_types` that this kind gives in another way, or (without a value) does not have. */
  differs?: Partial<Record<TypesColumn, { value?: SourceValue; why: string }>>
  /** A SELECT of `count` rows with the columns n (1, 2, …) and pad (200 characters). */
  numbers(count: number): string
  /** Rows of the tests that stream; 100,000 are the fewest whose memory would show. 200,000 when absent. */
  streamedRows?: number
  /** A SELECT that works for minutes before its first row. */
  silent: string
  /**
   * Creates `legacy` (id, name): the bytes of cp1252 `Aïcha N’Guessan œ €`, then UTF-8 `Zoé`. Where all text of a file or
   * an answer is in one code page, both are of cp1252.
   */
  legacyTable?: string[]
  /** Creates `dos` (id, name): the bytes of cp850 `Zoé Çç ü`, then UTF-8 `Aïcha`. */
  dosTable?: string[]
  /** What stands between `SELECT 1 AS one` and its end, for example ` FROM DUAL`. */
  fromNothing?: string
  /** The smallest query that is sent somewhere, of an empty database; `SELECT 1 AS one` when absent. */
  anything?: string
  /** How a query reads the ids of `people` as numbers, for kinds that hold text only; `id` when absent. */
  numericId?: string
  /** How this kind spells a name that the query writes in small letters without quotes. */
  spelled?(name: string): string
  /** The type of a VARCHAR(80) in the words of the database. */
  textType?: RegExp
  /** Tests that mean nothing for this kind, with the reason. */
  lacks?: Partial<Record<ContractItem, string>>
}

export const typesRow = {
  code: 'AB',
  due: '2027-01-01',
  seen: '2027-03-28 02:30:00',
  premium: '12345678901234567.89',
  policy: '9007199254740993',
  age: 42,
  active: true,
  absent: null,
  photo: new Uint8Array([0, 0xff, 0x80]),
  rate: 0.1,
  name: 'Ouédraogo œ ’',
} as const satisfies SourceRow

export type TypesColumn = keyof typeof typesRow

export const people = [
  { id: 1, name: 'Awa' },
  { id: 2, name: 'N\'Dri "x" :id' },
  { id: 3, name: 'Koffi' },
] as const

const peopleTable = [
  'CREATE TABLE people (id INTEGER, name VARCHAR(80))',
  ...people.map(({ id, name }) => `INSERT INTO people VALUES (${id}, '${name.replaceAll("'", "''")}')`),
]
const namesView = ['CREATE VIEW names AS SELECT name FROM people']

/** For a read that is to come to its end, on a machine that other tests keep busy as well. */
export const enoughMs = 600_000
/** For a login that is to be answered: the first reads of a test file start their processes all at once. */
const enoughToConnect = { connectTimeoutMs: 60_000 }

export function openFixture(
  t: ExecutionContext,
  fixture: Pick<Fixture, 'kind'>,
  config: Record<string, unknown>,
  more: Record<string, unknown> = {},
): Source {
  const patience = { timeoutMs: enoughMs, ...('host' in config && enoughToConnect) }
  const source = sourceKinds[fixture.kind].open({ ...patience, ...config, ...more }, { clock: systemClock })
  t.teardown(() => source.close())
  return source
}

export async function collect(rows: AsyncIterable<SourceRow>): Promise<SourceRow[]> {
  return await Array.fromAsync(rows)
}

/** The SourceError that reading ends with, and the rows before it. */
export async function failureOf(
  t: ExecutionContext,
  rows: AsyncIterable<SourceRow>,
): Promise<{ error: SourceError; before: SourceRow[] }> {
  const before: SourceRow[] = []
  const error = await t.throwsAsync(
    async () => {
      for await (const row of rows) before.push(row)
    },
    { instanceOf: SourceError },
  )
  return { error, before }
}

/** The smallest query of a kind. */
export function anything({ anything, fromNothing = '' }: Fixture<FixtureDatabase>): { sql: string } {
  return { sql: anything ?? `SELECT 1 AS one${fromNothing}` }
}

/** Makes tables of the contract in a database of the fixture. */
export async function prepare(
  fixture: Fixture<FixtureDatabase>,
  database: FixtureDatabase,
  ...tables: ContractTable[]
): Promise<void> {
  for (const table of tables) {
    if (database.prepare !== undefined) await database.prepare(table)
    else await executeAll(database, statementsOf(fixture, table))
  }
}

function statementsOf(fixture: Fixture<FixtureDatabase>, table: ContractTable): string[] {
  // Rows of numbers, and what works for minutes, are made by the queries.
  if (table === 'silent' || table.startsWith('numbers_')) return []
  const sqlOf: Record<string, string[] | undefined> = {
    people: peopleTable,
    names: namesView,
    contract_types: fixture.typesTable,
    legacy: fixture.legacyTable,
    dos: fixture.dosTable,
  }
  const statements = sqlOf[table]
  if (statements === undefined) throw new Error(`the fixture of ${fixture.kind} cannot make ${table}`)
  return statements
}

/** @throws Error when the database has no SQL, or the fixture no statements */
export async function executeAll(
  database: FixtureDatabase,
  statements: readonly string[] | undefined,
): Promise<void> {
  if (database.execute === undefined || statements === undefined) {
    throw new Error('the fixture has no statements for what this test needs')
  }
  for (const sql of statements) await database.execute(sql)
}

const measuring: ReadonlySet<string> = new Set(['streaming', 'early-end'])

/** Registers the tests of a contract, except those that the fixture lacks: these are told in one test. */
export function contractTests<Item extends string>(
  { kind, label, serverTest }: Fixture<FixtureDatabase>,
  titles: Readonly<Record<Item, string>>,
  lacks: Partial<Record<Item, string>>,
): (item: Item, run: (t: ExecutionContext) => Promise<void>) => void {
  const lacking = Object.entries(lacks) as [Item, string][]
  if (lacking.length > 0) {
    const sentence = `${label ?? kind}: lacks ${lacking.map(([item]) => item).join(', ')} with a reason for each`
    serverTest(sentence, t => {
      for (const [item, why] of lacking) {
        t.log(`${titles[item]}: ${why}`)
        t.regex(why, /\w+ \w+ \w+/, item)
      }
    })
  }
  return (item, run) => {
    if (lacks[item] !== undefined) return
    // Who measures memory must be alone in the process.
    const declare = measuring.has(item) && 'serial' in serverTest ? serverTest.serial : serverTest
    declare(`${label ?? kind}: ${titles[item]}`, run)
  }
}
