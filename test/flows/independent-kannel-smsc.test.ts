/**
 * The link bound to the SMSC of Kannel's authors (`drive_smpp`), which knows no transceiver, gives no message ids,
 * and asks after every message that it delivers whether we are alive.
 */
import { spawn } from 'node:child_process'
import test from 'ava'
import { systemClock } from '../../connectors/clock.ts'
import { findProgram, freePort, serverAvailable } from '../support/server-process.ts'
import type { Teardown } from '../support/temp-dir.ts'
import { outgoing, talk } from './independent-link.ts'

const driveSmpp = findProgram('drive_smpp', ['/usr/lib/kannel/test'])
const kannelTest = serverAvailable("Kannel's SMSC (kannel-extras)", driveSmpp) ? test : test.skip

/**
 * Both ways. It also connects to port 13001 as if it were a box, a second after our bind, tries once more two seconds
 * later, and ends when nobody listens there: all must be over by then, and takes some 100 ms.
 */
const messages = 200

interface DriveSmpp {
  port: number
  /** Its log, Latin-1. */
  said(): string
}

async function startDriveSmpp(t: Teardown): Promise<DriveSmpp> {
  const port = await freePort()
  const child = spawn(driveSmpp!, ['-v', '0', '-p', String(port), '-m', String(messages)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  t.teardown(async () => {
    child.kill('SIGKILL')
    await ended
  })
  let said = ''
  child.stderr.setEncoding('latin1').on('data', text => {
    said += text
  })
  return { port, said: () => said }
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
    await link.when(() => link.outcomes.length === messages && link.incoming.length === messages)

    t.true(link.outcomes.every(outcome => outcome.kind === 'accepted' && outcome.remoteId === ''))
    t.deepEqual(
      link.incoming.map(({ sender, recipient, text }) => `${sender} ${recipient} ${text}`),
      parts.map(({ partId }) => `456 123 ${partId}`),
    )
    t.deepEqual(link.receipts, [])
    while (
      count(smsc.said(), 'type deliver_sm_resp') < messages ||
      count(smsc.said(), 'type enquire_link_resp') < messages
    ) {
      await systemClock.sleep(10)
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
