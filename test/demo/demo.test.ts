import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { tempDir } from '../support/temp-dir.ts'
import { figuresOf, runDemoOnce, startDemo } from './demo-process.ts'

// One process after another: each is three, and they share the machine with other test files.
const { serial } = test

serial(
  'a first day sends and all books agree, a second start sends nothing, New Year wishes leave on their day',
  async t => {
    const data = join(tempDir(t), 'demo')

    const first = await runDemoOnce(t, data)
    t.is(first.code, 0, first.output + first.errors)
    t.is(first.errors, '')
    // The server looks for runs that a crash left open before anyone may start one.
    t.notRegex(readFileSync(join(data, 'rappel.log'), 'utf8'), /alert\.run\.interrupted/)
    t.is(statSync(data).mode & 0o777, 0o700)
    const [read, due, sent, delivered, failed, held, blocked, doneBefore] = figuresOf(first.output, 'Total')
    t.true(read! > 200)
    t.true(sent! > 0)
    t.is(due, sent! + held! + blocked! + doneBefore!)
    t.is(sent, delivered! + failed!)
    t.regex(first.output, /All agree: every message sent has a final state/)
    t.regex(first.output, /rows remembered without a message/)
    t.notRegex(first.output, /Nothing was sent/)
    for (const alert of ['Nouvelle souscription', 'Avenant', 'Règlement de sinistre']) {
      t.true(figuresOf(first.output, alert)[2]! > 0, alert)
    }
    const differences = first.output
      .split('\n')
      .filter(line => /messages sent|parts /.test(line) && / {2}\d/.test(line))
    t.true(differences.filter(line => / {2}0$/.test(line)).length >= 10, first.output)

    const second = await runDemoOnce(t, data)
    t.is(second.code, 0, second.output + second.errors)
    t.regex(second.output, /Nothing was sent: all that is due on this day has been dealt with before/)
    t.is(figuresOf(second.output, 'Total')[2], 0)

    const newYear = await runDemoOnce(t, data, '--date', '2027-01-01')
    t.is(newYear.code, 0, newYear.output + newYear.errors)
    t.true(figuresOf(newYear.output, 'Nouvel An')[2]! > 100)
    t.regex(newYear.output, /bonne et heureuse année 2027/)
    t.is(figuresOf(newYear.output, '8 mars')[2], 0)
  },
)

serial('a message that an operator swallows ends in exit code 1, and the difference is named', async t => {
  const directory = tempDir(t)
  const faults = join(directory, 'faults.json')
  writeFileSync(faults, JSON.stringify([{ when: { after: 1, times: 1 }, fault: { kind: 'swallow' } }]))

  const { code, output } = await runDemoOnce(t, join(directory, 'demo'), '--simulator-faults', faults)

  t.is(code, 1, output)
  t.regex(output, /The books do not agree:/)
  t.regex(output, /messages without a final state: [1-9] \(unknown outcome\)/)
  t.notRegex(output, /All agree/)
})

serial(
  'a demo that was killed while messages flow goes on at the next start, and nobody is written to twice',
  async t => {
    const data = join(tempDir(t), 'demo')
    // Some seconds of traffic: long enough to be killed in the middle of it.
    const killed = startDemo(t, data, '--once', '--date', '2027-01-01', '--contracts', '600')
    // Something waits and something has left: the kill falls in between.
    await killed.until(/queued +[1-9]\d+[^\n]*sent +[1-9]/)
    killed.child.kill('SIGKILL')
    t.is((await killed.ended).signal, 'SIGKILL')

    const { code, output, errors } = await runDemoOnce(t, data, '--date', '2027-01-01')
    t.is(code, 0, output + errors)
    t.regex(output, /The demo before this one was interrupted: [\d,]+ messages that waited leave now/)
    t.regex(output, /All agree/)
  },
)

serial('it stays up with the API until Ctrl-C, then drains and ends well', async t => {
  const data = join(tempDir(t), 'demo')
  const demo = startDemo(t, data)
  const output = await demo.until(/Ctrl-C stops it/)
  const addressOf = (name: string): string => new RegExp(`${name} +(\\S+)`).exec(output)![1]!

  const key = addressOf('Key')
  const operators = await fetch(`${addressOf('API')}/operators`, {
    headers: { authorization: `Bearer ${key}` },
  })
  t.is(operators.status, 200)
  t.regex(await operators.text(), /Orange Faso \(simulateur\)/)
  t.is((await fetch(`${addressOf('API')}/operators`)).status, 401)
  t.is((await fetch(addressOf('Health'))).status, 200)
  const documentation = await fetch(addressOf('Documentation'))
  t.is(documentation.status, 200)
  t.regex(documentation.headers.get('content-type') ?? '', /html/)

  demo.child.kill('SIGINT')
  const end = await demo.ended
  t.is(end.code, 0, end.output + end.errors)
  t.regex(end.output, /Stopped\. Everything that left is recorded\./)
})

test('a day that does not exist is refused in one line', async t => {
  const { code, output, errors } = await runDemoOnce(t, join(tempDir(t), 'demo'), '--date', '2027-02-30')
  t.is(code, 1)
  t.is(output, '')
  t.regex(errors, /^--date 2027-02-30: expected a day that exists.*\n$/)
})

test('a directory that is no demo is left alone, with --reset as well', async t => {
  const data = tempDir(t)
  const file = join(data, 'insurer.db')
  writeFileSync(file, 'somebody else')
  for (const options of [[], ['--reset']]) {
    const { code, errors } = await runDemoOnce(t, data, ...options)
    t.is(code, 1)
    t.regex(errors, /is not that of a demo \(it holds insurer\.db\)\. Choose another with --data/)
    t.is(readFileSync(file, 'utf8'), 'somebody else')
  }
})

test('data of another version are refused with the way out', async t => {
  const data = tempDir(t)
  writeFileSync(join(data, 'demo.json'), JSON.stringify({ product: 'rappel-demo', format: 99 }))
  const { code, errors } = await runDemoOnce(t, data)
  t.is(code, 1)
  t.regex(errors, /do not suit this version of Rappel .*--reset/)
  t.false(existsSync(join(data, 'insurer.db')))
})

test('a fault plan that cannot be read is refused', async t => {
  const directory = tempDir(t)
  const faults = join(directory, 'faults.json')
  writeFileSync(faults, '[{"fault":{"kind":"explode"}}]')
  const { code, errors } = await runDemoOnce(t, join(directory, 'demo'), '--simulator-faults', faults)
  t.is(code, 1)
  t.regex(errors, /--simulator-faults/)
})
