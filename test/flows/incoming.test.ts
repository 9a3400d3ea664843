/** Phones write to the short code: from the deliver_sm to the answer on the phone, over real sockets. */
import test, { type ExecutionContext } from 'ava'
import type { Simulator } from '../../connectors/operators/simulator/simulator.ts'
import type { Store } from '../../server/store/operations.ts'
import { type Flow, flow, operatorOn } from './delivery-setup.ts'

const phone = '22670000001'
const shortCode = '38001'

interface Talk extends Flow {
  operator: Simulator
  /** A phone writes; resolves once the operator is answered. */
  write(text: string, extra?: Partial<Parameters<Simulator['deliverIncoming']>[0]>): Promise<void>
  /** Texts that the phone got, in order. */
  told(recipient?: string): string[]
  handled(count: number): Promise<void>
}

async function talk(t: ExecutionContext, wrap: (store: Store) => Store = store => store): Promise<Talk> {
  const operator = await operatorOn(t)
  const run = await flow(t, { wrap })
  const operatorId = await run.addOperator(operator)
  run.route(operatorId)
  await run.start(operatorId)
  return Object.assign(run, {
    operator,
    async write(text: string, extra: object = {}) {
      t.true(await operator.deliverIncoming({ from: phone, to: shortCode, text, ...extra }))
    },
    told: (recipient = phone) =>
      operator.received
        .messages()
        .flatMap(message => (message.recipient === recipient && message.isComplete ? [message.text] : [])),
    handled: (count: number) =>
      run.until(
        async () =>
          (await run.store.incoming.search({ limit: 500 })).filter(({ handledAtMs }) => handledAtMs !== null)
            .length >= count,
        `${count} incoming messages handled`,
      ),
  })
}

test('a phone that writes STOP gets exactly one confirmation and nothing afterwards', async t => {
  const run = await talk(t)
  await run.send([{ recipient: phone, text: 'Avant', sender: shortCode, clientId: 3, service: 'auto' }])
  await run.untilAll('delivered')
  const dueAtMs = run.clock.nowMs() + 3_600_000
  await run.send([{ recipient: phone, text: 'Plus tard', dueAtMs }])
  await run.write(' Stop ! ')
  await run.handled(1)
  await run.until(async () => (await run.idsIn('delivered')).length === 2, 'the confirmation')
  t.regex(run.told().at(-1)!, /vous ne recevrez plus nos SMS/)
  t.is((await run.idsIn('blocked')).length, 1, 'what waited is blocked')
  t.deepEqual(await run.store.standings.of([phone], 'auto', null), [{ isStopped: true, isCapped: false }])
  // The phone writes it again.
  await run.write(' Stop ! ')
  await run.write('STOP')
  await run.handled(3)
  run.clock.leap(2 * 3_600_000)
  await run.until(async () => (await run.states()).queued === undefined, 'nothing waits')
  t.is(run.told().length, 2)
  const [again, , first] = await run.store.incoming.search({ limit: 5 })
  const { actions } = (await run.store.incoming.find(first!.incomingId))!
  t.like(actions[0], { kind: 'stop', target: '*', state: 'done' })
  t.like(first, { ownerClientId: 3, keyword: 'STOP', state: 'handled' })
  t.like((await run.store.incoming.find(again!.incomingId))?.actions[0], {
    detail: 'unchanged',
    messageId: null,
  })
})

test('START lifts it, HELP is answered, and both leave from the number that was written to', async t => {
  const run = await talk(t)
  await run.write('arrêt')
  await run.write('Oui')
  await run.write('help me')
  await run.write('STOP 12345')
  await run.handled(4)
  await run.until(() => run.told().length === 3, 'three answers')
  t.regex(run.told()[1]!, /à nouveau/)
  t.regex(run.told()[2]!, /SMS service/)
  t.deepEqual([...new Set(run.operator.received.parts().map(({ sender }) => sender))], [shortCode])
  t.deepEqual(await run.store.standings.of([phone], 'auto', null), [{ isStopped: false, isCapped: false }])
})

test('STOP, START, STOP within seconds ends in silence; the same answer twice is two answers', async t => {
  const run = await talk(t)
  for (const text of ['STOP', 'START', 'STOP']) await run.write(text)
  await run.handled(3)
  t.deepEqual(await run.store.standings.of([phone], 'auto', null), [{ isStopped: true, isCapped: false }])
  for (const text of ['1', '1', '2', '1']) await run.write(text, { from: '22670000002' })
  await run.handled(7)
  t.is((await run.store.incoming.search({ limit: 50 })).length, 7)
})

test('what is delivered again because its answer was cut off is one message; a STOP is a STOP twice', async t => {
  const cut = { isWanted: false }
  const run: Talk = await talk(t, store => ({
    ...store,
    incoming: {
      ...store.incoming,
      async store(...request: Parameters<Store['incoming']['store']>) {
        await store.incoming.store(...request)
        if (!cut.isWanted) return
        cut.isWanted = false
        run.operator.cutAll()
      },
    },
  }))
  for (const text of ['NON', 'STOP']) {
    cut.isWanted = true
    await run.write(text)
    await run.write(`puis ${text}`, { from: '22670000002' })
  }
  await run.handled(5)
  const found = await run.store.incoming.search({ limit: 50 })
  t.deepEqual(
    found.filter(({ sender }) => sender === phone).map(({ text }) => text),
    ['STOP', 'STOP', 'NON'],
  )
  const counts = await run.store.inbound.totals({ fromMs: 0, toMs: run.clock.nowMs() + 3_600_000 })
  t.is(counts.find(({ event }) => event === 'duplicate')?.total, 1)
  await run.until(() => run.told().length === 1, 'one confirmation')
  t.deepEqual(await run.store.standings.of([phone], 'auto', null), [{ isStopped: true, isCapped: false }])
})

test('a long message whose last part comes first is one message, answered once', async t => {
  const run = await talk(t)
  const text = `AIDE ${'é'.repeat(150)}${'ù'.repeat(140)} fin`
  await run.write(text, { partOrder: [2, 1, 1], reference: 77 })
  await run.handled(1)
  await run.until(() => run.told().length === 1, 'the answer')
  const [message] = await run.store.incoming.search({ limit: 5 })
  t.like(message, { text, partCount: 2, missingParts: [] })
})

test('a part that never comes is told after half an hour', async t => {
  const run = await talk(t)
  const text = `${'a'.repeat(153)}${'b'.repeat(153)}${'c'.repeat(9)}`
  await run.write(text, { partOrder: [3, 1] })
  await run.until(async () => (await run.store.inbound.figures()).assembling === 1, 'the open set')
  run.clock.leap(31 * 60_000)
  await run.handled(1)
  const [message] = await run.store.incoming.search({ limit: 5 })
  t.like(message, { text: `${'a'.repeat(153)}[...]${'c'.repeat(9)}`, missingParts: [2], detail: 'no-rule' })
  t.is(run.told().length, 0)
})

test('two machines that answer each other are cut after five replies', async t => {
  const run = await talk(t)
  for (let turn = 1; turn <= 9; turn += 1) await run.write(`INFO ${turn}`)
  await run.handled(9)
  await run.until(() => run.told().length === 5, 'five answers')
  t.is((await run.states()).queued ?? 0, 0)
  run.clock.leap(11 * 60_000)
  await run.write('INFO encore')
  await run.until(() => run.told().length === 6, 'the next one, later')
  await run.write('INFO', { from: '4040' })
  await run.write('INFO', { from: 'BANQUE' })
  await run.handled(12)
  t.is((await run.states()).queued ?? 0, 0)
})

/** Fails the verbs named in `broken`, before they do anything or after they have done it. */
function unreliable(broken: Map<string, 'before' | 'after'>): (store: Store) => Store {
  return store => ({
    ...store,
    inbound: new Proxy(store.inbound, {
      get(inbound, verb: keyof Store['inbound']) {
        const run = inbound[verb] as (...args: unknown[]) => Promise<unknown>
        return async (...args: unknown[]) => {
          const when = broken.get(verb)
          if (when === 'before') throw new Error('killed')
          const result = await run(...args)
          if (when === 'after') throw new Error('killed')
          return result
        }
      },
    }),
  })
}

for (const verb of ['assemble', 'takeReady', 'ownersOf', 'handle'] as const) {
  for (const when of ['before', 'after'] as const) {
    test(`killed ${when} ${verb}, the product answers once after its restart`, async t => {
      const broken = new Map<string, 'before' | 'after'>([
        [verb, when],
        ['fail', 'before'],
      ])
      const run = await talk(t, unreliable(broken))
      await run.write('STOP')
      run.clock.leap(6_000)
      await run.until(
        // Its history: what was handled before the kill is found done at the next look, and the alarm is over.
        async () =>
          (await run.store.alarms.history({ limit: 50 })).some(({ kind }) => kind === 'inbound-failed'),
        'the failure',
      )
      broken.clear()
      await run.restart()
      run.clock.leap(6_000)
      await run.handled(1)
      await run.until(() => run.told().length === 1, 'the confirmation')
      run.clock.leap(60_000)
      await run.until(async () => (await run.states()).delivered === 1, 'one message in all')
      t.deepEqual(await run.states(), { delivered: 1 })
    })
  }
}
