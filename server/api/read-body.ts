/** Reads a JSON body within its limit. A reader of our own: one copy, one parse, refusals with a code. */
import { isUtf8 } from 'node:buffer'
import type { IncomingMessage } from 'node:http'
import { RappelError } from '../errors.ts'

export interface JsonBody {
  value: unknown
  /** As it came; empty when there was none. */
  bytes: Buffer
}

/**
 * @throws RappelError `invalid-request` for another type, encoding or text that is not JSON; `payload-too-large`
 */
export async function readJson(request: IncomingMessage, mostBytes: number): Promise<JsonBody> {
  const { headers } = request
  const announced = Number(headers['content-length'] ?? 0)
  if (announced > mostBytes) throw tooLarge(mostBytes)
  const bytes = await readBytes(request, mostBytes)
  if (bytes.length === 0) return { value: undefined, bytes }
  refuseOtherTypes(headers)
  if (!isUtf8(bytes)) throw unreadable('text in UTF-8', 'other bytes')
  try {
    return { value: JSON.parse(bytes.toString('utf8')), bytes }
  } catch (error) {
    // The parser's message may quote the body, which may hold a password: only the place is told.
    const place = /at position (\d+)/.exec(String(error))?.[1]
    throw unreadable('JSON', place === undefined ? 'text that is not JSON' : `not JSON at position ${place}`)
  }
}

function readBytes(request: IncomingMessage, mostBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    request.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length <= mostBytes) chunks.push(chunk)
      // What follows is read and dropped, so that the client gets the answer and not a broken pipe.
      else reject(tooLarge(mostBytes))
    })
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
    request.on('error', reject)
    request.on('close', () => {
      if (!request.complete) reject(unreadable('the whole body', 'a connection that was cut'))
    })
  })
}

function refuseOtherTypes(headers: IncomingMessage['headers']): void {
  const type = headers['content-type'] ?? ''
  if (type !== 'application/json' && !/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type)) {
    throw headerRefused('content-type', 'application/json', type.slice(0, 100) || 'nothing')
  }
  const encoding = headers['content-encoding'] ?? 'identity'
  // A body of kilobytes may unpack to gigabytes; messages are short enough without.
  if (encoding !== 'identity') throw headerRefused('content-encoding', 'identity', encoding.slice(0, 100))
}

function tooLarge(mostBytes: number): RappelError {
  return new RappelError('payload-too-large', { mostBytes })
}

function headerRefused(header: string, expected: string, received: string): RappelError {
  return new RappelError('invalid-request', { issues: [{ path: `header.${header}`, expected, received }] })
}

function unreadable(expected: string, received: string): RappelError {
  return new RappelError('invalid-request', { issues: [{ path: 'body', expected, received }] })
}
