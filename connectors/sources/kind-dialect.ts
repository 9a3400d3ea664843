/** Which SQL a source speaks: what guards its statements, and what a ready-made query is written in. */
import type { SourceKindName } from './kinds.ts'
import { type OdbcConfig, presetOf } from './odbc-config.ts'
import type { GuardOptions } from './select-guard.ts'
import type { SqlDialect } from './sql-tokens.ts'

/** Files and web services answer as tables of a private SQLite database. */
const dialects: Record<Exclude<SourceKindName, 'odbc'>, SqlDialect> = {
  sqlite: 'sqlite',
  postgres: 'postgres',
  mysql: 'mysql',
  mssql: 'mssql',
  oracle: 'oracle',
  access: 'sqlite',
  files: 'sqlite',
  rest: 'sqlite',
  soap: 'sqlite',
}

/** @param config settings as stored, through the kind's schema: behind ODBC stands whatever they name */
export function dialectOfSource(kind: SourceKindName, config: unknown): SqlDialect {
  return kind === 'odbc' ? presetOf(config as OdbcConfig).dialect : dialects[kind]
}

/** How the statements of a kind are checked. */
export function guardOptionsOf(kind: SourceKindName): GuardOptions {
  return kind === 'odbc' ? { placeholders: 'odbc' } : {}
}
