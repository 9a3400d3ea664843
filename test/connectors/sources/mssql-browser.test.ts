import { createSocket } from 'node:dgram'
import test, { type ExecutionContext } from 'ava'
import { systemClock } from '../../../connectors/clock.ts'
import { findInstancePort } from '../../../connectors/sources/mssql-browser.ts'
import { fakeClock } from '../../support/fake-clock.ts'

/** A SQL Server Browser; `answer` undefined stays silent. */
async function startBrowser(
  t: ExecutionContext,
  answer: (asked: string) => string | Buffer | undefined,
): Promise<{ port: number; asked: string[] }> {
  const socket = createSocket('udp4')
  const asked: string[] = []
  socket.on('message', (question, from) => {
    asked.push(question.toString('latin1'))
    const words = answer(question.toString('latin1'))
    if (words === undefined) return
    const data = Buffer.isBuffer(words) ? words : Buffer.concat([Buffer.from([5, 0, 0]), Buffer.from(words)])
    socket.send(data, from.port, from.address)
  })
  await new Promise<void>(resolve => socket.bind(0, '127.0.0.1', resolve))
  t.teardown(() => socket.close())
  return { port: socket.address().port, asked }
}

const asking = {
  host: '127.0.0.1',
  instanceName: 'ASSUR',
  clock: systemClock,
  signal: new AbortController().signal,
}

test('the browser of a host tells the port of a named instance', async t => {
  const words =
    'ServerName;SRV;InstanceName;assur;IsClustered;No;Version;10.50.1600.1;np;\\\\SRV\\pipe\\x;tcp;49172;;'
  const { port, asked } = await startBrowser(t, () => words)
  t.is(await findInstancePort({ ...asking, port }), 49_172)
  t.deepEqual(asked, ['\x04ASSUR\0'])
})

const wrong: [string, string | Buffer][] = [
  ['another instance', 'ServerName;SRV;InstanceName;OTHER;tcp;1433;;'],
  ['no TCP', 'ServerName;SRV;InstanceName;ASSUR;np;x;;'],
  ['a port that is none', 'ServerName;SRV;InstanceName;ASSUR;tcp;99999;;'],
  ['nothing', ''],
  ['other bytes', Buffer.from([0xff, 0, 0, 0])],
  ['an empty datagram', Buffer.alloc(0)],
]
for (const [what, words] of wrong) {
  test(`an answer with ${what} is an instance that is not there`, async t => {
    const { port } = await startBrowser(t, () => words)
    await t.throwsAsync(findInstancePort({ ...asking, port }), { code: 'EINSTANCE', message: /ASSUR/ })
  })
}

test('a browser that stays silent is asked three times, then told', async t => {
  const clock = fakeClock()
  const { port, asked } = await startBrowser(t, () => undefined)
  const finding = t.throwsAsync(findInstancePort({ ...asking, clock, port }), {
    code: 'EINSTANCE',
    message: /does not answer \(UDP/,
  })
  for (const times of [1, 2, 3]) {
    while (asked.length < times) await new Promise(resolve => setImmediate(resolve))
    await clock.advance(500)
  }
  await finding
  t.is(asked.length, 3)
})

test('a search that is given up ends with the reason', async t => {
  const { port } = await startBrowser(t, () => undefined)
  const stop = new AbortController()
  const finding = findInstancePort({ ...asking, signal: stop.signal, port })
  stop.abort(new Error('run stopped'))
  await t.throwsAsync(finding, { message: 'run stopped' })
})
