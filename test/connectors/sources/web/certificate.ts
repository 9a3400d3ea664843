/** A certificate for 127.0.0.1 and localhost, made by the openssl command. */
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { tempDir } from '../../../support/temp-dir.ts'

/** Where the command is missing these tests are counted as skipped. */
export const tlsTest = spawnSync('openssl', ['version']).status === 0 ? test : test.skip

export function selfSigned(t: ExecutionContext): { cert: string; key: string } {
  const folder = tempDir(t)
  const files = { key: join(folder, 'key.pem'), cert: join(folder, 'cert.pem') }
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const subject = ['-subj', '/CN=service', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost']
  const out = ['-keyout', files.key, '-out', files.cert]
  execFileSync('openssl', ['req', '-x509', ...curve, ...subject, ...out], { stdio: 'ignore' })
  return { cert: readFileSync(files.cert, 'utf8'), key: readFileSync(files.key, 'utf8') }
}
