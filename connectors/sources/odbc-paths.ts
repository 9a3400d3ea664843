/** The files that an ODBC source names, wherever its settings can name one, and whether it may. */
import { delimiter, isAbsolute, resolve } from 'node:path'
import type { OdbcConfig } from './odbc-config.ts'
import { type OwnFiles, refuseOwnFile, refuseStrayLibrary } from './own-files.ts'

/** Keys whose value is loaded as code: the driver itself, and extensions of the SQLite driver. */
const libraryKey = /^\s*(?:driver\w*|loadext|setup|translat\w+)\s*$/i
const libraryName = /\.(?:so|dll|dylib)(?:\.\d+)*$/i
const hasDirectory = /[/\\]/

/**
 * @throws SourceError for a file of the product and for a library outside the directories of installed drivers. What
 *   a data source of odbc.ini names is for the machine's administrator.
 */
export async function checkOdbcPaths(
  config: OdbcConfig,
  ownFiles: OwnFiles | undefined,
  place: string,
): Promise<void> {
  const { driver, file, database, dsn, options, environment, connectionString = '' } = config
  const keys = [...Object.entries(options), ...keysOf(connectionString)]
  if (driver !== undefined) keys.push(['Driver', driver])
  for (const [key, value] of keys) {
    for (const part of value.split(',')) {
      const isLibrary = libraryKey.test(key) || libraryName.test(part.trim())
      if (isLibrary && hasDirectory.test(part)) await refuseStrayLibrary(fullPath(part), place)
    }
  }
  for (const directory of listOf(environment.LD_LIBRARY_PATH)) {
    await refuseStrayLibrary(fullPath(directory), place)
  }
  const named = [file, database, dsn, ...keys.map(([, value]) => value), ...Object.values(environment)]
  for (const value of named) {
    for (const part of new Set([value ?? '', ...listOf(value)])) {
      if (hasDirectory.test(part)) await refuseOwnFile(fullPath(part), ownFiles, place)
    }
  }
}

function listOf(value: string | undefined): string[] {
  return (value ?? '').split(delimiter).filter(part => part !== '')
}

/** The driver's process stands in the root directory (reading-process.ts); SQLite also takes `file:` addresses. */
function fullPath(value: string): string {
  const address = /^\s*file:(?:\/\/(?:localhost)?(?=\/))?([^?#]*)/i.exec(value)
  const path = address === null ? value.trim() : decoded(address[1]!)
  return isAbsolute(path) ? resolve(path) : resolve('/', path)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Keys and values of a connection string; a value in braces may hold anything. */
function keysOf(text: string): [string, string][] {
  const pairs = text.matchAll(/\s*([^=;]+)=\s*(?:\{((?:[^}]|\}\})*)\}|([^;]*))(?:;|$)/g)
  return [...pairs].map(([, key = '', braced, plain = '']) => [key, (braced ?? plain).replaceAll('}}', '}')])
}
