/** Write-back through a driver's process: one process per update, which is rare and must not hold a session open. */
import type { SourceWriter } from '../source.ts'
import { type WriteRequest, writeRows } from './row-writing.ts'

export function openDriverWriter(
  request: Omit<WriteRequest, 'update' | 'isRehearsal' | 'signal'>,
): SourceWriter {
  return {
    update: (update, signal) => writeRows({ ...request, update, signal }),
    rehearse: (update, signal) => writeRows({ ...request, update, signal, isRehearsal: true }),
    close: async () => undefined,
  }
}
