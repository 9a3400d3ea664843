/** The way of a message over UCP: a customer's row, the SMSC, the notification stored; and phones that write back. */
import { join } from 'node:path'
import test from 'ava'
import { systemClock } from '../../connectors/clock.ts'
import {
  createWorkspace,
  openInsurerApplication,
  startInsurerOperator,
  writeCustomerDatabase,
} from '../support/insurer-application.ts'
import { booksAgree, flow, operatorOn } from './delivery-setup.ts'

const phone = '22670000001'
const shortCode = '38001'

test('a row becomes an operation 51, and its notification the state of the message', async t => {
  const workspace = createWorkspace()
  t.teardown(() => workspace.dispose())
  const rows = 60
  const customerFile = join(workspace.directory, 'customer.db')
  writeCustomerDatabase(customerFile, rows)
  const operator = await startInsurerOperator({
    protocol: 'ucp',
    receipts: {
      delayMs: [0, 30],
      rules: [{ recipientSuffix: '7', outcome: 'undelivered', err: '101' }],
    },
  })
  t.teardown(() => operator.stop())
  const { application, alertId } = await openInsurerApplication(workspace.directory, {
    customerFile,
    port: operator.port,
    protocol: 'ucp',
    rows,
    window: 20,
  })
  t.teardown(() => application.close(2_000))
  await application.startOperators()
  const report = await application.alerts.run(alertId, {
    cause: 'manual',
    plannedAtMs: systemClock.nowMs(),
  })
  t.is(report.kind === 'finished' && report.counts.enqueued, rows)
  // A notification is acknowledged once it is stored.
  await operator.ask('whenAtLeast', { receiptsAcknowledged: rows })

  const totals = await application.store.statistics.totals({
    fromMs: 0,
    toMs: systemClock.nowMs() + 3_600_000,
  })
  const counted = new Map(totals.map(({ state, messages }) => [state, messages]))
  t.is(counted.get('delivered'), 54)
  t.is(counted.get('undelivered'), 6)
  const texts = await operator.ask('countByText')
  t.is(texts.size, rows)
  t.true([...texts.keys()].every(text => /^M\. OUEDRAOGO \d+, votre contrat .*NOM ASSUR$/.test(text)))
  t.deepEqual(await operator.ask('duplicates'), [])
})

test('long messages arrive whole, a second between their parts, and end as all their parts do', async t => {
  const operator = await operatorOn(t, {
    protocol: 'ucp',
    receipts: { rules: [{ recipientSuffix: '1', outcome: 'undelivered' }] },
  })
  const run = await flow(t)
  const operatorId = await run.addUcpOperator(operator)
  run.route(operatorId)
  await run.start(operatorId)
  const texts = Array.from({ length: 20 }, (_, index) => `${index} ${'Votre contrat expire. '.repeat(10)}Fin`)
  await run.send(texts.map(text => ({ text, parts: 2 })))
  await run.untilAll('delivered', 'undelivered')
  t.deepEqual(await run.states(), { delivered: 18, undelivered: 2 })
  t.deepEqual([...operator.received.countByText().keys()].sort(), [...texts].sort())
  for (const { parts } of operator.received.messages()) {
    t.true(parts[1]!.atMs - parts[0]!.atMs >= 1_000)
    t.not(parts[0]!.messageId, parts[1]!.messageId)
  }
  await booksAgree(t, run, { operators: [operator] })
})

test('an SMSC that fails in every way leaves no message in a state that is not true', async t => {
  const operator = await operatorOn(t, {
    protocol: 'ucp',
    receipts: {
      retryMs: 100,
      rules: [
        { recipientSuffix: '1', timing: 'early' },
        { recipientSuffix: '2', timing: 'twice' },
        { recipientSuffix: '3', timing: 'stray' },
        { recipientSuffix: '4', outcome: 'undelivered', format: 'national-number' },
      ],
    },
    faults: [
      { when: { after: 20, times: 2 }, fault: { kind: 'throttle' } },
      { when: { after: 40, times: 2 }, fault: { kind: 'lose-answer' } },
      { when: { after: 60, times: 1 }, fault: { kind: 'cut', at: 'before-answer' } },
      { when: { after: 80, times: 2 }, fault: { kind: 'malformed', sort: 'wrong-checksum' } },
      { when: { after: 90, times: 2 }, fault: { kind: 'malformed', sort: 'random-bytes', thenAnswer: true } },
      { when: { after: 100, times: 1 }, fault: { kind: 'cut', at: 'before-recording' } },
      { when: { after: 120, times: 2 }, fault: { kind: 'repeat-answer' } },
    ],
  })
  const run = await flow(t)
  const operatorId = await run.addUcpOperator(operator, {
    answerSeconds: 2,
    national: { countryCode: '226', length: 8 },
  })
  run.route(operatorId)
  await run.start(operatorId)
  await run.send(Array.from({ length: 200 }, () => ({})))
  await run.untilAll('delivered', 'undelivered', 'unknown')
  // Only what a cut kept from being recorded stays unknown: a notification tells of all others.
  await run.until(async () => {
    const { delivered = 0, undelivered = 0, unknown = 0 } = await run.states()
    return operator.received.total === delivered + undelivered && 200 === operator.received.total + unknown
  }, 'a notification for all that was recorded')
  await operator.when(({ deliveriesWaiting }) => deliveriesWaiting === 0)
  t.is(operator.status().cuts, 2)
  await booksAgree(t, run, { operators: [operator] })
})

test('a phone that writes STOP over UCP gets one confirmation from the number it wrote to', async t => {
  const operator = await operatorOn(t, { protocol: 'ucp' })
  const run = await flow(t)
  const operatorId = await run.addUcpOperator(operator)
  run.route(operatorId)
  await run.start(operatorId)
  const from = { from: phone, to: shortCode }
  t.true(await operator.deliverIncoming({ ...from, text: 'Arrêt' }))
  await run.until(() => operator.received.total === 1, 'the confirmation')
  t.like(operator.received.parts()[0], { recipient: phone, sender: shortCode })
  t.regex(operator.received.parts()[0]!.text, /vous ne recevrez plus nos SMS/)
  t.deepEqual(await run.store.standings.of([phone], 'auto', null), [{ isStopped: true, isCapped: false }])
  await run.untilAll('delivered')
})

test('a long message over UCP whose last part comes first, and twice, is one message', async t => {
  const operator = await operatorOn(t, { protocol: 'ucp' })
  const run = await flow(t)
  const operatorId = await run.addUcpOperator(operator)
  run.route(operatorId)
  await run.start(operatorId)
  const text = `Bonjour ${'é'.repeat(150)}${'ù'.repeat(140)} fin`
  const order = { partOrder: [2, 2, 1], reference: 77 }
  t.true(await operator.deliverIncoming({ from: phone, to: shortCode, text, ...order }))
  await run.until(
    async () =>
      (await run.store.incoming.search({ limit: 5 })).some(({ handledAtMs }) => handledAtMs !== null),
    'the message',
  )
  const messages = await run.store.incoming.search({ limit: 5 })
  t.is(messages.length, 1)
  t.like(messages[0], { text, partCount: 2, missingParts: [] })
})
