import test from 'ava'
import {
  FaultPlan,
  type FaultRule,
  faultPlanSchema,
} from '../../../../connectors/operators/simulator/faults.ts'
import { command } from '../../../../connectors/operators/smpp/tables.ts'
import { fakeClock } from '../../../support/fake-clock.ts'
import { boundClient, idOf, rawClient, simulator } from './raw-client.ts'

const quiet = { receipts: { enabled: false } }

/** Which of the first `count` parts the rule hits, 1-based. */
function hits(rule: FaultRule, count: number, seed = 1): number[] {
  const plan = new FaultPlan(faultPlanSchema.parse([rule]), seed)
  const numbers = Array.from({ length: count }, (_, index) => index + 1)
  return numbers.filter(
    number =>
      plan.ofPart({ systemId: 'rappel', recipient: `2267000000${number}`, text: () => `text ${number}` }) !==
      null,
  )
}

test('a rule hits the parts that its conditions describe', t => {
  const fault = { kind: 'throttle' } as const
  t.deepEqual(hits({ fault }, 3), [1, 2, 3])
  t.deepEqual(hits({ when: { after: 2 }, fault }, 4), [3, 4])
  t.deepEqual(hits({ when: { every: 3 }, fault }, 7), [3, 6])
  t.deepEqual(hits({ when: { after: 1, every: 2, times: 2 }, fault }, 9), [3, 5])
  t.deepEqual(hits({ when: { recipientSuffix: '2' }, fault }, 4), [2])
  t.deepEqual(hits({ when: { recipientPrefix: '225' }, fault }, 4), [])
  t.deepEqual(hits({ when: { textIncludes: 'text 3' }, fault }, 4), [3])
  t.deepEqual(hits({ when: { systemId: 'other' }, fault }, 4), [])
})

test('chance depends on the seed alone', t => {
  const rule: FaultRule = { when: { probability: 0.3 }, fault: { kind: 'throttle' } }
  t.deepEqual(hits(rule, 200, 7), hits(rule, 200, 7))
  t.notDeepEqual(hits(rule, 200, 7), hits(rule, 200, 8))
  t.true(hits(rule, 2_000).length > 500 && hits(rule, 2_000).length < 700)
})

test('a wrong plan is refused', async t => {
  const operator = await simulator(t, quiet)
  t.throws(() => operator.setFaults([{ fault: { kind: 'explode' } as never }]))
  t.throws(() => operator.setFaults([{ fault: { kind: 'delay-answer', ms: [20, 10] } }]))
  t.throws(() => operator.setFaults([{ when: { sometimes: true } as never, fault: { kind: 'throttle' } }]))
})

test('throttle and refuse answer with their status and do not record', async t => {
  const operator = await simulator(t, {
    ...quiet,
    faults: [
      { when: { times: 1 }, fault: { kind: 'throttle' } },
      { when: { times: 1 }, fault: { kind: 'refuse', status: 0x0b } },
    ],
  })
  const client = await boundClient(t, operator)
  t.is((await client.submitted()).status, 0x58)
  const refused = await client.submitted()
  t.is(refused.status, 0x0b)
  t.is(refused.body.length, 0)
  t.is((await client.submitted()).status, 0)
  t.like(operator.status(), { partsAccepted: 1, partsThrottled: 1, partsRefused: 1 })
})

test('a delayed answer comes when it is due, after those that were not delayed', async t => {
  const clock = fakeClock()
  const operator = await simulator(
    t,
    { ...quiet, faults: [{ when: { times: 1 }, fault: { kind: 'delay-answer', ms: 5_000 } }] },
    clock,
  )
  const client = await boundClient(t, operator)
  const slow = client.submit()
  const fast = client.submit()
  t.is((await client.nextOf(command.submitSmResp)).sequence, fast)
  t.is(operator.received.total, 2)
  await clock.advance(5_010)
  t.is((await client.nextOf(command.submitSmResp)).sequence, slow)
})

test('a lost answer is recorded and never given; a swallowed part is neither', async t => {
  const operator = await simulator(t, {
    ...quiet,
    faults: [
      { when: { times: 1 }, fault: { kind: 'lose-answer' } },
      { when: { times: 1 }, fault: { kind: 'swallow' } },
    ],
  })
  const client = await boundClient(t, operator)
  client.submit()
  client.submit()
  const third = client.submit()
  t.is((await client.nextOf(command.submitSmResp)).sequence, third)
  t.like(operator.status(), { partsAccepted: 2, answersLost: 1, partsSwallowed: 1 })
})

test('an answer may be given twice', async t => {
  const client = await boundClient(
    t,
    await simulator(t, { ...quiet, faults: [{ fault: { kind: 'repeat-answer' } }] }),
  )
  const sequence = client.submit()
  t.is((await client.nextOf(command.submitSmResp)).sequence, sequence)
  t.is((await client.nextOf(command.submitSmResp)).sequence, sequence)
})

for (const [at, accepted, answered] of [
  ['before-recording', 1, 1],
  ['before-answer', 2, 1],
  ['after-answer', 2, 2],
] as const) {
  test(`a cut ${at} keeps the answers given before it and drops what follows`, async t => {
    const operator = await simulator(t, {
      ...quiet,
      faults: [{ when: { after: 1 }, fault: { kind: 'cut', at } }],
    })
    const client = await boundClient(t, operator)
    client.socket.cork()
    for (let count = 0; count < 3; count += 1) client.submit()
    client.socket.uncork()
    for (let count = 0; count < answered; count += 1) await client.nextOf(command.submitSmResp)
    await client.closed
    await t.throwsAsync(client.nextOf(command.submitSmResp), { message: 'closed' })
    t.is(operator.received.total, accepted)
    operator.setFaults([])
    t.is((await (await boundClient(t, operator)).submitted()).status, 0)
  })
}

for (const sort of ['length-zero', 'length-too-short', 'length-huge', 'random-bytes'] as const) {
  test(`malformed ${sort} cannot be framed`, async t => {
    const operator = await simulator(t, { ...quiet, faults: [{ fault: { kind: 'malformed', sort } }] })
    const client = await boundClient(t, operator)
    await t.throwsAsync(client.submitted(), { message: /malformed: command_length/ })
    t.like(operator.status(), { partsAccepted: 1, answersLost: 1 })
  })
}

for (const [sort, check] of [
  ['unknown-command', { commandId: 0x999 }],
  ['wrong-sequence', { commandId: command.submitSmResp, sequence: 0x40000002 }],
  ['nack', { commandId: command.genericNack, status: 0x08 }],
  ['empty-id', { commandId: command.submitSmResp, status: 0 }],
  ['unterminated-id', { commandId: command.submitSmResp, status: 0 }],
  ['id-too-long', { commandId: command.submitSmResp, status: 0 }],
  ['bad-tlv', { commandId: command.submitSmResp, status: 0 }],
] as const) {
  test(`malformed ${sort} is a PDU, wrong inside, and the answer may follow`, async t => {
    const operator = await simulator(t, {
      ...quiet,
      faults: [{ fault: { kind: 'malformed', sort, thenAnswer: true } }],
    })
    const client = await boundClient(t, operator)
    const sequence = client.submit()
    t.like(await client.next(), check)
    const answer = await client.next()
    t.is(answer.sequence, sequence)
    t.is(idOf(answer), '439041101')
  })
}

test('half a PDU leaves the client waiting for its end', async t => {
  const operator = await simulator(t, {
    ...quiet,
    faults: [{ when: { times: 1 }, fault: { kind: 'malformed', sort: 'half-pdu' } }],
  })
  const client = await boundClient(t, operator)
  const octets = new Promise<Buffer>(resolve => client.socket.once('data', resolve))
  client.submit()
  t.is((await octets).length, 18)
  t.is((await octets).readUInt32BE(0), 26)
})

test('a stalled session says nothing until it goes on, then all', async t => {
  const clock = fakeClock()
  const operator = await simulator(
    t,
    { ...quiet, faults: [{ when: { times: 1 }, fault: { kind: 'stall', ms: 3_000 } }] },
    clock,
  )
  const client = await boundClient(t, operator)
  await client.submitted()
  const sequence = client.empty(command.enquireLink)
  await clock.advance(2_900)
  t.is(operator.status().partsAccepted, 1)
  await clock.advance(200)
  t.is((await client.nextOf(command.enquireLinkResp)).sequence, sequence)
})

test('the operator may unbind', async t => {
  const client = await boundClient(
    t,
    await simulator(t, { ...quiet, faults: [{ fault: { kind: 'unbind' } }] }),
  )
  await client.submitted()
  const asked = await client.nextOf(command.unbind)
  client.raw(Buffer.from(`000000108000000600000000${asked.sequence.toString(16).padStart(8, '0')}`, 'hex'))
  await client.closed
  t.pass()
})

test('binds are refused, ignored or delayed, and connections closed at once', async t => {
  const clock = fakeClock()
  const operator = await simulator(
    t,
    {
      faults: [
        { when: { times: 1 }, fault: { kind: 'refuse-connection' } },
        { when: { times: 1 }, fault: { kind: 'refuse-bind', status: 0x0f } },
        { when: { times: 1 }, fault: { kind: 'ignore-bind' } },
        { when: { times: 1 }, fault: { kind: 'delay-bind', ms: 2_000 } },
      ],
    },
    clock,
  )
  await (await rawClient(t, operator)).closed
  const client = await rawClient(t, operator)
  t.is((await client.bind()).status, 0x0f)
  const unanswered = client.bind()
  const asked = client.empty(command.enquireLink)
  t.is((await client.nextOf(command.enquireLinkResp)).sequence, asked)
  t.is(operator.status().sessions, 0)
  // The third bind is accepted late; the second one's promise takes its answer, being the first to ask.
  const third = client.bind()
  client.empty(command.enquireLink)
  await client.nextOf(command.enquireLinkResp)
  t.is(operator.status().sessions, 0)
  await clock.advance(2_010)
  t.is((await unanswered).status, 0)
  t.is(operator.status().sessions, 1)
  third.catch(() => {})
})

test('enquire_link and unbind may be left unanswered', async t => {
  const client = await boundClient(
    t,
    await simulator(t, {
      faults: [{ fault: { kind: 'ignore-enquire-link' } }, { fault: { kind: 'ignore-unbind' } }],
    }),
  )
  client.empty(command.enquireLink)
  client.empty(command.unbind)
  const { status } = await client.submitted()
  t.is(status, 0)
  t.is((await client.nextOf(command.deliverSm)).commandId, command.deliverSm)
})
