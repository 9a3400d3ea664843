/**
 * The link bound to the SMSC of Kannel's authors (`drive_smpp`), which knows no transceiver, gives no message ids,
 * and asks after every message that it delivers whether we are alive.
 */
import { spawn } from 'node:child_process'
import { createServer, type Socket } from 'node:net'
import test from 'ava'
import { systemClock } from '../../connectors/clock.ts'
import { findProgram, freePort, serverAvailable } from '../support/server-process.ts'
import type { Teardown } from '../support/temp-dir.ts'
import { outgoing, talk } from './independent-link.ts'

const driveSmpp = findProgram('drive_smpp', ['/usr/lib/kannel/test'])
const kannelTest = serverAvailable("Kannel's SMSC (kannel-extras)", driveSmpp) ? test : test.skip

/** Both ways. */
const messages = 200

/** It also connects to this port as if it were a box, no option changes that, and ends when nobody listens there. */
const boxPort = 13_001

interface DriveSmpp {
  port: number
  /** Its log, Latin-1. */
  said(): string
  /** Rejects when it ends by itself. */
  ended: Promise<never>
}

/** A bearerbox that says nothing. Whoever listens there already, another run of this test perhaps, will do as well. */
async function listenAsBox(t: Teardown): Promise<void> {
  const sockets = new Set<Socket>()
  const box = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => undefined)
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  box.once('error', (error: NodeJS.ErrnoException) =>
    error.code === 'EADDRINUSE' ? resolve() : reject(error),
  )
  box.listen(boxPort, '127.0.0.1', resolve)
  await promise
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    box.close()
  })
}

async function startDriveSmpp(t: Teardown): Promise<DriveSmpp> {
  await listenAsBox(t)
  const port = await freePort()
  const child = spawn(driveSmpp!, ['-v', '0', '-p', String(port), '-m', String(messages)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const exited = new Promise<void>(resolve => child.once('exit', () => resolve()))
  t.teardown(async () => {
    child.kill('SIGKILL')
    await exited
  })
  let said = ''
  child.stderr.setEncoding('latin1').on('data', text => {
    said += text
  })
  const ended = exited.then(() => Promise.reject(new Error(`the SMSC ended: ${said.slice(-2_000)}`)))
  // Heard by whoever waits; a run that is over waits no more.
  ended.catch(() => undefined)
  return { port, said: () => said, ended }
}

kannelTest(
  'the SMSC of Kannel’s authors takes what is sent, and its messages and enquiries are answered',
  async t => {
    const smsc = await startDriveSmpp(t)
    const parts = Array.from({ length: messages }, (_, index) => outgoing(index + 1))
    const link = talk(t, parts, {
      port: smsc.port,
      bindMode: 'transmitter+receiver',
      window: 100,
      connectSeconds: 2,
    })
    const isExchanged = (): boolean => link.outcomes.length === messages && link.incoming.length === messages
    await Promise.race([link.when(isExchanged), smsc.ended])

    t.true(link.outcomes.every(outcome => outcome.kind === 'accepted' && outcome.remoteId === ''))
    t.deepEqual(
      link.incoming.map(({ sender, recipient, text }) => `${sender} ${recipient} ${text}`),
      parts.map(({ partId }) => `456 123 ${partId}`),
    )
    t.deepEqual(link.receipts, [])
    // What it has done is in its log before it is in what we have read of that.
    const logged = ['submit_sm: short_message', 'type deliver_sm_resp', 'type enquire_link_resp']
    while (logged.some(words => count(smsc.said(), words) < messages)) {
      await Promise.race([systemClock.sleep(10), smsc.ended])
    }
    await link.stop()
    t.is(count(smsc.said(), 'submit_sm: short_message'), messages)
    t.true(
      smsc.said().includes(`short_message = <Rappel ${messages} : votre prime de 45 000 F CFA est \x05chue>`),
    )
    t.true(smsc.said().includes('ESME has submitted all messages to SMSC.'))
    t.false(/garbage|unpacking failed|Unhandled|SMPP: /.test(smsc.said()), 'it could read every PDU')
  },
)

function count(text: string, wanted: string): number {
  return text.split(wanted).length - 1
}
