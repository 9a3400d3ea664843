/** Where the running server listens: a file in the data directory, for the commands. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const fileName = 'server.json'
const addressSchema = z.object({ url: z.url().max(500) })

export function writeAddress(dataDirectory: string, url: string): void {
  writeFileSync(join(dataDirectory, fileName), `${JSON.stringify({ url })}\n`, { mode: 0o600 })
}

/** null while the server is starting, or when it could not write the file. */
export function readAddress(dataDirectory: string): string | null {
  try {
    return addressSchema.parse(JSON.parse(readFileSync(join(dataDirectory, fileName), 'utf8'))).url
  } catch {
    return null
  }
}

export function removeAddress(dataDirectory: string): void {
  rmSync(join(dataDirectory, fileName), { force: true })
}
