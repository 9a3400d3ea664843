/**
 * Lets one SELECT through and nothing else. Pure.
 *
 * It is the first of three locks: the statement then runs in a read-only transaction (or on a file opened
 * read-only), under an account that should have no right to write. Being the first it may refuse too much (an
 * unquoted column called `update`), never too little.
 */
import { type SqlDialect, type SqlToken, tokenizeSql } from './sql-tokens.ts'

/** A query a person maintains fits many times; the limit bounds the work of every later pass. */
export const maxStatementLength = 100_000

export type RefusalReason =
  | 'empty'
  | 'too-long'
  | 'unterminated'
  | 'unbalanced-parentheses'
  | 'not-a-select'
  | 'several-statements'
  | 'writes'
  | 'writes-into'
  | 'locks-rows'
  | 'obeyed-comment'
  | 'dangerous-function'
  | 'unknown-placeholder'
  | 'unreadable-quoting'

export type GuardVerdict =
  | {
      kind: 'select'
      /** What is sent: named parameters became the driver's placeholders, a final semicolon is gone. */
      statement: string
      /** One name per value to hand over, in order. */
      parameterNames: string[]
    }
  | {
      kind: 'refused'
      reason: RefusalReason
      /** Offset in the query, in UTF-16 units. */
      position: number
      /** The offending place, at most 40 characters. */
      excerpt: string
    }

const writeVerbs = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE', 'REPLACE', 'UPSERT'])
/** Also functions: MySQL's `INSERT(text, …)` and everybody's `REPLACE(text, …)`. */
const verbsThatAreFunctions = new Set(['INSERT', 'REPLACE'])
const lockWords = new Set(['UPDATE', 'SHARE', 'NO', 'KEY'])

/**
 * Functions that leave the read-only ground: files, other connections, other sessions, settings, sequences, locks,
 * and those that execute SQL handed over as text. Sleeping is not listed: the time limit ends it.
 */
const dangerousFunctions: Record<SqlDialect, RegExp> = {
  postgres:
    /^(?:pg_(?:read|ls|stat|file)_\w*(?:file|dir)\w*|pg_file_\w+|pg_stat_file|lo_\w+|lowrite|dblink\w*|pg_(?:terminate|cancel)_backend|pg_(?:reload_conf|rotate_logfile\w*|promote|switch_\w+|create_\w+|drop_\w+|copy_\w+|sync_\w+|backup_\w+|start_backup|stop_backup|wal_replay_\w+|logical_\w+|replication_\w+|import_\w+|notify|export_snapshot|log_\w+|stat_reset\w*|stat_statements_reset|prewarm|truncate_visibility_map)|pg_(?:try_)?advisory_\w+|set_config|nextval|setval|query_to_xml\w*|cursor_to_xml\w*|binary_upgrade_\w+|pg_nextoid|pg_stop_making_pinned_objects|ts_stat|ts_rewrite|crosstab\w*|connectby|xpath_table|gin_clean_pending_list|brin_(?:de)?summarize_\w+|heap_force_\w+)$/,
  mysql:
    /^(?:load_file|sys_(?:exec|eval|get|set)|lib_mysqludf\w*|(?:get|release)_lock|release_all_locks|nextval|setval|(?:master|source)_(?:pos|gtid)_wait|wait_for_executed_gtid_set|service_\w+|set_user_var)$/,
  sqlite: /^(?:load_extension|readfile|writefile|fts3_tokenizer|edit|zipfile|lsmode|eval)$/,
}

/**
 * @param sql one SELECT or WITH … SELECT; parameters are written `:name`
 * @returns the statement to send, or why it is refused; never throws
 */
export function checkSelect(sql: string, dialect: SqlDialect): GuardVerdict {
  const refuse = (reason: RefusalReason, position: number): GuardVerdict => {
    return { kind: 'refused', reason, position, excerpt: sql.slice(position, position + 40) }
  }
  if (sql.length > maxStatementLength) return refuse('too-long', maxStatementLength)
  // Servers and drivers in C end the text at a NUL.
  const nul = sql.indexOf('\0')
  if (nul !== -1) return refuse('unreadable-quoting', nul)

  const cut = tokenizeSql(sql, dialect)
  if (cut.kind === 'unterminated') return refuse('unterminated', cut.position)
  const tokens = withoutFinalSemicolons(cut.tokens)
  if (tokens.length === 0) return refuse('empty', 0)

  const first = tokens.find(token => token.text !== '(')
  if (!isWord(first, 'SELECT', 'WITH')) return refuse('not-a-select', first?.start ?? 0)
  let depth = 0
  for (const [index, token] of tokens.entries()) {
    if (token.text === '(' && token.kind === 'symbol') depth += 1
    if (token.text === ')' && token.kind === 'symbol') depth -= 1
    if (depth < 0) return refuse('unbalanced-parentheses', token.start)
    const reason = refusalOf(tokens, index, dialect)
    if (reason !== undefined) return refuse(reason, token.start)
  }
  if (depth > 0) return refuse('unbalanced-parentheses', tokens.at(-1)?.start ?? 0)
  return { kind: 'select', ...withPlaceholders(sql, tokens, dialect) }
}

/** Why the token at `index`, seen with its neighbours, cannot stand in a SELECT. */
function refusalOf(
  tokens: readonly SqlToken[],
  index: number,
  dialect: SqlDialect,
): RefusalReason | undefined {
  const token = tokens[index]!
  const next = tokens[index + 1]
  switch (token.kind) {
    case 'obeyed-comment':
      return 'obeyed-comment'
    case 'placeholder':
      return 'unknown-placeholder'
    case 'symbol':
      return token.text === ';' ? 'several-statements' : undefined
    case 'escape-string':
      // PostgreSQL joins strings over a line end and keeps reading backslashes as escapes in the second one.
      return next?.kind === 'string' ? 'unreadable-quoting' : undefined
    case 'quoted-identifier':
      return callsDangerousFunction(token, next, dialect) ? 'dangerous-function' : undefined
    case 'word':
      return refusalOfWord(tokens, index, dialect)
    default:
      return undefined
  }
}

function refusalOfWord(
  tokens: readonly SqlToken[],
  index: number,
  dialect: SqlDialect,
): RefusalReason | undefined {
  const token = tokens[index]!
  const next = tokens[index + 1]
  if (callsDangerousFunction(token, next, dialect)) return 'dangerous-function'
  // U&"…" spells an identifier in escapes, which would hide a function's name.
  const isUnicodeName = dialect === 'postgres' && isWord(token, 'U') && next?.text === '&'
  if (isUnicodeName && tokens[index + 2]?.kind === 'quoted-identifier') return 'unreadable-quoting'
  if (isQualified(tokens, index)) return undefined

  if (isWord(token, 'FOR') && next?.kind === 'word' && lockWords.has(next.text.toUpperCase())) {
    return 'locks-rows'
  }
  if (isWord(token, 'LOCK') && isWord(next, 'IN')) return 'locks-rows'
  if (isWord(token, 'INTO')) return 'writes-into'
  if (isWord(token, 'NEXT') && isWord(next, 'VALUE')) return 'writes'
  const verb = token.text.toUpperCase()
  if (!writeVerbs.has(verb)) return undefined
  return verbsThatAreFunctions.has(verb) && next?.text === '(' ? undefined : 'writes'
}

/** `table.word` is a column whatever the word is. */
function isQualified(tokens: readonly SqlToken[], index: number): boolean {
  const owner = tokens[index - 2]
  return tokens[index - 1]?.text === '.' && (owner?.kind === 'word' || owner?.kind === 'quoted-identifier')
}

function callsDangerousFunction(token: SqlToken, next: SqlToken | undefined, dialect: SqlDialect): boolean {
  return next?.text === '(' && dangerousFunctions[dialect].test(token.text.toLowerCase())
}

function isWord(token: SqlToken | undefined, ...words: string[]): boolean {
  return token?.kind === 'word' && words.includes(token.text.toUpperCase())
}

function withoutFinalSemicolons(tokens: readonly SqlToken[]): SqlToken[] {
  const isSemicolon = (token: SqlToken): boolean => token.kind === 'symbol' && token.text === ';'
  return tokens.slice(0, tokens.findLastIndex(token => !isSemicolon(token)) + 1)
}

/** PostgreSQL numbers its placeholders, so a name used twice is one value; MySQL counts question marks. */
function withPlaceholders(
  sql: string,
  tokens: readonly SqlToken[],
  dialect: SqlDialect,
): { statement: string; parameterNames: string[] } {
  const names: string[] = []
  const pieces: string[] = []
  let copied = tokens[0]?.start ?? 0
  for (const token of tokens) {
    if (token.kind !== 'parameter') continue
    const name = token.text.slice(1)
    const known = dialect === 'mysql' ? -1 : names.indexOf(name)
    if (known === -1) names.push(name)
    const number = known === -1 ? names.length : known + 1
    pieces.push(
      sql.slice(copied, token.start),
      { postgres: `$${number}`, mysql: '?', sqlite: token.text }[dialect],
    )
    copied = token.end
  }
  pieces.push(sql.slice(copied, tokens.at(-1)?.end))
  return { statement: pieces.join(''), parameterNames: names }
}
