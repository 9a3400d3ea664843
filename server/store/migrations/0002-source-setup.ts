/** How far incremental alerts have read; what is written back to customers' systems, and by which account. */
import type { Knex } from 'knex'

export async function sourceSetup(knex: Knex): Promise<void> {
  await knex.schema.alterTable('alerts', table => {
    table.string('watermark', 64)
  })
  await knex.schema.createTable('source_write_backs', table => {
    table.integer('source_id').primary().references('sources.id')
    // null where the kind has no accounts: a file.
    table.string('account', 128)
    table.text('sealed_password')
    table.text('statement').notNullable()
    // Final states that are written, a JSON list.
    table.text('states').notNullable()
    table.bigInteger('updated_at').notNullable()
  })
  await knex.schema.createTable('write_backs', table => {
    table.bigInteger('message_id').primary()
    table.integer('source_id').notNullable()
    // waiting, done, no-row, failed
    table.string('state', 10).notNullable()
    // Grows each time the message reaches a final state: an older one that is being written must not count as it.
    table.integer('revision').notNullable()
    table.integer('attempts').notNullable()
    table.bigInteger('queued_at').notNullable()
    table.bigInteger('due_at').notNullable()
    table.bigInteger('finished_at')
    table.bigInteger('rows_changed')
    table.text('error').notNullable().defaultTo('')
    table.index(['state', 'message_id'])
    table.index(['source_id', 'state', 'attempts'])
    table.index(['finished_at'])
  })
  await knex.schema.raw("create index write_backs_due on write_backs (due_at) where state = 'waiting'")
}
