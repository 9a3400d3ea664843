/**
 * The kinds of source. Adding one is a file beside this one, a line in the map below and a test file; README.md names the
 * other lists that know it.
 */
import type { z } from 'zod'
import type { Source, SourceWriter } from '../source.ts'
import { accessConfigSchema, openAccess } from './access.ts'
import { filesConfigSchema, openFiles } from './files.ts'
import { lateSource, lateWriter } from './late-source.ts'
import { mssqlConfigSchema } from './mssql-config.ts'
import { openMysql } from './mysql.ts'
import { mysqlConfigSchema } from './mysql-connection.ts'
import { openMysqlWriter } from './mysql-writer.ts'
import { openOdbc, openOdbcWriter } from './odbc.ts'
import { odbcConfigSchema } from './odbc-config.ts'
import { openOracle, openOracleWriter } from './oracle.ts'
import { oracleConfigSchema } from './oracle-connection.ts'
import { openPostgres } from './postgres.ts'
import { postgresConfigSchema } from './postgres-connection.ts'
import { openPostgresWriter } from './postgres-writer.ts'
import { restConfigSchema } from './rest/rest-settings.ts'
import { openRest } from './rest.ts'
import { soapConfigSchema } from './soap/soap-settings.ts'
import { openSoap } from './soap.ts'
import type { SourceContext } from './source-context.ts'
import { openSqlite, sqliteConfigSchema } from './sqlite.ts'
import { openSqliteWriter } from './sqlite-writer.ts'

export interface SourceKind {
  configSchema: z.ZodType
  /**
   * Makes a source; it connects at the first read, not before.
   *
   * @param config settings as stored, with the password in plain
   * @throws z.ZodError when they are not those of the kind
   */
  open(config: unknown, context: SourceContext): Source
  /** Present on kinds that can be written back to; `config` names the account that may. */
  openWriter?(config: unknown, context: SourceContext): SourceWriter
}

export const sourceKinds = {
  sqlite: kind(sqliteConfigSchema, openSqlite, openSqliteWriter),
  postgres: kind(postgresConfigSchema, openPostgres, openPostgresWriter),
  /** MySQL and MariaDB. */
  mysql: kind(mysqlConfigSchema, openMysql, openMysqlWriter),
  /** Microsoft SQL Server. */
  mssql: kind(
    mssqlConfigSchema,
    (config, context) => lateSource(async () => (await import('./mssql.ts')).openMssql(config, context)),
    (config, context) =>
      lateWriter(async () => (await import('./mssql-writer.ts')).openMssqlWriter(config, context)),
  ),
  oracle: kind(oracleConfigSchema, openOracle, openOracleWriter),
  odbc: kind(odbcConfigSchema, openOdbc, openOdbcWriter),
  /** Microsoft Access files. */
  access: kind(accessConfigSchema, openAccess),
  /** CSV and Excel files in a folder. */
  files: kind(filesConfigSchema, openFiles),
  /** Web services that answer JSON or XML. */
  rest: kind(restConfigSchema, openRest),
  soap: kind(soapConfigSchema, openSoap),
}

export type SourceKindName = keyof typeof sourceKinds

function kind<Schema extends z.ZodType>(
  configSchema: Schema,
  open: (config: z.output<Schema>, context: SourceContext) => Source,
  openWriter?: (config: z.output<Schema>, context: SourceContext) => SourceWriter,
): SourceKind & { configSchema: Schema } {
  return {
    configSchema,
    open: (config, context) => open(configSchema.parse(config), context),
    ...(openWriter !== undefined && {
      openWriter: (config, context) => openWriter(configSchema.parse(config), context),
    }),
  }
}
