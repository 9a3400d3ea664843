/**
 * Kannel, a gateway that others wrote and many operators have met: its bearerbox binds to a simulator as their
 * client, its smsbox takes messages over HTTP and calls back with receipts and incoming messages.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { systemClock } from '../../connectors/clock.ts'
import { findProgram, freePort, serverDirectory, startServer } from '../support/server-process.ts'
import type { Teardown } from '../support/temp-dir.ts'

const programDirectories = ['/usr/sbin', '/usr/bin', '/usr/lib/kannel/test']

/** Undefined where the program is not installed; the package is `kannel`, or `kannel-extras` for drive_smpp. */
export const bearerbox = findProgram('bearerbox', programDirectories)
const smsbox = findProgram('smsbox', programDirectories)

/** What smsbox called back with: `/dlr` for a receipt, `/mo` for an incoming message. */
export interface Callback {
  path: string
  fields: URLSearchParams
}

export interface SentByKannel {
  from: string
  to: string
  text: string
  /** Chosen by the caller, given back as `ref` of the receipt. */
  reference: string
  /** 0 GSM, 2 UCS-2. */
  coding?: 0 | 2
}

export interface Kannel {
  callbacks: Callback[]
  /** Hands a message to smsbox; it says `0: Accepted for delivery` when it was taken. */
  send(message: SentByKannel): Promise<string>
  until(condition: () => boolean, what: string): Promise<void>
  /** Lines in which bearerbox complains: errors, warnings, panics. */
  complaints(): string[]
}

const deadlineMs = 100_000

/** @param smsc the lines of Kannel's `group = smsc`, one `key = value` each */
export async function startKannel(t: Teardown, smsc: readonly string[]): Promise<Kannel> {
  const callbacks: Callback[] = []
  const listener = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    callbacks.push({ path: url.pathname, fields: url.searchParams })
    response.end()
  })
  await new Promise<void>(resolve => listener.listen(0, '127.0.0.1', resolve))
  t.teardown(() => void listener.close())
  const callbackUrl = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`

  const { logFile, sendPort } = await startBoxes(t, smsc, callbackUrl)
  const logged = (): string => readFileSync(logFile, 'latin1')

  return {
    callbacks,
    async send({ from, to, text, reference, coding = 0 }) {
      const query = new URLSearchParams({
        username: 'tester',
        password: 'tester',
        from,
        to,
        text,
        charset: 'UTF-8',
      })
      query.set('coding', String(coding))
      query.set('dlr-mask', '31')
      query.set('dlr-url', `${callbackUrl}/dlr?ref=${reference}&type=%d&phone=%p&answer=%A`)
      const response = await fetch(`http://127.0.0.1:${sendPort}/cgi-bin/sendsms?${query}`)
      return await response.text()
    },
    async until(condition, what) {
      const giveUpAtMs = systemClock.nowMs() + deadlineMs
      while (!condition()) {
        if (systemClock.nowMs() > giveUpAtMs)
          throw new Error(`not in time: ${what}\n${logged().slice(-3_000)}`)
        await systemClock.sleep(15)
      }
    },
    complaints: () =>
      logged()
        .split('\n')
        .filter(line => / (ERROR|WARNING|PANIC): /.test(line)),
  }
}

/** Both boxes read one file: bearerbox refuses to start without the group of smsbox, and smsbox without the core's. */
function configuration(smsc: readonly string[], callbackUrl: string, ports: Ports): string {
  const groups = [
    [
      'group = core',
      // Compulsory; 0 lets the system choose.
      'admin-port = 0',
      'admin-password = tester',
      `smsbox-port = ${ports.box}`,
      'box-allow-ip = 127.0.0.1',
      'dlr-storage = internal',
    ],
    ['group = smsc', ...smsc],
    [
      'group = smsbox',
      'bearerbox-host = 127.0.0.1',
      `sendsms-port = ${ports.send}`,
      // A text in the GSM alphabet is given to it, and to its services, in UTF-8.
      'mo-recode = true',
    ],
    [
      'group = sendsms-user',
      'username = tester',
      'password = tester',
      'max-messages = 10',
      'concatenation = true',
    ],
    [
      'group = sms-service',
      'keyword = default',
      'catch-all = true',
      'max-messages = 0',
      `get-url = "${callbackUrl}/mo?from=%p&to=%P&text=%b"`,
    ],
  ]
  return `${groups.map(lines => lines.join('\n')).join('\n\n')}\n`
}

interface Ports {
  box: number
  send: number
}

async function startBoxes(
  t: Teardown,
  smsc: readonly string[],
  callbackUrl: string,
): Promise<{ logFile: string; sendPort: number }> {
  const boxDirectory = serverDirectory('bearerbox')
  const ports = { box: await freePort(), send: await freePort() }
  const text = configuration(smsc, callbackUrl, ports)
  const logFile = join(boxDirectory, 'bearerbox.log')
  const start = async (directory: string, command: string, options: string[]): Promise<void> => {
    const file = join(directory, 'kannel.conf')
    writeFileSync(file, text)
    const server = await startServer({
      directory,
      command,
      args: [...options, file],
      stopSignal: 'KILL',
      readyPattern: /Start-up done|Connected to bearerbox/,
    })
    t.teardown(() => server.stop())
  }
  await start(boxDirectory, bearerbox!, ['-v', '0', '-V', '0', '-F', logFile])
  await start(serverDirectory('smsbox'), smsbox!, ['-v', '0'])
  return { logFile, sendPort: ports.send }
}
