/** The first shape of the store. Times are epoch ms (UTC) in bigint columns named `…_at`; words are codes of codes.ts. */
import type { Knex } from 'knex'
import { dialectOf } from '../dialect.ts'

const queued = 1
const sending = 2
const held = 0
/**
 * Everything a person may have to look at: held, undelivered, expired, refused, unknown, blocked. Spelt with `or`:
 * SQLite never uses a partial index whose condition is an `in` list (https://sqlite.org/partialindex.html, 3).
 */
const attention = [0, 5, 6, 7, 8, 9].map(state => `state = ${state}`).join(' or ')

export async function firstTables(knex: Knex): Promise<void> {
  await configurationTables(knex)
  await alertTables(knex)
  await messageTables(knex)
  await accessTables(knex)
}

async function configurationTables(knex: Knex): Promise<void> {
  await knex.schema.createTable('sequences', table => {
    table.string('name', 40).primary()
    table.bigInteger('value').notNullable()
  })
  await knex('sequences').insert({ name: 'messages', value: 0 })
  await knex.schema.createTable('sources', table => {
    table.increments('id')
    table.string('name', 80).notNullable().unique()
    table.string('kind', 20).notNullable()
    table.text('config').notNullable()
    table.text('sealed_password')
    table.bigInteger('created_at').notNullable()
    table.bigInteger('updated_at').notNullable()
  })
  await knex.schema.createTable('operators', table => {
    table.increments('id')
    table.string('name', 80).notNullable()
    table.string('protocol', 20).notNullable()
    table.text('config').notNullable()
    table.text('sealed_password')
    table.string('sender', 21).notNullable()
    table.bigInteger('price_per_part_milli').notNullable().defaultTo(0)
    table.string('currency', 3).notNullable().defaultTo('XOF')
    table.boolean('is_started').notNullable().defaultTo(true)
    table.bigInteger('created_at').notNullable()
    table.bigInteger('updated_at').notNullable()
    // Deleted ones stay, hidden: messages and counters of years go on naming them.
    table.bigInteger('deleted_at')
  })
  await knex.schema.raw('create unique index operators_name on operators (name) where deleted_at is null')
  await knex.schema.createTable('routes', table => {
    table.increments('id')
    // Digits after the plus, for example 22670; empty for every number.
    table.string('prefix', 15).notNullable()
    table.integer('rank').notNullable()
    table.integer('operator_id').notNullable().references('operators.id')
    table.unique(['prefix', 'rank'])
  })
  await knex.schema.createTable('templates', table => {
    table.increments('id')
    table.string('name', 80).notNullable().unique()
    table.string('language', 2).notNullable()
    table.integer('version').notNullable()
    table.bigInteger('updated_at').notNullable()
  })
  await knex.schema.createTable('template_versions', table => {
    table.integer('template_id').notNullable().references('templates.id')
    table.integer('version').notNullable()
    table.text('source').notNullable()
    table.bigInteger('created_at').notNullable()
    table.primary(['template_id', 'version'])
  })
  await knex.schema.createTable('settings', table => {
    table.string('name', 60).primary()
    table.text('value').notNullable()
  })
}

async function alertTables(knex: Knex): Promise<void> {
  const { clusteredSuffix } = dialectOf(knex)
  await knex.schema.createTable('alerts', table => {
    table.increments('id')
    table.string('name', 80).notNullable()
    table.text('definition').notNullable()
    // Copied out of the definition, so that no source that is in use can be deleted; null once the alert is.
    table.integer('source_id').references('sources.id')
    table.boolean('is_active').notNullable().defaultTo(false)
    table.boolean('has_baseline').notNullable().defaultTo(false)
    table.bigInteger('next_run_at')
    table.string('covered_until', 10)
    table.integer('open_run_id')
    table.bigInteger('created_at').notNullable()
    table.bigInteger('updated_at').notNullable()
    // Deleted ones stay, hidden: ledger, runs and messages go on naming them.
    table.bigInteger('deleted_at')
  })
  await knex.schema.raw('create unique index alerts_name on alerts (name) where deleted_at is null')
  await knex.schema.createTable('alert_templates', table => {
    table.integer('alert_id').notNullable().references('alerts.id')
    table.integer('template_id').notNullable().references('templates.id')
    table.primary(['alert_id', 'template_id'])
  })
  await knex.schema.createTable('runs', table => {
    table.increments('id')
    table.integer('alert_id').notNullable().references('alerts.id')
    table.string('cause', 10).notNullable()
    table.string('outcome', 20).notNullable()
    table.text('detail').notNullable().defaultTo('')
    table.bigInteger('planned_at').notNullable()
    table.bigInteger('started_at').notNullable()
    table.bigInteger('finished_at')
    for (const count of runCountColumns) table.bigInteger(count).notNullable().defaultTo(0)
    // All that were met; run_issues keeps the first of them.
    table.bigInteger('issue_count').notNullable().defaultTo(0)
    table.index(['alert_id', 'id'])
  })
  await knex.schema.createTable('run_issues', table => {
    table.integer('run_id').notNullable().references('runs.id')
    table.integer('position').notNullable()
    table.integer('row_number').notNullable()
    table.text('entity_key').notNullable()
    table.string('reason', 40).notNullable()
    table.text('detail').notNullable()
    table.primary(['run_id', 'position'])
  })
  // entity first: the same tree answers "was this occurrence written to" and "what did this contract get".
  await knex.schema.raw(`create table ledger (
    entity_key text not null, alert_id integer not null, occurrence_key text not null,
    message_id bigint not null, created_at bigint not null,
    primary key (entity_key, alert_id, occurrence_key))${clusteredSuffix}`)
  await knex.schema.raw(`create table alert_memories (
    alert_id integer not null, entity_key text not null, memory text not null,
    primary key (alert_id, entity_key))${clusteredSuffix}`)
  await knex.schema.raw(`create table person_caps (
    recipient text not null, cap_key text not null, message_id bigint not null,
    primary key (recipient, cap_key))${clusteredSuffix}`)
  await knex.schema.createTable('stop_list', table => {
    table.string('recipient', 20).notNullable()
    table.string('service', 40).notNullable()
    table.string('reason', 200).notNullable()
    table.bigInteger('created_at').notNullable()
    table.primary(['recipient', 'service'])
  })
}

const runCountColumns = [
  'read_count',
  'matched_count',
  'enqueued_count',
  'held_count',
  'blocked_count',
  'duplicate_count',
  'rejected_count',
  'filtered_count',
  'baseline_count',
  'part_count',
] as const

async function messageTables(knex: Knex): Promise<void> {
  const { clusteredSuffix } = dialectOf(knex)
  await knex.schema.raw(
    `create table messages (
    id bigint not null, job bigint not null, alert_id integer, run_id integer, client_id integer,
    client_reference text, entity_key text, recipient text not null, sender text, text text not null,
    encoding smallint not null, part_count smallint not null, reference smallint not null,
    submitted_parts smallint, is_flash smallint not null,
    category smallint not null, priority smallint not null, unknown_policy smallint not null,
    state smallint not null, reason text, operator_id integer, attempts smallint not null,
    due_at bigint not null, expires_at bigint not null, created_at bigint not null,
    sending_at bigint, sent_at bigint, final_at bigint, primary key (id))`.replace(
      'id bigint not null',
      // In SQLite only this exact type makes the key the row's own address.
      dialectOf(knex).name === 'sqlite' ? 'id integer not null' : 'id bigint not null',
    ),
  )
  await knex.schema.raw(
    `create index messages_queue on messages (operator_id, priority, job, due_at, id) where state = ${queued}`,
  )
  await knex.schema.raw(`create index messages_sending on messages (operator_id) where state = ${sending}`)
  await knex.schema.raw(
    `create index messages_held on messages (alert_id, reason, operator_id) where state = ${held}`,
  )
  await knex.schema.raw(`create index messages_attention on messages (state, id) where ${attention}`)
  await knex.schema.raw('create index messages_recipient on messages (recipient, id)')
  await knex.schema.raw(
    'create index messages_client on messages (client_id, client_reference) where client_reference is not null',
  )
  // One row per submitted part; the id is message * 256 + part number, so that the key alone leads to both.
  await knex.schema.raw(`create table message_parts (
    id ${dialectOf(knex).name === 'sqlite' ? 'integer' : 'bigint'} not null, operator_id integer not null,
    remote_key text not null, state smallint not null, detail text, final_at bigint, primary key (id))`)
  await knex.schema.raw('create index message_parts_remote on message_parts (remote_key)')
  await knex.schema.raw(`create table message_events (
    message_id bigint not null, at bigint not null, position smallint not null, event text not null, detail text not null,
    primary key (message_id, at, position))${clusteredSuffix}`)
  await knex.schema.raw(`create table counters (
    hour bigint not null, operator_id integer not null, alert_id integer not null, state smallint not null,
    messages bigint not null, parts bigint not null, cost_milli bigint not null,
    primary key (hour, operator_id, alert_id, state))${clusteredSuffix}`)
  await knex.schema.createTable('unmatched_receipts', table => {
    table.increments('id')
    table.integer('operator_id').notNullable()
    table.text('remote_key').notNullable()
    table.text('receipt').notNullable()
    table.bigInteger('received_at').notNullable()
    table.index(['remote_key'])
    table.index(['received_at'])
  })
  await knex.schema.createTable('incoming_parts', table => {
    table.increments('id')
    table.integer('operator_id').notNullable()
    table.string('sender', 40).notNullable()
    table.string('recipient', 40).notNullable()
    table.string('encoding', 10).notNullable()
    table.text('text').notNullable()
    table.integer('reference')
    table.integer('part_number').notNullable()
    table.integer('part_count').notNullable()
    table.bigInteger('received_at').notNullable()
  })
}

async function accessTables(knex: Knex): Promise<void> {
  await knex.schema.createTable('api_keys', table => {
    table.increments('id')
    table.string('name', 80).notNullable().unique()
    table.string('prefix', 16).notNullable()
    table.string('hash', 64).notNullable().unique()
    table.text('scopes').notNullable()
    table.bigInteger('created_at').notNullable()
    table.bigInteger('revoked_at')
  })
  await knex.schema.createTable('idempotency_keys', table => {
    table.integer('client_id').notNullable()
    table.string('key', 128).notNullable()
    table.string('request_hash', 64).notNullable()
    table.text('answer').notNullable()
    table.bigInteger('created_at').notNullable()
    table.primary(['client_id', 'key'])
    table.index(['created_at'])
  })
  await knex.schema.createTable('audit', table => {
    table.increments('id')
    table.bigInteger('at').notNullable()
    table.string('actor', 80).notNullable()
    table.string('action', 40).notNullable()
    table.string('noun', 40).notNullable()
    table.string('noun_id', 80).notNullable()
    table.text('detail').notNullable()
  })
  await knex.schema.createTable('alarms', table => {
    table.increments('id')
    table.string('kind', 40).notNullable()
    table.string('subject', 120).notNullable()
    table.text('detail').notNullable()
    table.bigInteger('raised_at').notNullable()
    table.bigInteger('last_at').notNullable()
    table.bigInteger('occurrences').notNullable()
    table.bigInteger('cleared_at')
  })
  await knex.schema.raw('create unique index alarms_open on alarms (kind, subject) where cleared_at is null')
}
