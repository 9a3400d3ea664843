/** Whether the package `odbc` and the drivers of the machine are there for tests. */
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { serverAvailable } from './server-process.ts'

/**
 * `const driverTest = odbcAvailable('SQLite3') ? test : test.skip`
 *
 * @param driver as `odbcinst -q -d` names it
 * @throws when RAPPEL_TEST_REQUIRE_SERVERS=1 and something is absent: nothing is skipped there
 */
export function odbcAvailable(driver: string): boolean {
  const hasPackage = serverAvailable('npm package odbc (npm install --no-save odbc@2.6.0)', packagePath())
  const hasDriver = serverAvailable(`ODBC driver ${driver}`, listedDriver(driver))
  return hasPackage && hasDriver
}

function packagePath(): string | undefined {
  try {
    const load = createRequire(import.meta.url)
    load('odbc')
    return load.resolve('odbc')
  } catch {
    return undefined
  }
}

function listedDriver(driver: string): string | undefined {
  try {
    const listed = execFileSync('odbcinst', ['-q', '-d'], { encoding: 'utf8' })
    return listed.includes(`[${driver}]`) ? driver : undefined
  } catch {
    return undefined
  }
}
