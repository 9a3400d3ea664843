/** Reading a small text file whose size and kind nobody promised. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'

export type FileText =
  | { kind: 'text'; text: string }
  | { kind: 'absent'; reason: string }
  | { kind: 'unreadable'; reason: string }

/** Never throws; reads nothing of a file above `maxBytes`. */
export type ReadFile = (path: string, maxBytes: number) => FileText

export const readTextFile: ReadFile = (path, maxBytes) => {
  let file: number | undefined
  try {
    // Opening a pipe nobody writes to would wait for ever without O_NONBLOCK (absent on Windows).
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    const status = fstatSync(file)
    if (!status.isFile()) return { kind: 'unreadable', reason: 'it is not a regular file' }
    if (status.size > maxBytes) {
      return { kind: 'unreadable', reason: `it has ${status.size} bytes, at most ${maxBytes} are accepted` }
    }
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file))
    return { kind: 'text', text }
  } catch (error) {
    return refusal(error)
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

function refusal(error: unknown): FileText {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ENOENT' || code === 'ENOTDIR') return { kind: 'absent', reason: 'it does not exist' }
  if (code === 'EACCES' || code === 'EPERM') return { kind: 'unreadable', reason: 'permission denied' }
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA')
    return { kind: 'unreadable', reason: 'it is not UTF-8 text' }
  return { kind: 'unreadable', reason: error instanceof Error ? error.message : String(error) }
}
