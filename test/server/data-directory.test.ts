import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { holdDataDirectory, measureDisk, readLockHolder } from '../../server/data-directory.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { tempDir } from '../support/temp-dir.ts'

const clock = fakeClock('2027-01-04T09:00:00Z')

/** Another process that holds the directory until it is killed. */
async function holder(t: { teardown(run: () => void): void }, path: string) {
  const module = new URL('../../server/data-directory.ts', import.meta.url).href
  const clockModule = new URL('../../connectors/clock.ts', import.meta.url).href
  const script = `
    const {holdDataDirectory} = await import('${module}')
    const {systemClock} = await import('${clockModule}')
    const outcome = holdDataDirectory(process.argv[1], systemClock)
    process.stdout.write(outcome.kind)
    process.stdin.resume()`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const [said] = await once(child.stdout, 'data')
  return { child, said: String(said) }
}

test('an absent directory is created for its owner only and held', t => {
  const path = join(tempDir(t), 'deep', 'data')
  const outcome = holdDataDirectory(path, clock)
  if (outcome.kind === 'refused') return t.fail(outcome.reason)
  t.like(outcome.directory, { path, wasCreated: true })
  t.is(statSync(path).mode & 0o777, 0o700)
  t.like(readLockHolder(path), { pid: process.pid, startedAt: '2027-01-04T09:00:00.000Z' })
  outcome.directory.release()
  outcome.directory.release()
  t.is(readLockHolder(path), null)
})

test('an existing directory is held, released and held again', t => {
  const path = tempDir(t)
  for (let i = 0; i < 2; i += 1) {
    const outcome = holdDataDirectory(path, clock)
    if (outcome.kind === 'refused') return t.fail(outcome.reason)
    t.false(outcome.directory.wasCreated)
    outcome.directory.release()
  }
  t.deepEqual(readdirSync(path), ['lock.db'])
})

test('a directory that others may read is refused and left as it is', t => {
  const path = join(tempDir(t), 'open')
  mkdirSync(path)
  chmodSync(path, 0o750)
  const outcome = holdDataDirectory(path, clock)
  if (outcome.kind === 'held') return t.fail()
  t.is(outcome.code, 'not-private')
  t.regex(outcome.reason, /has mode 0750: .*run chmod 700/)
  t.is(statSync(path).mode & 0o777, 0o750)
  t.deepEqual(readdirSync(path), [])
})

test('a file in place of the directory is refused', t => {
  const path = join(tempDir(t), 'file')
  writeFileSync(path, '')
  t.like(holdDataDirectory(path, clock), { kind: 'refused', code: 'not-usable' })
  t.like(holdDataDirectory(join(path, 'below'), clock), { kind: 'refused', code: 'not-usable' })
})

test('the same process cannot hold a directory twice', t => {
  const path = tempDir(t)
  const first = holdDataDirectory(path, clock)
  t.like(holdDataDirectory(path, clock), { kind: 'refused', code: 'in-use' })
  if (first.kind === 'held') first.directory.release()
})

test('a second server is refused and told who holds it; after kill -9 the directory is free', async t => {
  const path = tempDir(t)
  const { child, said } = await holder(t, path)
  t.is(said, 'held')
  const refused = holdDataDirectory(path, clock)
  if (refused.kind === 'held') return t.fail()
  t.is(refused.code, 'in-use')
  t.true(refused.reason.includes(`process ${child.pid} on `), refused.reason)

  child.kill('SIGKILL')
  await once(child, 'exit')
  t.like(readLockHolder(path), { pid: child.pid })
  const outcome = holdDataDirectory(path, clock)
  if (outcome.kind === 'refused') return t.fail(outcome.reason)
  t.like(readLockHolder(path), { pid: process.pid })
  outcome.directory.release()
})

test('whatever stands in the file that names the holder, the lock decides', t => {
  const path = tempDir(t)
  for (const text of ['', '{}', '{"pid":1,"host":"x","startedAt":"y"}', '[]', 'x'.repeat(10_000)]) {
    writeFileSync(join(path, 'lock.json'), text)
    const outcome = holdDataDirectory(path, clock)
    if (outcome.kind === 'refused') return t.fail(outcome.reason)
    outcome.directory.release()
  }
  t.false(existsSync(join(path, 'lock.json')))
})

test('a lock file that is no database is refused, not overwritten', t => {
  const path = tempDir(t)
  writeFileSync(join(path, 'lock.db'), 'something else that is longer than a page header '.repeat(100))
  t.like(holdDataDirectory(path, clock), { kind: 'refused', code: 'not-usable' })
})

test('the free space of the disk is measured', t => {
  const space = measureDisk(tempDir(t))
  t.true(space.freeBytes > 0 && space.freeBytes <= space.totalBytes)
  t.is(space.isLow, space.freeBytes < 512 * 1024 * 1024)
  t.throws(() => measureDisk('/does/not/exist'))
})
