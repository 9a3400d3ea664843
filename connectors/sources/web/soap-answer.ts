/** The body of a SOAP envelope, or the fault in it. Pure. */
import { UnreadableAnswer } from './text-of-body.ts'
import { xmlText } from './xml-text.ts'

/** What the service itself says went wrong. */
export class SoapFault extends Error {
  override readonly name = 'SoapFault'
  /** `faultcode` of 1.1; of 1.2 the codes from the outermost to the innermost. */
  readonly code: string

  constructor(code: string, reason: string) {
    super(reason)
    this.code = code
  }

  /** Whether the service refused who asks: WS-Security 1.1 section 12, and what services make of it. */
  get isLogin(): boolean {
    return /FailedAuthentication|FailedCheck|InvalidSecurity|MessageExpired|Unauthori[sz]ed|SecurityTokenUnavailable/i.test(
      `${this.code} ${this.message}`,
    )
  }
}

/** More than is told of it: who tells it first takes the secrets out, which may have this length themselves. */
const mostReasonLength = 8_192

/**
 * @param root an envelope as xml-text.ts makes it plain
 * @throws SoapFault, UnreadableAnswer when it is no envelope
 */
export function soapBody(root: Record<string, unknown>): unknown {
  const envelope = root.Envelope
  if (typeof envelope !== 'object' || envelope === null || !('Body' in envelope)) {
    const words = `the answer is no SOAP envelope with a body (its root is ${Object.keys(root).join(', ').slice(0, 80)})`
    throw new UnreadableAnswer(
      words,
      'Check the endpoint: it may be the address of a description or of a page.',
    )
  }
  const body = (envelope as { Body: unknown }).Body
  if (typeof body !== 'object' || body === null) return body
  const fault = (body as { Fault?: unknown }).Fault
  if (fault !== undefined) throw faultOf(fault)
  return body
}

function faultOf(fault: unknown): SoapFault {
  const in11 = child(fault, 'faultstring')
  if (in11 !== undefined) return new SoapFault(texts(child(fault, 'faultcode')), texts(in11))
  const code = child(fault, 'Code')
  const codes = [texts(child(code, 'Value')), texts(child(child(code, 'Subcode'), 'Value'))].filter(
    text => text !== '',
  )
  return new SoapFault(codes.join(' / '), texts(child(child(fault, 'Reason'), 'Text')))
}

function child(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return (value as Record<string, unknown>)[name]
}

/** A reason may be told in several languages: the first counts. */
function texts(value: unknown): string {
  const one = Array.isArray(value) ? value[0] : value
  return (xmlText(one) ?? '').replace(/\s+/g, ' ').slice(0, mostReasonLength)
}
