/** The store cannot write for a while: nothing new is accepted, nothing learnt is lost, and all resumes by itself. */
import { join } from 'node:path'
import test from 'ava'
import { systemClock } from '../../connectors/clock.ts'
import { RappelError } from '../../server/errors.ts'
import { createAccept } from '../../server/gateway/accept.ts'
import { openDatabase } from '../../server/store/database.ts'
import { isStoreUnavailable } from '../../server/store/dialect.ts'
import { migrate } from '../../server/store/migrations/list.ts'
import { bindOperations, type Store } from '../../server/store/operations.ts'
import { item } from '../support/stored-messages.ts'
import { tempDir } from '../support/temp-dir.ts'
import { booksAgree, flow, operatorOn } from './delivery-setup.ts'

/** A store whose writes can be made to fail as a full disk makes them. */
function fillable(): { wrap(store: Store): Store; setFull(isFull: boolean): void } {
  let isFull = false
  const guarded = <Verbs extends object>(verbs: Verbs): Verbs =>
    new Proxy(verbs, {
      get(target, verb) {
        const run = Reflect.get(target, verb) as (...args: unknown[]) => Promise<unknown>
        return (...args: unknown[]) =>
          isFull
            ? Promise.reject(new RappelError('store-unavailable', { reason: 'database or disk is full' }))
            : run(...args)
      },
    })
  return {
    setFull(now) {
      isFull = now
    },
    wrap: store => ({
      ...store,
      outbox: guarded(store.outbox),
      enqueue: guarded(store.enqueue),
      incoming: guarded(store.incoming),
      alarms: { ...store.alarms, raise: guarded({ raise: store.alarms.raise }).raise },
    }),
  }
}

test('while the disk is full nothing is accepted, no outcome is lost, receipts are given back; then all resumes', async t => {
  const operator = await operatorOn(t, {
    faults: [{ fault: { kind: 'delay-answer', ms: [50, 150] } }],
    receipts: { delayMs: [0, 50], retryMs: 200 },
  })
  const disk = fillable()
  const run = await flow(t, { wrap: disk.wrap })
  const operatorId = await run.addOperator(operator, { window: 100 })
  run.route(operatorId)
  await run.start(operatorId)
  await run.send(Array.from({ length: 1_000 }, () => ({})))
  await operator.when(status => status.partsAccepted >= 300)
  disk.setFull(true)
  const refusal = await t.throwsAsync(run.send([{}]), { instanceOf: RappelError })
  t.is((refusal as RappelError).code, 'store-unavailable')
  await operator.when(status => status.receiptsRetried > 0)
  const { total } = operator.received
  t.true(total < 1_000, 'what is not claimed stays')
  disk.setFull(false)
  await run.send([{}])
  await run.untilAll('delivered')
  t.is(operator.received.total, 1_001)
  await booksAgree(t, run, { operators: [operator] })
})

test('a stop while the disk is full does not hang, and the next start treats the open ones as unknown', async t => {
  const operator = await operatorOn(t, { faults: [{ fault: { kind: 'delay-answer', ms: 100 } }] })
  const disk = fillable()
  const run = await flow(t, { wrap: disk.wrap })
  const operatorId = await run.addOperator(operator, { window: 10 })
  run.route(operatorId)
  await run.start(operatorId)
  await run.send(Array.from({ length: 100 }, () => ({})))
  await operator.when(status => status.partsAccepted >= 20)
  disk.setFull(true)
  await operator.when(status => status.partsAccepted >= 25)
  const stopped = run.stop()
  await run.until(async () => {
    run.clock.leap(1_000)
    return (await Promise.race([stopped.then(() => 'stopped'), run.clock.sleep(5)])) === 'stopped'
  }, 'stopped')
  const open = (await run.states()).sending ?? 0
  t.true(open > 0)
  t.is(await run.store.recovery.recoverSending(run.clock.nowMs(), run.clock.nowMs()), open)
})

test('SQLite itself, out of pages, refuses the request as store-unavailable and takes it when there is room', async t => {
  const knex = openDatabase({ kind: 'sqlite', file: join(tempDir(t), 'rappel.db') })
  t.teardown(() => knex.destroy())
  await migrate(knex)
  const bound = bindOperations(knex)
  const store = {
    enqueue: {
      ...bound.enqueue,
      enqueueGroup: (request: Parameters<Store['enqueue']['enqueueGroup']>[0]) =>
        bound.enqueue.enqueueGroup(request).catch(error => {
          throw isStoreUnavailable(error) ? new RappelError('store-unavailable', {}, error) : error
        }),
    },
  }
  const accept = createAccept({
    store,
    clock: systemClock,
    operatorFor: () => 1,
    unknownPolicyOf: () => 'hold' as const,
    isStopping: () => false,
    onQueued: () => undefined,
  })
  const batch = { items: Array.from({ length: 500 }, () => item({ text: 'x'.repeat(160) })) }
  const [{ page_count: pages }] = (await knex.raw('pragma page_count')) as [{ page_count: number }]
  await knex.raw(`pragma max_page_count = ${pages + 8}`)
  await t.throwsAsync(accept(batch), { message: /store-unavailable/ })
  t.is((await knex('messages').count({ messages: '*' }))[0]!.messages, 0)
  await knex.raw('pragma max_page_count = 1000000')
  const answer = await accept(batch)
  t.is(answer.kind, 'accepted')
  t.is((await knex('messages').count({ messages: '*' }))[0]!.messages, 500)
})
