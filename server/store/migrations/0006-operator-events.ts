/** What happened to the links of operators, with its time. The newest of each operator are kept. */
import type { Knex } from 'knex'

export async function operatorEvents(knex: Knex): Promise<void> {
  await knex.schema.createTable('operator_events', table => {
    table.bigIncrements('id')
    table.integer('operator_id').notNullable()
    table.bigInteger('at').notNullable()
    table.string('event', 30).notNullable()
    table.string('bind', 60).notNullable()
    table.text('detail').notNullable()
    table.index(['operator_id', 'id'])
  })
}
