/** Debian's mdbtools: another reader of Access files, by which ours is checked. */
import { execFileSync } from 'node:child_process'
import { findProgram, serverAvailable } from './server-process.ts'

/** `const toolsTest = mdbtoolsAvailable() ? test : test.skip` */
export function mdbtoolsAvailable(): boolean {
  return serverAvailable('mdbtools', findProgram('mdb-export', ['/usr/bin', '/usr/local/bin']))
}

/** For example `JET3`. */
export function toolsVersion(path: string): string {
  return run('mdb-ver', [path]).trim()
}

export function toolsTables(path: string): string[] {
  return run('mdb-tables', ['-1', path]).trim().split('\n')
}

/** Rows of texts; NULL is `∅`. Values hold no tab and no end of line. */
export function toolsRows(path: string, table: string): string[][] {
  const asText = ['-H', '-Q', '-d', '\t', '-0', '∅', '-b', 'hex', '-T', '%Y-%m-%d %H:%M:%S']
  return run('mdb-export', [...asText, path, table])
    .trimEnd()
    .split('\n')
    .map(line => line.split('\t'))
}

/** The `CREATE TABLE`s, by which types are told. */
export function toolsSchema(path: string): string {
  return run('mdb-schema', [path])
}

function run(command: string, args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', env: { ...process.env, LC_ALL: 'C.UTF-8' } })
}
