/** What is wrong with rules that only the prefix tables and the calendar know. The store checks the rest. Pure. */
import type { RouteRule } from '../../store/routes.ts'
import { hoursProblem } from './hours.ts'
import { type Network, networkKey } from './networks.ts'

/** A misspelt network would never match, in silence. */
export function ruleProblems(rules: readonly RouteRule[], networks: readonly Network[]): string[] {
  const known = new Set(networks.map(({ country, code }) => networkKey(country, code)))
  return rules.flatMap(({ name, when }, index) => {
    const where = `rule ${index + 1} ${JSON.stringify(name)}`
    const unknown = (when.networks ?? []).filter(key => !known.has(key))
    const hours = when.hours === undefined ? null : hoursProblem(when.hours)
    return [
      ...unknown.map(key => `${where}: there is no network ${key}`),
      ...(hours === null ? [] : [`${where}: ${hours}`]),
    ]
  })
}
