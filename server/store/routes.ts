/** Which operators carry which numbers. The table is small and always replaced as a whole. */
import type { Knex } from 'knex'
import { RappelError } from '../errors.ts'
import { auditIn, type Change } from './audit.ts'

export interface RouteRecord {
  /** First digits of the international number, at most 15; empty for every number. */
  prefix: string
  /** 1 is tried first. */
  rank: number
  operatorId: number
}

/** Far above any numbering plan; keeps one request from filling the table. */
const routeLimit = 5_000

export async function listRoutes(knex: Knex): Promise<RouteRecord[]> {
  const rows = await knex('routes').orderBy(['prefix', 'rank'])
  return rows.map(row => ({ prefix: row.prefix, rank: row.rank, operatorId: row.operator_id }))
}

/**
 * Puts these routes in the place of all others.
 *
 * @throws RappelError `invalid-request` whose `details.problems` name each route that cannot stand
 */
export function replaceRoutes(knex: Knex, routes: readonly RouteRecord[], change: Change): Promise<void> {
  return knex.transaction(async transaction => {
    const operatorIds: number[] = await transaction('operators').whereNull('deleted_at').pluck('id')
    const problems = problemsOf(routes, new Set(operatorIds))
    if (problems.length > 0) throw new RappelError('invalid-request', { problems })
    await transaction('routes').delete()
    if (routes.length > 0) {
      const rows = routes.map(({ prefix, rank, operatorId }) => ({ prefix, rank, operator_id: operatorId }))
      await transaction.batchInsert('routes', rows, 200)
    }
    const detail = { routes: routes.slice(0, 200), count: routes.length }
    await auditIn(transaction, change, 'update', { noun: 'routes', nounId: 'all', detail })
  })
}

function problemsOf(routes: readonly RouteRecord[], operatorIds: ReadonlySet<number>): string[] {
  if (routes.length > routeLimit) return [`${routes.length} routes are more than ${routeLimit}`]
  const seen = new Set<string>()
  return routes.flatMap(({ prefix, rank, operatorId }, index) => {
    const problems: string[] = []
    const where = `route ${index + 1}`
    if (!/^\d{0,15}$/.test(prefix)) {
      problems.push(`${where}: prefix ${JSON.stringify(prefix)} is not 0 to 15 digits`)
    }
    if (!Number.isInteger(rank) || rank < 1 || rank > 100)
      problems.push(`${where}: rank ${rank} is not 1..100`)
    if (!operatorIds.has(operatorId)) problems.push(`${where}: there is no operator ${operatorId}`)
    const key = `${prefix}|${rank}`
    if (seen.has(key)) problems.push(`${where}: prefix and rank stand there twice`)
    seen.add(key)
    return problems
  })
}
