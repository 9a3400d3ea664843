/** Puts files away that were read to their end and whose rows are safe in our store. */
import { constants } from 'node:fs'
import { copyFile, mkdir, rename, stat, unlink } from 'node:fs/promises'
import { join, parse } from 'node:path'
import { errorCode } from '../error-words.ts'
import { type FoundFile, isUnchanged } from './folder.ts'

/**
 * A file that changed since it was read stays: it holds rows that nobody read. So does one that is gone.
 *
 * @param now names files whose name is taken in the folder of processed ones
 * @throws errors of the file system; the files before are then moved
 */
export async function moveAway(files: Iterable<FoundFile>, target: string, now: Date): Promise<void> {
  await mkdir(target, { recursive: true })
  for (const file of files) if (await isUnchanged(file)) await moveFile(file, target, now)
}

async function moveFile({ path, name }: FoundFile, folder: string, now: Date): Promise<void> {
  const target = await freePath(folder, name, now)
  try {
    await rename(path, target)
  } catch (error) {
    if (errorCode(error) !== 'EXDEV') throw error
    // Another disk: the copy is complete before the original goes.
    await copyFile(path, target, constants.COPYFILE_EXCL)
    await unlink(path)
  }
}

/** `contrats.csv`, then `contrats.20270301T101500.csv`, then with a number: no processed file is written over. */
async function freePath(folder: string, name: string, now: Date): Promise<string> {
  const { name: stem, ext } = parse(name)
  const stamp = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')
  for (let number = 0; ; number += 1) {
    const middle = number === 0 ? '' : number === 1 ? `.${stamp}` : `.${stamp}-${number}`
    const path = join(folder, `${stem}${middle}${ext}`)
    const isTaken = await stat(path).then(
      () => true,
      () => false,
    )
    if (!isTaken) return path
  }
}
