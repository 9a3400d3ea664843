/** What may be left out of a table before SQLite answers a SELECT. */
import test from 'ava'
import Database from 'better-sqlite3'
import { namedColumns } from '../../../connectors/sources/named-columns.ts'

const all = ['code', 'Téléphone', "Date d'effet", 'prime', 'photo']
const named = (sql: string): string[] => all.filter(namedColumns(sql))

test('columns that a SELECT names are told, however they are written', t => {
  t.deepEqual(named('SELECT CODE FROM clients c WHERE c.prime > 1000'), ['code', 'prime'])
  t.deepEqual(named('SELECT téléphone, [date d\'effet] FROM "clients"'), ['Téléphone', "Date d'effet"])
  t.deepEqual(named('SELECT "PRIME", `photo` FROM clients -- code'), ['prime', 'photo'])
  t.deepEqual(named("SELECT c.'date d''effet' FROM clients c"), ["Date d'effet"])
  t.deepEqual(named('SELECT count(*) FROM clients GROUP BY code'), ['code'])
  t.deepEqual(named('SELECT count(*) FROM clients'), [])
})

test('where a SELECT may use columns without their names, all are told', t => {
  for (const sql of [
    'SELECT * FROM clients',
    'SELECT c.* FROM clients c',
    'SELECT code, * FROM clients',
    'SELECT code FROM (SELECT DISTINCT * FROM clients)',
    'SELECT prime * 2 FROM clients',
    'SELECT code FROM clients natural join villes',
    'SELECT 1 FROM clients WHERE 1 IN villes',
    'SELECT "code FROM clients',
  ]) {
    t.deepEqual(named(sql), all, sql)
  }
})

test('SQLite answers the same when the columns that are not named are NULL', t => {
  const answer = (sql: string, isNamed: (column: string) => boolean): unknown => {
    const database = new Database(':memory:')
    t.teardown(() => database.close())
    for (const [table, columns] of [
      ['a', ['id', 'nom', 'du']],
      ['b', ['id', 'ville', 'x']],
      ['c', ['n']],
    ] as const) {
      database.exec(`CREATE TABLE ${table} (${columns.join(', ')})`)
      const insert = database.prepare(`INSERT INTO ${table} VALUES (${columns.map(() => '?').join(', ')})`)
      for (let row = 1; row <= 5; row += 1) {
        insert.run(columns.map((column, index) => (isNamed(column) ? (row * (index + 2)) % 6 : null)))
      }
    }
    return database.prepare(sql).all()
  }
  for (const sql of [
    'SELECT a.nom, b.ville FROM a JOIN b ON a.id = b.id ORDER BY 1, 2',
    'SELECT nom, ville FROM a JOIN b USING (id) ORDER BY 1',
    "SELECT nom FROM a JOIN b USING ('id') ORDER BY 1",
    'SELECT nom FROM a NATURAL JOIN b ORDER BY 1',
    'SELECT nom FROM a WHERE id IN c ORDER BY 1',
    'SELECT nom FROM a WHERE id IN (SELECT n FROM c) ORDER BY 1',
    'SELECT nom FROM a WHERE id NOT IN main.c ORDER BY 1',
    'SELECT count(*), count(du), sum(id * du) FROM a',
    'SELECT count(*) FROM a, b WHERE a.du = b.x',
    'WITH t(p, q, r) AS (SELECT * FROM a) SELECT q FROM t ORDER BY r',
    'SELECT nom FROM a UNION SELECT ville FROM b ORDER BY 1',
    'SELECT (SELECT max(ville) FROM b WHERE b.id = a.id) FROM a ORDER BY rowid',
    'SELECT DISTINCT du FROM a ORDER BY du',
    'SELECT row_number() OVER (PARTITION BY du ORDER BY nom) AS r FROM a ORDER BY r',
  ]) {
    t.deepEqual(
      answer(sql, namedColumns(sql)),
      answer(sql, () => true),
      sql,
    )
  }
})
