/** Which files are the product's own: no source may name them. */
import { dirname, join } from 'node:path'
import type { OwnFiles } from '../connectors/sources/own-files.ts'
import type { Config } from './config.ts'
import type { DatabaseConfig } from './store/database.ts'

/** The demo keeps its customer beside the store, so that one directory is all of a demo. */
const demoInsurer = 'insurer.db'

/** The data directory (store, journal, traces, backups, start-up file) and what the configuration put elsewhere. */
export function ownFilesOf(
  database: DatabaseConfig,
  config?: Pick<Config, 'dataDirectory' | 'keyFile' | 'logFile' | 'http'>,
): OwnFiles {
  const storeFile = database.kind === 'sqlite' ? database.file : null
  const { dataDirectory = null, keyFile = null, logFile = null, http } = config ?? {}
  const named = [dataDirectory, keyFile, logFile, http?.tls?.keyFile ?? null, storeFile]
  const directory = dataDirectory ?? (storeFile === null ? null : dirname(storeFile))
  return {
    paths: named.filter(path => path !== null),
    except: directory === null ? [] : [join(directory, demoInsurer)],
  }
}
