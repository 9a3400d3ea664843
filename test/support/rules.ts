/** Rules for tests that are about something else. */
import { type RouteConditions, type RouteTable, usualRoutePolicy } from '../../server/store/routes.ts'

/** Everything, or what the conditions hold for, goes to these operators, best first. */
export function rulesTo(operatorIds: readonly number[], when: RouteConditions = {}): RouteTable {
  const operators = operatorIds.map((operatorId, index) => ({ operatorId, rank: index + 1, weight: 1 }))
  const rules = operators.length === 0 ? [] : [{ name: 'Test', isActive: true, when, operators }]
  return { ...usualRoutePolicy, rules }
}
