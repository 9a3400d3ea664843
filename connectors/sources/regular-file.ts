/** Opening files that others put there: only regular ones. A pipe would hold a thread of the process for ever. */
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

/** What is at a path is no file; `code` as those of the file system. */
export class NotAFile extends Error {
  override readonly name = 'NotAFile'
  readonly code = 'NOT-A-FILE'
}

/**
 * Opens for reading, without waiting for anybody: a pipe opens at once and is then seen to be one.
 *
 * @throws NotAFile; errors of the file system
 */
export async function openRegularFile(path: string): Promise<FileHandle> {
  // Windows knows no such pipes among files, and no such flag.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  try {
    if ((await file.stat()).isFile()) return file
    throw new NotAFile('it is no regular file (a directory, a pipe or a device)')
  } catch (error) {
    await file.close()
    throw error
  }
}

/**
 * All of it, as long as it is when it is opened; less when it shrinks meanwhile. In one piece: Node's own `readFile` reads
 * many small ones, which takes twice as long.
 *
 * @throws as `openRegularFile`
 */
export async function readRegularFile(path: string): Promise<Buffer<ArrayBuffer>> {
  const file = await openRegularFile(path)
  try {
    const { size } = await file.stat()
    const bytes = Buffer.allocUnsafeSlow(size)
    let length = 0
    for (let count = -1; count !== 0 && length < size; length += count) {
      count = (await file.read(bytes, length, size - length, length)).bytesRead
    }
    return bytes.subarray(0, length)
  } finally {
    await file.close()
  }
}
