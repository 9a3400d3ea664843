/**
 * Reads TypeScript without a compiler: enough to know what a file imports and what its code (not its comments or
 * its texts) calls. Offsets and line numbers stay those of the file.
 */

/** What opens code inside a template text. */
const hole = '$\u007b'

export interface Import {
  specifier: string
  line: number
  /** Erased at run time: `import type … from`. */
  isType: boolean
  /** `export … from`. */
  isReExport: boolean
}

/**
 * The code alone: comments and the insides of strings, regular expressions and template texts become spaces.
 * Quotes stay, and so does what stands in `${…}`.
 */
export function codeOf(source: string): string {
  const out = source.split('')
  const blank = (from: number, to: number): void => {
    for (let i = from; i < Math.min(to, out.length); i += 1) if (out[i] !== '\n') out[i] = ' '
  }
  /** Depth of braces at which each open `${` ends. */
  const templates: number[] = []
  let depth = 0
  let at = 0
  while (at < source.length) {
    const two = source.slice(at, at + 2)
    const one = source[at]!
    if (two === '//' || (at === 0 && two === '#!')) at = skip(endOf(source, '\n', at), blank, at)
    else if (two === '/*') at = skip(endOf(source, '*/', at + 2) + 2, blank, at)
    else if (one === "'" || one === '"') at = skipQuoted(source, at, one, blank)
    else if (one === '/' && startsRegExp(out, at)) at = skipRegExp(source, at, blank)
    else if (one === '`' || (one === '}' && templates.at(-1) === depth)) {
      if (one === '}') templates.pop()
      const end = endOfTemplateText(source, at + 1)
      blank(at + 1, end)
      if (source.startsWith(hole, end)) {
        templates.push(depth)
        at = end + 2
      } else at = end + 1
    } else {
      if (one === '{') depth += 1
      if (one === '}') depth -= 1
      at += 1
    }
  }
  return out.join('')
}

/** Every import, re-export and `import()` with a plain name. */
export function importsOf(source: string): Import[] {
  const code = codeOf(source)
  const found: Import[] = []
  const statement =
    /(?:^|[;\n])\s*(import|export)\b([^'";]*?)\bfrom\s*(['"])|(?:^|[;\n])\s*(import)\s*(['"])|\b(import)\s*\(\s*(['"])/g
  for (const match of code.matchAll(statement)) {
    const start = match.index + match[0].length
    const quote = code[start - 1]!
    const specifier = source.slice(start, code.indexOf(quote, start))
    found.push({
      specifier,
      line: lineAt(source, start),
      isType: /^\s*type\b/.test(match[2] ?? ''),
      isReExport: match[1] === 'export',
    })
  }
  return found
}

export function lineAt(source: string, offset: number): number {
  return source.slice(0, offset).split('\n').length
}

function skip(end: number, blank: (from: number, to: number) => void, from: number): number {
  blank(from, end)
  return end
}

function endOf(source: string, mark: string, from: number): number {
  const end = source.indexOf(mark, from)
  return end < 0 ? source.length : end
}

function skipQuoted(
  source: string,
  at: number,
  quote: string,
  blank: (from: number, to: number) => void,
): number {
  let end = at + 1
  while (end < source.length && source[end] !== quote && source[end] !== '\n')
    end += source[end] === '\\' ? 2 : 1
  blank(at + 1, end)
  return end + 1
}

function skipRegExp(source: string, at: number, blank: (from: number, to: number) => void): number {
  let end = at + 1
  let isInClass = false
  while (end < source.length && source[end] !== '\n' && (isInClass || source[end] !== '/')) {
    if (source[end] === '[') isInClass = true
    if (source[end] === ']') isInClass = false
    end += source[end] === '\\' ? 2 : 1
  }
  blank(at + 1, end)
  return end + 1
}

/** Where the text ends: at its closing back-quote or at `${`. */
function endOfTemplateText(source: string, from: number): number {
  let end = from
  while (end < source.length && source[end] !== '`' && !source.startsWith(hole, end)) {
    end += source[end] === '\\' ? 2 : 1
  }
  return end
}

/** A slash divides after a value and starts a regular expression anywhere else. */
function startsRegExp(out: readonly string[], at: number): boolean {
  const before = out
    .slice(Math.max(0, at - 200), at)
    .join('')
    .trimEnd()
  if (before === '') return true
  if (/\b(return|typeof|case|in|of|await|yield|throw|else)$/.test(before)) return true
  return !/[\w$)\]}'"`]$/.test(before)
}
