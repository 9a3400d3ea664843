/**
 * Which files a source may not name: those of the product itself. Whoever may set up a source would else read the key
 * file, the password hashes and every message through it.
 */
import { realpath, stat } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { SourceError } from '../source.ts'

export interface OwnFiles {
  /** Directories with all that is in them, and files with what stands beside them under a longer name (-wal). */
  paths: readonly string[]
  /** Files in those directories that are not the product's: the insurer of the demo. */
  except: readonly string[]
}

/**
 * @param path absolute; need not exist
 * @throws SourceError `source-unreachable` when it is, or leads by links to, a file of the product
 */
export async function refuseOwnFile(path: string, own: OwnFiles | undefined, place: string): Promise<void> {
  if (own === undefined) return
  const real = await realPath(path)
  for (const exception of own.except) if (isSameOrBeside(real, await realPath(exception))) return
  for (const ownPath of own.paths) {
    const realOwn = await realPath(ownPath)
    const isOwn = isWithin(real, realOwn) || (isSameOrBeside(real, realOwn) && !(await isDirectory(realOwn)))
    if (!isOwn) continue
    const message = `${place}: "${path}" belongs to this product's own files (its store, keys and logs) and is no source. Put the customer's file into another directory.`
    throw new SourceError('source-unreachable', message, { reason: 'own-files' })
  }
}

/** Without links, as far as it exists. */
async function realPath(path: string): Promise<string> {
  const whole = resolve(path)
  try {
    return await realpath(whole)
  } catch {
    const parent = dirname(whole)
    return parent === whole ? whole : join(await realPath(parent), basename(whole))
  }
}

function isWithin(path: string, directory: string): boolean {
  const way = relative(directory, path)
  // Absolute: on another drive.
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

/** `rappel.db-wal` and `secret.key.old` are as telling as the file itself; `keystore.mdb` is no neighbour of `key`. */
function isSameOrBeside(path: string, file: string): boolean {
  const [name, own] = [basename(path), basename(file)]
  return (
    dirname(path) === dirname(file) && name.startsWith(own) && /^(?:$|[-.~])/.test(name.slice(own.length))
  )
}

/** What stands beside a directory under a longer name is another directory. */
async function isDirectory(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found?.isDirectory() === true
}

/** Where packages put drivers. A library is code: one that somebody put elsewhere must not run as ours. */
const libraryDirectories = ['/usr', '/lib', '/lib64', '/opt', 'C:\\Windows\\System32', 'C:\\Program Files']

/** @throws SourceError for a library that lies, also by links, outside where drivers are installed */
export async function refuseStrayLibrary(path: string, place: string): Promise<void> {
  const real = await realPath(path)
  const isUsual = libraryDirectories.some(directory => isWithin(real.toLowerCase(), directory.toLowerCase()))
  if (isUsual) return
  const message = `${place}: the library "${path}" lies outside the directories of installed drivers (${libraryDirectories.join(', ')}). Install the driver there, or name it as odbcinst.ini does.`
  throw new SourceError('source-unreachable', message, { reason: 'stray-library' })
}
