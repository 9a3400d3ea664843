/** Passwords and private keys of sources and operators: sealed for their own row, so that none can be moved to another. */
import type { SecretBox } from './secrets.ts'

/** `write-back`: the account that writes into a source, by the source's id. */
export type PasswordOwner = 'source' | 'operator' | 'write-back'

/** A stored password that cannot be opened: the key file is another one, or the database was edited. */
export class PasswordNotReadable extends Error {
  override readonly name = 'PasswordNotReadable'
}

/** @param id of the row that keeps it */
export function sealPassword(box: SecretBox, owner: PasswordOwner, id: number, password: string): string {
  return box.seal(password, `${owner}:${id}`)
}

/**
 * @returns undefined when none is kept
 * @throws PasswordNotReadable
 */
export function openPassword(
  box: SecretBox,
  owner: PasswordOwner,
  { id, name, sealedPassword }: { id: number; name: string; sealedPassword: string | null },
): string | undefined {
  if (sealedPassword === null) return undefined
  const outcome = box.open(sealedPassword, `${owner}:${id}`)
  if (outcome.kind === 'opened') return outcome.plaintext
  throw new PasswordNotReadable(
    `the password of ${owner} ${name} cannot be read (${outcome.reason}): give it again, or put the former key file back`,
  )
}

/**
 * Operator settings as stored: the private key of a client certificate is as secret as the password, and stands sealed
 * as `tls.sealedKeyPem` in place of `tls.keyPem`.
 *
 * @param operatorId of the row that keeps it
 */
export function sealPrivateKey(
  box: SecretBox,
  operatorId: number,
  config: Record<string, unknown>,
): Record<string, unknown> {
  const tls = config.tls as Record<string, unknown> | undefined
  if (typeof tls?.keyPem !== 'string') return config
  const { keyPem, ...rest } = tls
  return { ...config, tls: { ...rest, sealedKeyPem: box.seal(keyPem as string, keyContext(operatorId)) } }
}

/**
 * The settings as the protocol takes them.
 *
 * @throws PasswordNotReadable
 */
export function openPrivateKey(
  box: SecretBox,
  { operatorId, name, config }: { operatorId: number; name: string; config: Record<string, unknown> },
): Record<string, unknown> {
  const tls = config.tls as Record<string, unknown> | undefined
  if (typeof tls?.sealedKeyPem !== 'string') return config
  const { sealedKeyPem, ...rest } = tls
  const outcome = box.open(sealedKeyPem as string, keyContext(operatorId))
  if (outcome.kind === 'opened') return { ...config, tls: { ...rest, keyPem: outcome.plaintext } }
  throw new PasswordNotReadable(
    `the private key of operator ${name} cannot be read (${outcome.reason}): give it again, or put the former key file back`,
  )
}

function keyContext(operatorId: number): string {
  return `operator:${operatorId}:key`
}
