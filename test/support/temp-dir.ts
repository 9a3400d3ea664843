/** Temporary directories that disappear with the test that asked for them. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The part of AVA's `t` that helpers need. */
export interface Teardown {
  teardown(run: () => void | Promise<void>): void
}

/** An empty directory, mode 0700, removed with all its content when the test ends. */
export function tempDir(t: Teardown): string {
  const path = mkdtempSync(join(tmpdir(), 'rappel-test-'))
  t.teardown(() => rmSync(path, { recursive: true, force: true, maxRetries: 3 }))
  return path
}
