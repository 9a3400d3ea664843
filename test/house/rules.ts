/** The rules themselves: pure, each gives the offences in the files it is handed, as `path:line what`. */
import { posix } from 'node:path'
import { isWithin, type ProjectFile, roomOf } from './files.ts'
import {
  clockFiles,
  defaultExportFiles,
  environmentFolders,
  longFiles,
  longFolders,
  mostLines,
  rooms,
} from './rooms.ts'
import { codeOf, type Import, importsOf, lineAt } from './scanner.ts'

/** Imports against the direction of the rooms, of packages a room may not use, or of Node where a browser runs. */
export function wrongImports(files: readonly ProjectFile[]): string[] {
  return offences(files, (file, one) => {
    const room = rooms.find(({ path }) => path === roomOf(file.path))
    if (room === undefined) return 'stands in no room'
    const { specifier } = one
    if (specifier.startsWith('node:'))
      return room.hasNode ? undefined : `${room.path} must not import ${specifier}`
    if (!specifier.startsWith('.')) {
      const name = specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/')
      const isAllowed = room.packages.includes('*') || room.packages.includes(name)
      return isAllowed ? undefined : `${room.path} must not import the package ${name}`
    }
    if (!/\.(ts|tsx|json|css)$/.test(specifier)) return `${specifier} has no ending`
    const target = targetOf(file.path, one)
    // package.json names the version of the product.
    if (target === 'package.json') return undefined
    const targetRoom = roomOf(target)
    if (targetRoom === room.path || room.imports.includes('*')) return undefined
    if (targetRoom !== undefined && room.imports.includes(targetRoom)) return undefined
    return `${room.path} must not import ${targetRoom ?? target}`
  })
}

/** Files that import each other in a ring, each ring once. Types count: a ring of types cannot be read either. */
export function cycles(files: readonly ProjectFile[]): string[] {
  const graph = new Map(
    files.map(({ path, text }) => {
      const targets = importsOf(text)
        .filter(({ specifier }) => specifier.startsWith('.'))
        .map(one => targetOf(path, one))
      return [path, targets] as const
    }),
  )
  const done = new Set<string>()
  const found: string[] = []
  const visit = (path: string, trail: string[]): void => {
    const seenAt = trail.indexOf(path)
    if (seenAt >= 0) found.push([...trail.slice(seenAt), path].join(' -> '))
    if (seenAt >= 0 || done.has(path)) return
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path])
    done.add(path)
  }
  for (const path of graph.keys()) visit(path, [])
  return found
}

export function longerThanAllowed(files: readonly ProjectFile[]): string[] {
  return files
    .filter(({ path }) => !longFiles.includes(path) && !longFolders.some(folder => isWithin(path, folder)))
    .map(({ path, text }) => ({ path, lines: text.trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > mostLines)
    .map(({ path, lines }) => `${path} has ${lines} lines`)
}

/**
 * Asking the machine for the time, or setting timers, outside the clock.
 *
 * setImmediate is allowed: it yields to the event loop and measures nothing.
 */
export function clockUses(files: readonly ProjectFile[]): string[] {
  const others = files.filter(({ path }) => !clockFiles.includes(path))
  const call =
    /\bDate\.now\b|\bnew\s+Date\s*(?:\(\s*\)|(?![\s\w(<$]))|(?<!new\s)(?<![.\w])\bDate\(\s*\)|\bset(?:Timeout|Interval)\b|\bAbortSignal\.timeout\b|\bperformance\.now\b|\bprocess\.hrtime\b/g
  const imported = offences(others, (_, { specifier }) =>
    /^node:timers/.test(specifier) ? `imports ${specifier}` : undefined,
  )
  return [...matches(others, call), ...imported]
}

export function environmentUses(files: readonly ProjectFile[]): string[] {
  const others = files.filter(({ path }) => !environmentFolders.some(folder => isWithin(path, folder)))
  return matches(others, /\bprocess\s*\??\.\s*env\b|\bimport\s*\{[^}]*\benv\b[^}]*\}\s*from\s*'\s+'/g)
}

/** Drawers that take in whatever has no name of its own. */
export function drawers(files: readonly ProjectFile[]): string[] {
  const drawer = /(^|\/)(utils?|commons?|shared|types?|misc|lib)(\.[\w.]+)?(\/|$)/
  return files.filter(({ path }) => drawer.test(path)).map(({ path }) => path)
}

export function barrels(files: readonly ProjectFile[]): string[] {
  return offences(files, (_, one) => (one.isReExport ? `hands on ${one.specifier}` : undefined))
}

export function defaultExports(files: readonly ProjectFile[]): string[] {
  return matches(
    files.filter(({ path }) => !defaultExportFiles.includes(path)),
    /\bexport\s+default\b|\bexport\s*\{[^}]*\bas\s+default\b/g,
  )
}

/** Directories of one person's machine. */
export function machinePaths(files: readonly ProjectFile[]): string[] {
  return matches(files, /(?<![\w.~-])\/(?:work|root|tmp|home|Users)\/\w/g, text => text)
}

/** Marks of work left undone; it goes into an issue instead. */
export function unfinishedMarks(files: readonly ProjectFile[]): string[] {
  return matches(
    files,
    new RegExp(`\\b(?:${['TO' + 'DO', 'FIX' + 'ME', 'X'.repeat(3)].join('|')})\\b`, 'g'),
    text => text,
  )
}

/** First cells of the rows of a Markdown table below a heading; `code` marks are taken off. */
export function tableRows(markdown: string, heading: string): string[][] {
  const lines = markdown.split('\n')
  const start = lines.findIndex(line => /^#+ /.test(line) && line.replace(/^#+ /, '').trim() === heading)
  if (start < 0) return []
  const rest = lines.slice(start + 1)
  const end = rest.findIndex(line => /^#+ /.test(line))
  return rest
    .slice(0, end < 0 ? undefined : end)
    .filter(line => line.startsWith('|'))
    .slice(2)
    .map(line =>
      line
        .split('|')
        .slice(1, -1)
        .map(cell => cell.trim().replace(/^`(.*)`$/, '$1')),
    )
}

function targetOf(path: string, { specifier }: Import): string {
  return posix.normalize(posix.join(posix.dirname(path), specifier))
}

function offences(
  files: readonly ProjectFile[],
  judge: (file: ProjectFile, one: Import) => string | undefined,
): string[] {
  return files.flatMap(file =>
    importsOf(file.text).flatMap(one => {
      const offence = judge(file, one)
      return offence === undefined ? [] : [`${file.path}:${one.line} ${offence}`]
    }),
  )
}

function matches(
  files: readonly ProjectFile[],
  pattern: RegExp,
  read: (text: string) => string = codeOf,
): string[] {
  return files.flatMap(({ path, text }) => {
    const searched = read(text)
    return [...searched.matchAll(pattern)].map(
      match => `${path}:${lineAt(searched, match.index)} ${match[0].trim()}`,
    )
  })
}
