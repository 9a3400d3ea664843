/** Contracts: senders and retries by operator; and since when a message has been tried again. */
import type { Knex } from 'knex'

const queued = 1

export async function contracts(knex: Knex): Promise<void> {
  await knex.schema.createTable('operator_contracts', table => {
    table.integer('operator_id').primary().references('operators.id')
    table.text('sender_rules').notNullable()
    // null follows the product's own.
    table.text('retry_policy')
  })
  // Written by the first refusal that is retried: what is not retried, nearly everything, keeps it empty.
  await knex.schema.alterTable('messages', table => {
    table.bigInteger('retrying_since')
  })
  await knex.schema.raw(
    `create index messages_retrying on messages (operator_id, recipient, id)
       where state = ${queued} and retrying_since is not null`,
  )
}
