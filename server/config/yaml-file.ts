/**
 * The start-up file: a small, plain part of YAML, read without trust.
 *
 * Aliases, anchors and tags are refused: a setting needs none, and they are how a short file becomes a large one.
 */
import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from 'yaml'
import { type ConfigProblem, printable, problem } from './problem.ts'
import { keyOf } from './settings.ts'
import { emptyTree, type SettingsTree, type WrittenSettings } from './tree.ts'

/** Ten times the commented sample; parsing this much of the worst text takes a third of a second. */
export const largestFileBytes = 64 * 1024
/** Settings stand three levels deep; a list may stand in the deepest. */
const deepestLevel = 6

interface Reading extends WrittenSettings {
  problems: ConfigProblem[]
  originOf(node: unknown): string
}

/**
 * Reads the text of a start-up file.
 *
 * @param fileName as it is shown in a refusal
 * @returns what was written with the line of each key, and what could not be read; a key without a value counts as
 *   absent
 */
export function readYaml(text: string, fileName: string): WrittenSettings & { problems: ConfigProblem[] } {
  const lineCounter = new LineCounter()
  const reading: Reading = {
    tree: emptyTree(),
    origins: new Map(),
    problems: [],
    originOf: node => `${fileName} line ${lineOf(node, lineCounter)}`,
  }
  try {
    // Duplicate keys are found below: the library compares each key with every other.
    const document = parseDocument(text, {
      lineCounter,
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'silent',
    })
    for (const fault of [...document.errors, ...document.warnings].slice(0, 3)) {
      const { line } = lineCounter.linePos(fault.pos[0])
      const reason = fault.message.split('\n')[0] ?? ''
      reading.problems.push(
        problem(`${fileName} line ${line}`, `not readable as YAML: ${printable(reason, 200)}`),
      )
    }
    if (reading.problems.length === 0 && document.contents !== null) {
      const root = readNode(document.contents, [], reading)
      if (isMap(document.contents)) reading.tree = root as SettingsTree
      else if (root !== undefined) {
        const hint = 'found something else, expected settings, one "name: value" per line'
        reading.problems.push(problem(fileName, hint))
      }
    }
  } catch (error) {
    // The parser is recursive; text built to nest too deep ends it with a RangeError.
    const reason = error instanceof Error ? error.message : String(error)
    reading.problems.push(problem(fileName, `not readable as YAML: ${printable(reason, 200)}`))
  }
  return reading
}

function readNode(node: Node | null, path: string[], reading: Reading): unknown {
  const refuse = (what: string): undefined => {
    reading.problems.push(problem(keyOf(path) || 'the file', what, reading.originOf(node)))
  }
  if (node === null) return undefined
  if (path.length > deepestLevel) return refuse('nested too deep')
  if ('anchor' in node && node.anchor)
    return refuse('anchors (&name) are not accepted; write the value itself')
  if (isMap(node)) return readMap(node.items, path, reading)
  if (isSeq(node)) {
    return node.items.map((item, index) => readNode(item as Node | null, [...path, String(index)], reading))
  }
  if (!isScalar(node)) return refuse('aliases (*name) are not accepted; write the value itself')
  const { value } = node
  if (value === null) return undefined
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  return refuse('this kind of value is not accepted; write text, a number or a list')
}

function readMap(
  items: readonly { key: unknown; value: unknown }[],
  path: string[],
  reading: Reading,
): SettingsTree {
  const tree = emptyTree()
  const seen = new Set<string>()
  for (const { key, value } of items) {
    const origin = reading.originOf(key)
    if (!isScalar(key) || key.value === null) {
      reading.problems.push(problem(keyOf(path) || 'the file', 'found a key that is not a name', origin))
      continue
    }
    const name = String(key.value)
    const childPath = [...path, name]
    const full = keyOf(childPath)
    if (seen.has(name)) reading.problems.push(problem(full, 'written twice; keep one', origin))
    seen.add(name)
    reading.origins.set(full, origin)
    const child = readNode(value as Node | null, childPath, reading)
    if (child !== undefined) tree[name] = child
  }
  return tree
}

function lineOf(node: unknown, lineCounter: LineCounter): number {
  const range = (node as Node | null)?.range
  return range ? lineCounter.linePos(range[0]).line : 1
}
