/** Passwords of sources and operators: sealed for their own row, so that none can be moved to another. */
import type { SecretBox } from './secrets.ts'

export type PasswordOwner = 'source' | 'operator'

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
