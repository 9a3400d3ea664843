/** Whether a pasted text holds what its field is for: told when it is saved, not at the first handshake. */
import { createPrivateKey, X509Certificate } from 'node:crypto'

/** @returns whether the text begins with a readable certificate; Node itself passes over one that it cannot read */
export function isCertificatePem(text: string): boolean {
  return isReadable(() => new X509Certificate(text))
}

/** @returns whether the text is a private key without passphrase */
export function isPrivateKeyPem(text: string): boolean {
  return isReadable(() => createPrivateKey(text))
}

function isReadable(read: () => unknown): boolean {
  try {
    read()
    return true
  } catch {
    return false
  }
}
