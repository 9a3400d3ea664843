/** Compiled code kept between starts: it halves the time until a reading process gives its first row, and saves memory. */
import { enableCompileCache, getCompileCacheDir } from 'node:module'
import { dirname, join } from 'node:path'

/**
 * In the data directory, which nobody else may write to: who can write here can run code. Node keeps it apart by
 * version and by the contents of each file, and goes on without it when the disk is full. May be deleted at any time.
 *
 * @param dataDirectory made private and held by this process
 */
export function keepCompiledCode(dataDirectory: string): void {
  enableCompileCache(join(dataDirectory, 'compile-cache'))
}

/**
 * Options of Node for a process or thread that keeps what it compiles where this process does, when it does: with the
 * cache it need not load what strips types, some 10 MB each. By an import, since an environment variable would also
 * reach what a driver starts.
 */
export function sharedCompileCache(): string[] {
  const directory = getCompileCacheDir()
  if (directory === undefined) return []
  // What is told is the folder of this version of Node within the one that was given.
  const enable = `import { enableCompileCache } from 'node:module'; enableCompileCache(${JSON.stringify(dirname(directory))})`
  return [`--import=data:text/javascript,${encodeURIComponent(enable)}`]
}
