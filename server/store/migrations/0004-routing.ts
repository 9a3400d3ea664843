/**
 * Routing by rules: prefix routes become rules with a prefix condition, in the order in which they were asked (the
 * longest prefix first). Prefix tables that differ from those shipped, per-number overrides, second tries.
 */
import type { Knex } from 'knex'
import { dialectOf } from '../dialect.ts'

export async function routing(knex: Knex): Promise<void> {
  const { clusteredSuffix } = dialectOf(knex)
  await knex.schema.createTable('route_rules', table => {
    table.integer('position').primary()
    table.string('name', 80).notNullable().unique()
    table.boolean('is_active').notNullable()
    table.text('conditions').notNullable()
  })
  await knex.schema.createTable('route_rule_operators', table => {
    table.integer('position').notNullable().references('route_rules.position')
    table.integer('place').notNullable()
    table.integer('operator_id').notNullable().references('operators.id')
    table.integer('rank').notNullable()
    table.integer('weight').notNullable()
    table.primary(['position', 'place'])
    table.index(['operator_id'])
  })
  await knex.schema.createTable('country_networks', table => {
    table.string('country', 2).primary()
    table.text('networks').notNullable()
  })
  await knex.schema.raw(`create table number_overrides (
    number text not null, network text, operator_id integer, origin text not null, updated_at bigint not null,
    primary key (number))${clusteredSuffix}`)
  await knex.schema.raw('create index number_overrides_origin on number_overrides (origin)')
  await knex.schema.createTable('second_tries', table => {
    table.bigInteger('message_id').primary()
  })
  await rulesOfRoutes(knex)
  await knex.schema.dropTable('routes')
}

interface OldRoute {
  prefix: string
  rank: number
  operator_id: number
}

/** Prefixes of one length exclude each other: those with the same operators make one rule. */
async function rulesOfRoutes(knex: Knex): Promise<void> {
  const routes: OldRoute[] = await knex('routes').orderBy(['prefix', 'rank'])
  const byPrefix = Map.groupBy(routes, route => route.prefix)
  const rules = Map.groupBy(byPrefix.keys(), prefix => {
    const operatorIds = byPrefix.get(prefix)!.map(route => route.operator_id)
    return `${String(99 - prefix.length).padStart(2, '0')}|${[...new Set(operatorIds)].join(',')}`
  })
  const ordered = [...rules.values()].sort((a, b) => b[0]!.length - a[0]!.length || (a[0]! < b[0]! ? -1 : 1))
  for (const [index, prefixes] of ordered.entries()) {
    const position = index + 1
    const [first] = prefixes
    const name = first === '' ? 'All numbers' : `Prefix ${first}${prefixes.length > 1 ? ' and others' : ''}`
    const conditions = JSON.stringify(first === '' ? {} : { prefixes })
    await knex('route_rules').insert({ position, name, is_active: true, conditions })
    const operatorIds = new Set(byPrefix.get(first!)!.map(route => route.operator_id))
    for (const [place, operatorId] of [...operatorIds].entries()) {
      const rank = place + 1
      await knex('route_rule_operators').insert({
        position,
        place: rank,
        operator_id: operatorId,
        rank,
        weight: 1,
      })
    }
  }
}
