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

/** Options of Node for a process that keeps what it compiles where this one does, when it does. */
export function sharedCompileCache(): string[] {
  const enabling = enablingCode()
  return enabling === null ? [] : [`--import=${moduleOf(enabling)}`]
}

/**
 * The module of a thread that keeps what it compiles where this one does, when it does: with the cache it need not load
 * what strips types, some 10 MB each.
 */
export function withCompiledCode(module: URL): URL {
  const enabling = enablingCode()
  return enabling === null
    ? module
    : new URL(moduleOf(`${enabling}; await import(${JSON.stringify(module.href)})`))
}

/** By code, since an environment variable would also reach what a driver starts. */
function enablingCode(): string | null {
  const directory = getCompileCacheDir()
  if (directory === undefined) return null
  // What is told is the folder of this version of Node within the one that was given.
  return `import { enableCompileCache } from 'node:module'; enableCompileCache(${JSON.stringify(dirname(directory))})`
}

function moduleOf(code: string): string {
  return `data:text/javascript,${encodeURIComponent(code)}`
}
