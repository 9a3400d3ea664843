import test from 'ava'
import fc from 'fast-check'
import { type SqlDialect, tokenizeSql } from '../../../connectors/sources/sql-tokens.ts'

const dialects: SqlDialect[] = ['postgres', 'mysql', 'sqlite']

function kindsOf(sql: string, dialect: SqlDialect): string {
  const cut = tokenizeSql(sql, dialect)
  if (cut.kind === 'unterminated') return `unterminated ${cut.what}`
  return cut.tokens.map(token => `${token.kind}<${token.text}>`).join(' ')
}

test('words, numbers, strings, names and parameters are told apart', t => {
  t.is(
    kindsOf(`SELECT a."b", 1.5e3, 'x''y' FROM t WHERE d::date >= :from -- end`, 'postgres'),
    `word<SELECT> word<a> symbol<.> quoted-identifier<b> symbol<,> number<1.5e3> symbol<,> string<'x''y'> word<FROM> ` +
      'word<t> word<WHERE> word<d> symbol<::> word<date> symbol<>> symbol<=> parameter<:from>',
  )
})

test('a colon inside a string, a cast, an assignment or a comment is no parameter', t => {
  t.is(kindsOf("':a' /* :b */ c::d", 'postgres'), "string<':a'> word<c> symbol<::> word<d>")
  t.is(kindsOf('@x := 1', 'mysql'), 'symbol<@> word<x> symbol<:=> number<1>')
})

const vectors: [SqlDialect, string, string][] = [
  ['postgres', '/* a /* b */ c */ d', 'word<d>'],
  ['mysql', '/* a /* b */ c', 'word<c>'],
  ['sqlite', '/* a /* b */ c', 'word<c>'],
  ['postgres', '/*/ a */ b', 'word<b>'],
  ['mysql', '/*/ a */ b', 'word<b>'],
  ['postgres', '/* a /* b */', 'unterminated comment'],
  ['postgres', '-- a\rb', 'word<b>'],
  ['mysql', '-- a\rb', ''],
  ['sqlite', '-- a\rb\nc', 'word<c>'],
  ['mysql', '5--1', 'number<5> symbol<-> symbol<-> number<1>'],
  ['postgres', '5--1', 'number<5>'],
  ['mysql', '1 # a\nb', 'number<1> word<b>'],
  ['postgres', '1 # 2', 'number<1> symbol<#> number<2>'],
  ['postgres', "'a\\' b", "string<'a\\'> word<b>"],
  ['mysql', "'a\\' b'", "string<'a\\' b'>"],
  ['sqlite', "'a\\' b", "string<'a\\'> word<b>"],
  ['postgres', "E'a\\' b'", "escape-string<E'a\\' b'>"],
  ['postgres', "xE'a\\' b", "word<xE> string<'a\\'> word<b>"],
  ['postgres', "$$ a; ' $$ $x$ $$ $y$ $x$", "string<$$ a; ' $$> string<$x$ $$ $y$ $x$>"],
  ['postgres', 'a$b$c', 'word<a$b$c>'],
  ['postgres', '$x$ $X$', 'unterminated string'],
  ['mysql', '"a\\" b" `c``d`', 'string<"a\\" b"> quoted-identifier<c`d>'],
  ['sqlite', '[a b] "c""d" `e`', 'quoted-identifier<a b> quoted-identifier<c"d> quoted-identifier<e>'],
  ['postgres', '1into', 'number<1> word<into>'],
  ['postgres', '$1', 'placeholder<$1>'],
  [
    'mysql',
    '/*!50000 a */ /*M! b */ /*+ c */',
    'obeyed-comment</*!50000 a */> obeyed-comment</*M! b */> obeyed-comment</*+ c */>',
  ],
  ['sqlite', "'never ends", 'unterminated string'],
  ['mysql', "'ends in a backslash\\'", 'unterminated string'],
  ['postgres', '"never ends', 'unterminated identifier'],
]

for (const [dialect, sql, expected] of vectors) {
  test(`${dialect} cuts ${JSON.stringify(sql)} as its server does`, t => {
    t.is(kindsOf(sql, dialect), expected)
  })
}

const soup = fc
  .array(
    fc.constantFrom(
      ...[
        "'",
        '"',
        '`',
        '[',
        ']',
        '\\',
        '/*',
        '*/',
        '--',
        '-- ',
        '#',
        '$$',
        '$a$',
        'E',
        "E'",
        ':a',
        '::',
        ';',
        '(',
        ')',
      ],
      ...['\n', '\r', ' ', '\0', 'select', 'into', '1', '.', '?', '@', '/*!', 'é', '\u00a0', '😀', '\ud800'],
    ),
    { maxLength: 60 },
  )
  .map(pieces => pieces.join(''))

test('any text is cut into tokens that follow each other and leave only blanks and comments between', t => {
  fc.assert(
    fc.property(soup, fc.constantFrom(...dialects), (sql, dialect) => {
      const cut = tokenizeSql(sql, dialect)
      if (cut.kind === 'unterminated') return cut.position < sql.length
      let end = 0
      for (const token of cut.tokens) {
        if (token.start < end || token.end <= token.start || token.end > sql.length) return false
        if (!/^(?:$|\s|-|\/|#)/.test(sql.slice(end, token.start))) return false
        end = token.end
      }
      return true
    }),
    { numRuns: 3_000 },
  )
  t.pass()
})

test('a text of some megabytes costs a time in proportion, however it is made', t => {
  const piecesOf = [
    "'",
    "\\'",
    '/*',
    '*/',
    '/**/',
    '--\n',
    '-- \r',
    '$a$',
    '$',
    'E',
    ':a ',
    '(',
    '1.',
    '"',
    '[',
    '\\',
  ]
  for (const dialect of dialects) {
    for (const piece of piecesOf) {
      for (const opening of ['', "'", '/*']) {
        const short = timeOf(opening + piece.repeat(100_000 / piece.length), dialect)
        // Ten times the text; a quadratic step would take a hundred times as long. The floor and the second and
        // third try absorb what the machine does meanwhile.
        const limit = 30 * Math.max(short, 15)
        const long = opening + piece.repeat(1_000_000 / piece.length)
        const isLinear = [1, 2, 3].some(() => timeOf(long, dialect) < limit)
        t.true(isLinear, `${dialect} ${JSON.stringify(opening + piece)}: ${short} ms, then above ${limit} ms`)
      }
    }
  }
})

/** Milliseconds of work of this thread: other tests share the machine, and this process with their threads. */
function timeOf(sql: string, dialect: SqlDialect): number {
  const start = process.threadCpuUsage()
  tokenizeSql(sql, dialect)
  const { user, system } = process.threadCpuUsage(start)
  return (user + system) / 1000
}
