/** The files of the project, read from the disk: what git would track, without needing git. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rooms } from './rooms.ts'

export interface ProjectFile {
  /** From the root, with `/`. */
  path: string
  text: string
}

const root = fileURLToPath(new URL('../..', import.meta.url))
const leftOut = new Set([
  'node_modules',
  '.git',
  'data',
  'demo-data',
  'coverage',
  'dist',
  '.bench',
  'package-lock.json',
])
const textFile = /\.(ts|tsx|js|css|html|md|json|ya?ml|sh|ps1|service|sql)$|(^|\/)(LICENSE|run|\.gitignore)$/

/** Every text file of the project, by path. */
export function projectFiles(): ProjectFile[] {
  return list('')
    .filter(path => textFile.test(path))
    .map(path => ({ path, text: readFileSync(join(root, path), 'utf8') }))
}

/** TypeScript of the rooms, tests included. */
export function sourceFiles(): ProjectFile[] {
  return projectFiles().filter(({ path }) => /\.tsx?$/.test(path) && roomOf(path) !== undefined)
}

/** TypeScript that is delivered. */
export function productFiles(): ProjectFile[] {
  return sourceFiles().filter(({ path }) => !path.startsWith('test/'))
}

/** A file that must be there. */
export function readProjectFile(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

export function exists(path: string): boolean {
  return existsSync(join(root, path))
}

export function roomOf(path: string): string | undefined {
  return rooms
    .map(room => room.path)
    .filter(room => isWithin(path, room))
    .sort((a, b) => b.length - a.length)[0]
}

/** Whether the path is this file or stands in this folder. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`)
}

function list(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(entry => !leftOut.has(entry.name))
    .flatMap(entry => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.isDirectory()) return list(path)
      return entry.isFile() ? [path] : []
    })
    .sort()
}
