/**
 * Lets one UPDATE of one table through and nothing else. Pure.
 *
 * The way back has no read-only transaction behind it, so this guard is stricter than the one for SELECT: what stands
 * outside parentheses must be the words of `UPDATE name SET … WHERE …`, operand and operator by turns. Two operands
 * side by side are refused whatever they are, because T-SQL starts a new statement there without a semicolon.
 */
import {
  type GuardOptions,
  isQualified,
  isSymbol,
  isWord,
  type RefusalReason,
  readTokens,
  refusalInOdbc,
  refusalOf,
  withPlaceholders,
} from './select-guard.ts'
import type { SqlDialect, SqlToken } from './sql-tokens.ts'

export type UpdateRefusalReason =
  | Exclude<RefusalReason, 'not-a-select'>
  | 'not-an-update'
  /** The table is not one name of at most three parts, or there are several. */
  | 'not-one-table'
  | 'no-where'
  /** Without a parameter in its WHERE every message would change the same rows. */
  | 'no-parameter-in-where'
  /** RETURNING or OUTPUT: rows are read by queries. */
  | 'returns-rows'
  /** Two operands side by side: a second statement, or words that only parentheses make plain. */
  | 'beyond-one-update'

export type UpdateVerdict =
  | {
      kind: 'update'
      /** What is sent: named parameters became the driver's placeholders, a final semicolon is gone. */
      statement: string
      /** One name per value to hand over, in order. */
      parameterNames: string[]
    }
  | {
      kind: 'refused'
      reason: UpdateRefusalReason
      /** Offset in the statement, in UTF-16 units. */
      position: number
      /** The offending place, at most 40 characters. */
      excerpt: string
    }

/**
 * Words that stand between two operands, or before one. Every other word is an operand: a column, a value. Only words
 * reserved everywhere: where `MOD` is a column, `a = MOD SHUTDOWN` is two statements.
 */
const operators = new Set([
  ...['AS', 'SET', 'WHERE', 'AND', 'OR', 'NOT', 'IN', 'IS', 'LIKE', 'BETWEEN', 'ESCAPE', 'COLLATE'],
  ...['CASE', 'WHEN', 'THEN', 'ELSE', 'EXISTS', 'ANY', 'ALL', 'SOME'],
])
const dialectOperators: Partial<Record<SqlDialect, ReadonlySet<string>>> = {
  mysql: new Set(['DIV', 'MOD', 'XOR', 'REGEXP', 'RLIKE']),
  postgres: new Set(['ILIKE']),
  sqlite: new Set(['GLOB', 'REGEXP']),
}
/** Words that belong to the string after them: `DATE '2027-01-31'`, `N'…'`. */
const stringPrefixes = new Set(['DATE', 'TIME', 'TIMESTAMP', 'N', 'X', 'B'])
/** Above three a part names another server. */
const mostNameParts = 3

/**
 * @param sql one UPDATE of one table with a WHERE; parameters are written `:name`, at least one in the WHERE
 * @returns the statement to send, or why it is refused; never throws
 */
export function checkUpdate(sql: string, dialect: SqlDialect, options: GuardOptions = {}): UpdateVerdict {
  const isOdbc = options.placeholders === 'odbc'
  const refuse = (reason: UpdateRefusalReason, position: number): UpdateVerdict => {
    return { kind: 'refused', reason, position, excerpt: sql.slice(position, position + 40) }
  }
  const cut = readTokens(sql, dialect)
  if (cut.kind === 'refused') return refuse(cut.reason, cut.position)
  const { tokens } = cut
  const [first] = tokens
  if (!isWord(first, 'UPDATE')) return refuse('not-an-update', first?.start ?? 0)

  const outer: SqlToken[] = []
  let depth = 0
  for (const [index, token] of tokens.entries()) {
    if (isSymbol(token, ')')) depth -= 1
    if (depth < 0) return refuse('unbalanced-parentheses', token.start)
    const reason = index === 0 ? undefined : reasonOf(tokens, index, { dialect, isOdbc, depth })
    if (reason !== undefined) return refuse(reason, token.start)
    if (depth === 0) outer.push(token)
    if (isSymbol(token, '(')) depth += 1
  }
  if (depth > 0) return refuse('unbalanced-parentheses', tokens.at(-1)!.start)

  const wrong = wrongShape(outer, dialect) ?? wrongWhere(tokens, outer)
  if (wrong !== undefined) return refuse(wrong.reason, wrong.token.start)
  return { kind: 'update', ...withPlaceholders(sql, tokens, isOdbc ? 'odbc' : dialect) }
}

interface Wrong {
  reason: UpdateRefusalReason
  token: SqlToken
}

function reasonOf(
  tokens: readonly SqlToken[],
  index: number,
  { dialect, isOdbc, depth }: { dialect: SqlDialect; isOdbc: boolean; depth: number },
): UpdateRefusalReason | undefined {
  const token = tokens[index]!
  const inOdbc = isOdbc ? refusalInOdbc(tokens, index) : undefined
  if (inOdbc !== undefined) return inOdbc
  if (depth === 0 && !isQualified(tokens, index) && isWord(token, 'RETURNING', 'OUTPUT'))
    return 'returns-rows'
  const reason = refusalOf(tokens, index, dialect)
  return reason === 'not-a-select' ? 'not-an-update' : reason
}

/** @param outer the tokens outside parentheses; the parentheses themselves among them */
function wrongShape(outer: readonly SqlToken[], dialect: SqlDialect): Wrong | undefined {
  const set = outer.findIndex(token => isWord(token, 'SET'))
  if (set === -1) return { reason: 'not-an-update', token: outer[0]! }
  const target = outer.slice(1, set)
  if (!isOneName(target)) return { reason: 'not-one-table', token: target[0] ?? outer[set]! }

  for (let index = set + 1; index < outer.length; index += 1) {
    const token = outer[index]!
    if (isWord(token, 'SET') && !isQualified(outer, index)) return { reason: 'beyond-one-update', token }
    if (areSideBySide(outer, index, dialect)) return { reason: 'beyond-one-update', token }
  }
  return undefined
}

/** `name`, `schema.name`, `base..name`, each with `AS alias` or without. */
function isOneName(tokens: readonly SqlToken[]): boolean {
  const as = tokens.findIndex(token => isWord(token, 'AS'))
  const name = as === -1 ? tokens : tokens.slice(0, as)
  const alias = as === -1 ? undefined : tokens.slice(as + 1)
  if (alias !== undefined && (alias.length !== 1 || !isName(alias[0]!))) return false
  const parts = name.filter(isName)
  const dots = name.length - parts.length
  if (parts.length === 0 || dots >= mostNameParts) return false
  return name.every((token, index) => {
    if (isSymbol(token, '.')) return index > 0 && index < name.length - 1
    return isName(token) && (index === 0 || isSymbol(name[index - 1]!, '.'))
  })
}

function isName(token: SqlToken): boolean {
  return token.kind === 'quoted-identifier' || (token.kind === 'word' && !isOperator(token))
}

/** Whether the token at `index` begins an operand where one has just ended. */
function areSideBySide(outer: readonly SqlToken[], index: number, dialect: SqlDialect): boolean {
  const before = outer[index - 1]!
  const token = outer[index]!
  if (!endsOperand(outer, index - 1, dialect)) return false
  if (isSymbol(token, '(')) return before.kind !== 'word' && before.kind !== 'quoted-identifier'
  if (token.kind === 'symbol') return false
  if (isQualified(outer, index)) return false
  if (token.kind === 'string' && before.kind === 'word' && stringPrefixes.has(before.text.toUpperCase())) {
    return isQualified(outer, index - 1)
  }
  return !isOperator(token, dialect) && !isWord(token, 'END')
}

function endsOperand(outer: readonly SqlToken[], index: number, dialect: SqlDialect): boolean {
  const token = outer[index]!
  if (token.kind === 'symbol') return token.text === ')' || token.text === ']'
  return isQualified(outer, index) || !isOperator(token, dialect)
}

function isOperator(token: SqlToken, dialect?: SqlDialect): boolean {
  if (token.kind !== 'word') return false
  const word = token.text.toUpperCase()
  return operators.has(word) || (dialect !== undefined && dialectOperators[dialect]?.has(word) === true)
}

function wrongWhere(tokens: readonly SqlToken[], outer: readonly SqlToken[]): Wrong | undefined {
  const wheres = outer.filter((token, index) => isWord(token, 'WHERE') && !isQualified(outer, index))
  const [where, second] = wheres
  if (where === undefined) return { reason: 'no-where', token: outer[0]! }
  if (second !== undefined) return { reason: 'beyond-one-update', token: second }
  const hasParameter = tokens.some(token => token.kind === 'parameter' && token.start > where.start)
  return hasParameter ? undefined : { reason: 'no-parameter-in-where', token: where }
}
