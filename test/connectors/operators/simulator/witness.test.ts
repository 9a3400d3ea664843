import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { readJournal } from '../../../../connectors/operators/simulator/journal.ts'
import { tempDir } from '../../../support/temp-dir.ts'
import { boundClient, type RawClient, simulator } from './raw-client.ts'

function part(number: number, of: number, text: string, reference = 7): object {
  return {
    esmClass: 0x40,
    shortMessage: Buffer.concat([Buffer.from([5, 0, 3, reference, of, number]), Buffer.from(text)]),
  }
}

async function submitAll(client: RawClient, messages: object[]): Promise<void> {
  for (const fields of messages) await client.submitted(fields)
}

test('long messages are put together again, whatever the order of their parts', async t => {
  const operator = await simulator(t, { receipts: { enabled: false } })
  const client = await boundClient(t, operator)
  await submitAll(client, [
    part(2, 2, 'monde'),
    { shortMessage: Buffer.from('seul') },
    part(1, 2, 'Bonjour '),
    part(1, 3, 'inachevé', 8),
  ])
  const messages = operator.received.messages()
  t.deepEqual(
    messages.map(({ text, isComplete, partCount }) => [text.slice(0, 8), isComplete, partCount]),
    [
      ['Bonjour ', true, 2],
      ['seul', true, 1],
      [messages[2]!.text.slice(0, 8), false, 3],
    ],
  )
  t.deepEqual(
    [...operator.received.countByText()],
    [
      ['Bonjour monde', 1],
      ['seul', 1],
    ],
  )
})

test('what was accepted twice is told, and counts as a second message', async t => {
  const operator = await simulator(t, { receipts: { enabled: false } })
  const client = await boundClient(t, operator)
  const long = [part(1, 2, 'un '), part(2, 2, 'deux')]
  await submitAll(client, [...long, ...long, { shortMessage: Buffer.from('une fois') }])
  await submitAll(client, [{ shortMessage: Buffer.from('une fois'), destination: '22670000002' }])
  t.deepEqual(
    operator.received.duplicates().map(({ text, times, partNumber }) => [text, times, partNumber]),
    [
      ['un ', 2, 1],
      ['deux', 2, 2],
    ],
  )
  t.deepEqual(
    [...operator.received.countByText()],
    [
      ['un deux', 2],
      ['une fois', 2],
    ],
  )
  t.deepEqual(
    [...operator.received.countByRecipient()],
    [
      ['22670000001', 5],
      ['22670000002', 1],
    ],
  )
})

test('a witness of counts keeps no texts and says so', async t => {
  const operator = await simulator(t, { keep: 'counts' })
  await (await boundClient(t, operator)).submitted()
  t.is(operator.received.total, 1)
  t.is(operator.received.peakInAnySecond, 1)
  t.throws(() => operator.received.parts(), { message: /counts only/ })
})

test('the meaning of data_coding 0 is that of the operator', async t => {
  for (const [defaultAlphabet, octets, text] of [
    ['gsm', '0002', '@$'],
    ['gsm', '411b', 'A '],
    ['gsm', '80', '\ufffd'],
    ['latin1', 'e9', 'é'],
    ['cp1252', '80', '€'],
    ['ascii', '41', 'A'],
  ] as const) {
    const operator = await simulator(t, { defaultAlphabet, receipts: { enabled: false } })
    await (await boundClient(t, operator)).submitted({ shortMessage: Buffer.from(octets, 'hex') })
    t.is(operator.received.parts()[0]!.text, text, `${defaultAlphabet} ${octets}`)
  }
})

test('the journal has every part before its answer, and is counted by another reader', async t => {
  const journal = join(tempDir(t), 'journal.jsonl')
  const operator = await simulator(t, { journal, keep: 'counts' })
  const client = await boundClient(t, operator)
  for (let count = 1; count <= 3; count += 1) {
    await client.submitted({ shortMessage: Buffer.from(`message ${count}`) })
    t.is(readFileSync(journal, 'utf8').split('\n').length, count + 1)
  }
  const witness = await readJournal(journal)
  t.is(witness.total, 3)
  t.deepEqual([...witness.countByText().keys()], ['message 1', 'message 2', 'message 3'])
})

test('a journal whose last line was cut is read up to it; a broken line inside is an error', async t => {
  const path = join(tempDir(t), 'journal.jsonl')
  const operator = await simulator(t, { journal: path })
  await (await boundClient(t, operator)).submitted()
  appendFileSync(path, '{"atMs":1,"sys')
  t.is((await readJournal(path)).total, 1)
  appendFileSync(path, '\n{}\n')
  await t.throwsAsync(readJournal(path), { message: /line 2 of/ })
})
