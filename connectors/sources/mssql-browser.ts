/**
 * Asks the SQL Server Browser of a host which port a named instance has.
 *
 * @see MC-SQLR 2.2.3 (CLNT_UCAST_INST), 2.2.5 (SVR_RESP)
 */
import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import type { Clock } from '../clock.ts'

/** UDP. */
export const browserPort = 1434
/** A datagram may be lost; three in a second and a half are not. */
const attempts = 3
const attemptMs = 500

interface InstanceQuestion {
  host: string
  instanceName: string
  clock: Clock
  signal: AbortSignal
  /** Another port than the Browser's own, in tests. */
  port?: number
}

/**
 * @returns the TCP port of the instance
 * @throws Error with code EINSTANCE: no answer, or an instance that the host does not have or offers without TCP; the
 *   errors of the name lookup; the signal's reason
 */
export async function findInstancePort(question: InstanceQuestion): Promise<number> {
  const { host, instanceName, clock, signal, port = browserPort } = question
  const { address, family } = await lookup(host)
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
  try {
    return await new Promise<number>((resolve, reject) => {
      const ask = (): void => socket.send(Buffer.from(`\x04${instanceName}\0`, 'latin1'), port, address)
      let asked = 1
      const cancel = clock.every(attemptMs, () => {
        asked += 1
        if (asked <= attempts) ask()
        else reject(instanceError(`the SQL Server Browser on ${host} does not answer (UDP ${port})`))
      })
      const onAbort = (): void => reject(signal.reason)
      const done = (): void => {
        cancel()
        signal.removeEventListener('abort', onAbort)
      }
      socket.once('close', done)
      socket.once('error', error => {
        reject(instanceError(`the SQL Server Browser on ${host} cannot be asked: ${error.message}`))
      })
      socket.on('message', (answer, from) => {
        if (from.address !== address) return
        const found = portOf(answer, instanceName)
        if (found === undefined) {
          reject(instanceError(`${host} has no instance ${instanceName} that listens on TCP`))
        } else resolve(found)
      })
      signal.addEventListener('abort', onAbort, { once: true })
      if (signal.aborted) onAbort()
      ask()
    })
  } finally {
    socket.close()
  }
}

/** `ServerName;…;InstanceName;ASSUR;…;tcp;49172;;` after a type byte (5) and a length. */
function portOf(answer: Buffer, instanceName: string): number | undefined {
  if (answer[0] !== 5) return undefined
  for (const instance of answer.toString('latin1', 3).split(';;')) {
    const words = instance.split(';')
    const wordAfter = (key: string): string | undefined => {
      const at = words.findIndex((word, index) => index % 2 === 0 && word.toLowerCase() === key)
      return at === -1 ? undefined : words[at + 1]
    }
    const port = Number(wordAfter('tcp'))
    const isAsked = wordAfter('instancename')?.toLowerCase() === instanceName.toLowerCase()
    if (isAsked && Number.isInteger(port) && port > 0 && port < 65_536) return port
  }
  return undefined
}

function instanceError(message: string): Error {
  return Object.assign(new Error(message), { code: 'EINSTANCE' })
}
