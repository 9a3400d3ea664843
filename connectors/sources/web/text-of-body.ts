/** The bytes of an answer to text, and which of JSON and XML they are. Pure. */
import iconv from 'iconv-lite'
import type { ReadingSettings } from '../settings.ts'
import { decodeText } from '../text-values.ts'

/** What an answer is not; `words` are for the administrator. */
export class UnreadableAnswer extends Error {
  override readonly name = 'UnreadableAnswer'
  readonly advice: string

  constructor(words: string, advice: string) {
    super(words)
    this.advice = advice
  }
}

/**
 * @param contentType the header; a charset in it, or in an XML declaration, counts when the bytes are not UTF-8
 * @param encoding what other bytes are read as when nobody says
 */
export function textOfBody(
  body: Uint8Array,
  contentType: string,
  encoding: ReadingSettings['encoding'],
): string {
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const isUtf16 = buffer.length >= 2 && [0xfeff, 0xfffe].includes(buffer.readUInt16BE(0))
  const told = isUtf16 ? 'utf-16' : (charsetOf(contentType) ?? declaredEncoding(buffer))
  const text = isReadableCharset(told) ? iconv.decode(buffer, asWindows(told)) : decodeText(buffer, encoding)
  return text.startsWith('\ufeff') ? text.slice(1) : text
}

/** @throws UnreadableAnswer for a page made for people, for an empty answer and for anything else */
export function formatOf(text: string, contentType: string): 'json' | 'xml' {
  const start = /^\s*(?:<\?xml[^>]*>\s*)?(.{0,100})/s.exec(text)?.[1] ?? ''
  if (/^<(?:!doctype\s+html|html)\b/i.test(start)) {
    const title = /<title[^>]*>\s*([^<]{1,100})/i.exec(text.slice(0, 20_000))?.[1]?.trim()
    const words = `the answer is a page for people${title === undefined ? '' : ` ("${title}")`}, not data`
    throw new UnreadableAnswer(
      words,
      'Check the address and the login: it may be a login page or one of a proxy.',
    )
  }
  if (/^[{[]/.test(start)) return 'json'
  if (start.startsWith('<')) return 'xml'
  const type = contentType === '' ? 'without a content type' : `of type ${contentType.slice(0, 80)}`
  const words = start === '' ? 'the answer is empty' : `the answer is neither JSON nor XML (${type})`
  throw new UnreadableAnswer(words, 'Check the address and the request.')
}

function charsetOf(contentType: string): string | undefined {
  return /charset\s*=\s*"?([\w.:-]{1,40})/i.exec(contentType)?.[1]
}

function declaredEncoding(buffer: Buffer): string | undefined {
  return /^\s*<\?xml[^>]*\bencoding\s*=\s*["']([\w.:-]{1,40})/.exec(buffer.toString('latin1', 0, 200))?.[1]
}

function isReadableCharset(name: string | undefined): name is string {
  return name !== undefined && !/^(?:utf-?8|us-ascii|ascii)$/i.test(name) && iconv.encodingExists(name)
}

/** Latin-1 is read as the Windows letters, as every browser does: old services say one and write the other. */
function asWindows(name: string): string {
  return /^(?:iso-?8859-?1|latin-?1)$/i.test(name) ? 'cp1252' : name
}
