/**
 * The floor: the writes that a message costs at least, bare. The same number of better-sqlite3 inserts and updates
 * in batches, durable like ours, and the same octets written to a socket; no rows read, nothing rendered, decoded,
 * matched or decided. One thread does all of it.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import Database from 'better-sqlite3'
import { createWorkspace } from '../support/insurer-application.ts'

const batch = 500
/** A submit_sm of a 150-character text with its header, and the answer to a receipt. */
const submitOctets = 215
const answerOctets = 17
const text = 'M. OUEDRAOGO 12345, votre contrat 11 HH 1234 BF expire le 15/03/2027. '.padEnd(150, 'x')

export async function benchFloor(messages: number): Promise<{ messagesPerSecond: number }> {
  const workspace = createWorkspace()
  const sink = fork(fileURLToPath(import.meta.url), ['sink'], { execArgv: [] })
  try {
    const [{ port }] = (await once(sink, 'message')) as [{ port: number }]
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    socket.setNoDelay(true)
    const database = openFloorDatabase(join(workspace.directory, 'floor.db'))
    const startedAt = performance.now()
    for (let first = 1; first <= messages; first += batch) {
      writeBatch(database, first, Math.min(first + batch, messages + 1))
      const octets = Buffer.alloc(batch * (submitOctets + answerOctets), 1)
      if (!socket.write(octets)) await once(socket, 'drain')
    }
    socket.end()
    await once(socket, 'close')
    const seconds = (performance.now() - startedAt) / 1000
    database.close()
    return { messagesPerSecond: messages / seconds }
  } finally {
    await endOf(sink)
    workspace.dispose()
  }
}

/** The product's own tables and indexes, as far as one message touches them. */
function openFloorDatabase(file: string): Database.Database {
  const database = new Database(file)
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.exec(`
    create table messages (id integer primary key, alert_id, run_id, entity_key, recipient, text, encoding, part_count,
      category, priority, state, operator_id, job, attempts, due_at, expires_at, created_at, sending_at, sent_at, final_at);
    create index queue on messages (operator_id, priority, job, due_at, id) where state = 1;
    create index recipients on messages (recipient, id);
    create table ledger (entity_key text, alert_id integer, occurrence_key text, message_id integer, created_at integer,
      primary key (entity_key, alert_id, occurrence_key)) without rowid;
    create table parts (id integer primary key, operator_id, remote_key text, state, detail, final_at);
    create index remotes on parts (remote_key);`)
  return database
}

function writeBatch(database: Database.Database, first: number, end: number): void {
  const now = 1_800_000_000_000
  const insert = database.prepare(
    'insert into messages values (?, 1, 1, ?, ?, ?, 0, 1, 1, 0, 1, 1, 1, 0, ?, ?, ?, null, null, null)',
  )
  const ledger = database.prepare('insert into ledger values (?, 1, ?, ?, ?)')
  const sending = database.prepare('update messages set state = 2, sending_at = ?, attempts = 1 where id = ?')
  const part = database.prepare('insert into parts values (?, 1, ?, 3, null, null)')
  const sent = database.prepare('update messages set state = 3, sent_at = ? where id = ?')
  const partDone = database.prepare(
    'update parts set state = 4, detail = ?, final_at = ? where remote_key = ?',
  )
  const done = database.prepare('update messages set state = 4, final_at = ? where id = ?')
  const each = (write: (id: number) => void): void => {
    database.transaction(() => {
      for (let id = first; id < end; id += 1) write(id)
    })()
  }
  each(id => {
    const key = `1010-2027-${id}`
    ledger.run(key, 'once', id, now)
    insert.run(id, key, `22670${String(id % 1_000_000).padStart(6, '0')}`, text, now, now, now)
  })
  each(id => sending.run(now, id))
  each(id => {
    part.run(id * 256 + 1, String(439_041_101 + id))
    sent.run(now, id)
  })
  each(id => {
    partDone.run('stat:DELIVRD err:000', now, String(439_041_101 + id))
    done.run(now, id)
  })
}

async function endOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  child.disconnect()
  await once(child, 'exit')
}

function runSink(): void {
  const server = createServer(socket => {
    socket.on('data', () => {})
    socket.on('end', () => socket.end())
  })
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    if (address !== null && typeof address === 'object') process.send?.({ port: address.port })
  })
  process.on('disconnect', () => server.close())
}

if (process.argv[2] === 'sink') runSink()
