/** Paths to values in an answer, JSON or XML (as xml-text.ts makes it plain). Pure. */

/** A name, a place in a list, or every element of a list. */
export type PathStep = string | number | '[*]'

/** Longer than any that a person writes. */
const mostSteps = 30

/**
 * @param text `data.items`, `$.a[*].b`, `a/b/item`, `["odd.name"].x`; a slash anywhere outside quotes makes slashes the
 *   separator, and dots then belong to names. Namespace prefixes stay here; XML walks ignore them.
 * @returns undefined when it is none
 */
export function parsePath(text: string): PathStep[] | undefined {
  const separator = text.replace(/\["(?:[^"\\]|\\.)*"\]/g, '').includes('/') ? '/' : '.'
  const name = separator === '/' ? /[^/[\]\s][^/[\]]*/y : /[^.[\]\s][^.[\]]*/y
  const steps: PathStep[] = []
  let at = text.startsWith('$') ? 1 : 0
  if (text.startsWith('/')) at = 1
  if (at === 1 && text.length === 1) return []
  while (at < text.length) {
    if (text[at] === '[') {
      const bracket = /\[(?:(\*)|(\d{1,6})|("(?:[^"\\]|\\.)*"))\]/y
      bracket.lastIndex = at
      const found = bracket.exec(text)
      if (found === null) return undefined
      steps.push(bracketStep(found))
      at = bracket.lastIndex
    } else {
      if (text[at] === separator) at += 1
      else if (steps.length > 0) return undefined
      name.lastIndex = at
      const found = name.exec(text)
      if (found === null) return undefined
      steps.push(found[0])
      at = name.lastIndex
    }
    if (steps.length > mostSteps) return undefined
  }
  return steps.length === 0 ? undefined : steps
}

function bracketStep([, every, index, quoted]: RegExpExecArray): PathStep {
  if (every !== undefined) return '[*]'
  return index === undefined ? quoted!.slice(1, -1).replace(/\\(.)/g, '$1') : Number(index)
}

type Walked =
  | { kind: 'found'; value: unknown }
  /** `parent` is what the missing step was looked for in. */
  | { kind: 'absent'; step: PathStep; parent: unknown }

/** Turns a reference of an old SOAP encoding into what it refers to; the identity elsewhere. */
export type Resolve = (value: unknown) => unknown

/**
 * Follows a path. A name asked of a list is asked of each element, and the answers are one list: services write one
 * element as a list or not as they like. An element without the name is passed over.
 */
export function walk(value: unknown, steps: readonly PathStep[], resolve: Resolve): Walked {
  let current = resolve(value)
  for (const step of steps) {
    const next = stepInto(current, step, resolve)
    if (next === undefined) return { kind: 'absent', step, parent: current }
    current = next
  }
  return { kind: 'found', value: current }
}

function stepInto(value: unknown, step: PathStep, resolve: Resolve): unknown {
  if (step === '[*]') return Array.isArray(value) ? value.map(resolve) : undefined
  if (Array.isArray(value)) {
    if (typeof step === 'number') return value[step] === undefined ? undefined : resolve(value[step])
    const found = value.flatMap(element => stepInto(resolve(element), step, resolve) ?? [])
    return found.length === 0 && value.length > 0 ? undefined : found
  }
  if (typeof step === 'number') return step === 0 ? value : undefined
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
  return resolve((value as Record<string, unknown>)[step])
}
