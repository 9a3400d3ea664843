/** A connection tried and given up at once: what stands between this machine and the peer. Nothing is sent. */
import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Clock } from '../clock.ts'
import type { OpenedSocket } from './socket.ts'

export type ProbeOutcome =
  | { kind: 'connected'; elapsedMs: number }
  /** Somebody answered that nobody listens: the way is there (RST). */
  | { kind: 'refused' }
  /** Nobody answered: the tunnel is down, or a filter drops what we send. */
  | { kind: 'no-answer' }
  /** No way leads there: a router or this machine says so. */
  | { kind: 'unreachable'; reason: string }
  /** The source address is none of this machine, or cannot reach that family of addresses. */
  | { kind: 'source-address'; reason: string }
  | { kind: 'failed'; reason: string }
  | { kind: 'aborted' }

export type NameOutcome =
  | { kind: 'resolved'; addresses: string[] }
  /** It was no name. */
  | { kind: 'address' }
  | { kind: 'unknown'; reason: string }

const unreachable = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN', 'EACCES', 'EPERM'])
const sourceAddress = new Set(['EADDRNOTAVAIL', 'EINVAL'])

export async function resolveHost(host: string): Promise<NameOutcome> {
  if (isIP(host) !== 0) return { kind: 'address' }
  try {
    const found = await lookup(host, { all: true })
    return { kind: 'resolved', addresses: found.map(({ address }) => address) }
  } catch (error) {
    return { kind: 'unknown', reason: (error as NodeJS.ErrnoException).code ?? String(error) }
  }
}

/** Whether an address is one of this machine now; a tunnel that is down often takes its address away. */
export function isLocalAddress(address: string): boolean {
  return Object.values(networkInterfaces()).some(entries =>
    (entries ?? []).some(entry => entry.address === address),
  )
}

/** Opens a connection, waits until it is up and closes it. Never rejects. */
export function probe(
  open: () => OpenedSocket,
  { timeoutMs, clock, signal }: { timeoutMs: number; clock: Clock; signal?: AbortSignal },
): Promise<ProbeOutcome> {
  const startedMs = clock.monotonicMs()
  return new Promise(resolve => {
    if (signal?.aborted === true) return resolve({ kind: 'aborted' })
    const { socket, readyEvent } = open()
    const end = (outcome: ProbeOutcome): void => {
      cancel()
      signal?.removeEventListener('abort', onAbort)
      socket.destroy()
      resolve(outcome)
    }
    const onAbort = (): void => end({ kind: 'aborted' })
    const cancel = clock.after(timeoutMs, () => end({ kind: 'no-answer' }))
    signal?.addEventListener('abort', onAbort)
    socket.once(readyEvent, () =>
      end({ kind: 'connected', elapsedMs: Math.round(clock.monotonicMs() - startedMs) }),
    )
    socket.on('error', error => end(outcomeOf(error)))
    socket.once('close', () => end({ kind: 'failed', reason: 'the peer closed the connection' }))
  })
}

function outcomeOf(error: NodeJS.ErrnoException): ProbeOutcome {
  // Several addresses of one name were tried: the first failure stands for all.
  const first = error instanceof AggregateError ? (error.errors[0] as NodeJS.ErrnoException) : error
  const { code = '' } = first
  const reason = first.message
  if (code === 'ECONNREFUSED') return { kind: 'refused' }
  if (code === 'ETIMEDOUT') return { kind: 'no-answer' }
  if (unreachable.has(code)) return { kind: 'unreachable', reason }
  return { kind: sourceAddress.has(code) ? 'source-address' : 'failed', reason }
}
