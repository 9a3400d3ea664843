/** Settings with a password in them: what is stored, what is sealed, what is shown. */
import { isDeepStrictEqual } from 'node:util'
import type { z } from 'zod'
import { invalidRequest, parseKnown } from '../issues.ts'

export interface SplitConfig {
  /** As the kind's schema gives it, defaults included, without the password. */
  config: Record<string, unknown>
  /** undefined when none was given. */
  password: string | undefined
}

/**
 * Checks the settings of a kind and takes the password out.
 *
 * @throws RappelError `invalid-request` naming each field below `body.config`
 */
export function splitPassword(schema: z.ZodType, input: Record<string, unknown>): SplitConfig {
  const { password: _default, ...config } = parseKnown(schema, input, 'body.config') as Record<
    string,
    unknown
  >
  // Asked of the input: the schema fills in an empty password where none was given.
  return { config, password: typeof input.password === 'string' ? input.password : undefined }
}

/** The settings as shown: a private key is as secret as a password. */
export function shownConfig(config: Record<string, unknown>): Record<string, unknown> {
  const { password: _password, tls, ...rest } = config
  if (typeof tls !== 'object' || tls === null) return tls === undefined ? rest : { ...rest, tls }
  const { sealedKeyPem: _sealed, ...shownTls } = tls as Record<string, unknown>
  return { ...rest, tls: shownTls }
}

/** The settings without the private key, for a row whose id is not known yet. */
export function withoutPrivateKey(config: Record<string, unknown>): Record<string, unknown> {
  const tls = config.tls as Record<string, unknown> | undefined
  if (tls?.keyPem === undefined) return config
  const { keyPem: _keyPem, ...rest } = tls
  return { ...config, tls: rest }
}

/** A private key is not shown, so that an editor cannot send it back: an update without one keeps it. */
export function keepPrivateKey(
  config: Record<string, unknown>,
  before: Record<string, unknown>,
): Record<string, unknown> {
  const tls = config.tls as Record<string, unknown> | undefined
  const tlsBefore = before.tls as Record<string, unknown> | undefined
  if (tls === undefined || tls.sealedKeyPem !== undefined || tlsBefore?.sealedKeyPem === undefined)
    return config
  return { ...config, tls: { ...tls, sealedKeyPem: tlsBefore.sealedKeyPem } }
}

/**
 * A kept password goes to the server it was given for and to no other: whoever may edit settings must not learn it
 * by naming a server of their own.
 *
 * @param fields settings that say where the password goes
 * @throws RappelError `invalid-request`
 */
export function refuseMovedPassword(
  after: Record<string, unknown>,
  before: Record<string, unknown>,
  fields: readonly string[],
): void {
  const moved = fields.filter(field => !isDeepStrictEqual(after[field], before[field]))
  if (moved.length === 0) return
  throw invalidRequest([
    {
      path: 'body.config.password',
      expected: `the password, because of another ${moved.join(', ')}`,
      received: 'nothing',
    },
  ])
}
