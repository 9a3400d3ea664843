/** Settings as they were written, by section, and where each one was. */

/** Without a prototype, so that a key named `__proto__` is a key like any other. */
export interface SettingsTree {
  [name: string]: unknown
}

export interface WrittenSettings {
  tree: SettingsTree
  /** By key: `http.port` -> `rappel.yaml line 4`. */
  origins: Map<string, string>
}

export function emptyTree(): SettingsTree {
  return Object.create(null) as SettingsTree
}

export function isTree(value: unknown): value is SettingsTree {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Writes one value, making the sections on its way.
 *
 * A section that is written as a plain value stays as it is: the schema then refuses it by name.
 */
export function writeAt(tree: SettingsTree, path: readonly string[], value: unknown): void {
  const [name, ...rest] = path
  if (name === undefined) return
  if (rest.length === 0) {
    tree[name] = value
    return
  }
  const section = tree[name] ?? emptyTree()
  tree[name] = section
  if (isTree(section)) writeAt(section, rest, value)
}
