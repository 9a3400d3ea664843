/** Secrets taken out of what a service says: some repeat the header or the password that they refuse. */
import { SourceError } from '../../source.ts'
import { errorCode } from '../error-words.ts'
import { escapeJson } from './request-template.ts'

/** Shorter ones would cut every word. */
const fewestSigns = 3
/** So much of a secret's beginning is taken for it: texts are cut, and a secret with them. */
const tellingStart = 8
/** A cause of a cause is deep. */
const mostCauses = 5

export class KnownSecrets {
  readonly #spelled = new Set<string>()

  /** @param secrets as they are sent; their other spellings are known with them */
  add(...secrets: readonly string[]): void {
    for (const secret of secrets) for (const text of spellingsOf(secret)) this.#spelled.add(text)
  }

  /** The text with `***` where a secret stood. */
  hide(text: string): string {
    // The longest first: a token may hold another secret.
    const secrets = [...this.#spelled].sort((a, b) => b.length - a.length)
    return secrets.reduce(hideOne, text)
  }

  /** The same error without secrets, whatever it came from. */
  hideIn(error: unknown): unknown {
    if (!this.#isTelling(error, mostCauses)) return error
    return error instanceof SourceError ? this.#hiddenSource(error) : this.#hiddenOther(error, mostCauses)
  }

  #hiddenSource(error: SourceError): SourceError {
    const told = Object.entries(error.details).map(
      ([name, value]) => [name, typeof value === 'string' ? this.hide(value) : value] as const,
    )
    const cause = this.#hiddenOther(error.cause, mostCauses)
    return new SourceError(error.code, this.hide(error.message), Object.fromEntries(told), cause)
  }

  #hiddenOther(error: unknown, deeper: number): unknown {
    if (!(error instanceof Error) || deeper === 0) return undefined
    const cause = this.#hiddenOther(error.cause, deeper - 1)
    const code = errorCode(error)
    const told = { name: error.name, ...(code !== '' && { code: this.hide(code) }) }
    const hidden = Object.assign(new Error(this.hide(error.message), { cause }), told)
    hidden.stack = this.hide(error.stack ?? '')
    return hidden
  }

  #isTelling(error: unknown, deeper: number): boolean {
    if (!(error instanceof Error) || deeper === 0) return false
    const details = error instanceof SourceError ? Object.values(error.details).map(String) : []
    const texts = [error.message, error.stack ?? '', errorCode(error), ...details]
    return texts.some(text => this.hide(text) !== text) || this.#isTelling(error.cause, deeper - 1)
  }
}

function spellingsOf(secret: string): string[] {
  const encoded = [
    secret,
    secret.trim(),
    secret.replace(/\s+/g, ' '),
    encodeURIComponent(secret.toWellFormed()),
    new URLSearchParams({ v: secret }).toString().slice(2),
    escapeJson(secret),
    secret.replace(/[&<>"']/g, sign => `&#${sign.charCodeAt(0)};`),
    Buffer.from(secret).toString('base64'),
  ]
  return encoded.filter(text => text.length >= fewestSigns)
}

function hideOne(text: string, secret: string): string {
  const start = secret.slice(0, tellingStart)
  let hidden = ''
  let done = 0
  for (let at = text.indexOf(start); at !== -1; at = text.indexOf(start, done)) {
    let end = at + start.length
    while (end - at < secret.length && text[end] === secret[end - at]) end += 1
    hidden += `${text.slice(done, at)}***`
    done = end
  }
  return hidden + text.slice(done)
}
