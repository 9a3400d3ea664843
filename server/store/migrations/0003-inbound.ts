/** Incoming messages: whole ones, the rules that answer them, what was done, and whose message the phone answered. */
import type { Knex } from 'knex'
import { dialectOf } from '../dialect.ts'
import { inboundDefaults } from './0003-inbound-defaults.ts'

export async function inboundTables(knex: Knex): Promise<void> {
  // In whose name it was written: what a STOP ends. Null in messages older than this column.
  await knex.schema.raw('alter table messages add column service text')
  await partColumns(knex)
  await messageTables(knex)
  await ruleTables(knex)
}

async function partColumns(knex: Knex): Promise<void> {
  // The whole message a part belongs to; null until it was looked at.
  await knex.schema.raw('alter table incoming_parts add column incoming_id bigint')
  await knex.schema.raw('alter table incoming_parts add column is_duplicate smallint not null default 0')
  // The operator's own time, where the protocol tells it.
  await knex.schema.raw('alter table incoming_parts add column sent_at bigint')
  // Short hash of all that makes two deliveries the same; null in parts older than this column.
  await knex.schema.raw('alter table incoming_parts add column digest text')
  // Since when nothing was answered for certain, and when a connection was last lost, as it was when the part came.
  await knex.schema.raw('alter table incoming_parts add column unanswered_since bigint')
  await knex.schema.raw('alter table incoming_parts add column lost_at bigint')
  // The message before, of the same phone.
  await knex.schema.raw(
    'create index incoming_parts_sender on incoming_parts (sender, id) where is_duplicate = 0',
  )
  await knex.schema.raw('create index incoming_parts_open on incoming_parts (id) where incoming_id is null')
  await knex.schema.raw(
    'create index incoming_parts_whole on incoming_parts (incoming_id) where incoming_id is not null',
  )
  await knex.schema.raw(
    'create index incoming_parts_digest on incoming_parts (digest, id) where is_duplicate = 0',
  )
}

async function messageTables(knex: Knex): Promise<void> {
  const { clusteredSuffix } = dialectOf(knex)
  await knex.schema.createTable('incoming', table => {
    table.increments('id')
    table.integer('operator_id').notNullable()
    // As the operator wrote it, and as it is used: E.164 digits when it is a phone.
    table.string('sender', 40).notNullable()
    table.string('phone', 40).notNullable()
    table.string('short_code', 40).notNullable()
    table.string('encoding', 10).notNullable()
    // Null while parts are missing and may still come.
    table.text('text')
    table.integer('reference')
    table.integer('part_count').notNullable()
    // Numbers of parts that never came, as JSON; null when none is missing.
    table.text('missing_parts')
    table.string('state', 12).notNullable()
    table.text('detail').notNullable().defaultTo('')
    table.integer('rule_id')
    table.string('keyword', 40).notNullable().defaultTo('')
    table.string('service', 40)
    // Who wrote to this phone last: an API key or an alert, and by which message.
    table.integer('owner_client_id')
    table.integer('owner_alert_id')
    table.bigInteger('answered_message_id')
    table.bigInteger('received_at').notNullable()
    table.bigInteger('handled_at')
    table.index(['phone', 'id'])
    table.index(['short_code', 'id'])
  })
  for (const state of ['received', 'waiting', 'failed']) {
    await knex.schema.raw(`create index incoming_${state} on incoming (id) where state = '${state}'`)
  }
  await knex.schema.raw(
    "create index incoming_assembling on incoming (received_at) where state = 'assembling'",
  )
  await knex.schema.raw(
    'create index incoming_set on incoming (sender, short_code, reference, id) where reference is not null',
  )
  await knex.schema.createTable('inbound_actions', table => {
    table.increments('id')
    table.integer('incoming_id').notNullable()
    table.string('kind', 20).notNullable()
    table.string('target', 200).notNullable()
    table.string('state', 10).notNullable()
    table.text('detail').notNullable()
    // The reply, when there is one.
    table.bigInteger('message_id')
    table.string('phone', 40).notNullable()
    table.bigInteger('created_at').notNullable()
    table.bigInteger('finished_at')
    table.index(['incoming_id', 'id'])
  })
  await knex.schema.raw(
    "create index inbound_actions_waiting on inbound_actions (id) where state = 'waiting'",
  )
  // The loop guard counts here.
  await knex.schema.raw(
    'create index inbound_actions_replies on inbound_actions (phone, created_at) where message_id is not null',
  )
  await knex.schema.raw(`create table inbound_counters (
    hour bigint not null, operator_id integer not null, event text not null, total bigint not null,
    primary key (hour, operator_id, event))${clusteredSuffix}`)
}

async function ruleTables(knex: Knex): Promise<void> {
  const { clusteredSuffix } = dialectOf(knex)
  await knex.schema.createTable('inbound_rules', table => {
    table.increments('id')
    table.string('name', 80).notNullable().unique()
    table.boolean('is_active').notNullable()
    table.text('definition').notNullable()
    // Null while the rule is as the product brought it.
    table.bigInteger('updated_at')
  })
  await knex('inbound_rules').insert(
    inboundDefaults.map(({ name, ...definition }) => ({
      name,
      is_active: true,
      definition: JSON.stringify(definition),
      updated_at: null,
    })),
  )
  await knex.schema.createTable('inbound_lists', table => {
    table.increments('id')
    table.string('name', 80).notNullable().unique()
    table.bigInteger('created_at').notNullable()
  })
  await knex.schema.raw(`create table inbound_list_numbers (
    list_id integer not null, phone text not null, incoming_id integer, added_at bigint not null,
    primary key (list_id, phone))${clusteredSuffix}`)
}
