/** The store as the main thread holds it: the same verbs, carried out in the threads that own the database. */
import { Worker } from 'node:worker_threads'
import { withCompiledCode } from '../../connectors/compile-cache.ts'
import { type ErrorCode, RappelError } from '../errors.ts'
import type { DatabaseConfig } from './database.ts'
import { closeVerb, type HostStart, type StoreAnswer, type StoreCall } from './host.ts'
import { operations, reportNouns, reportVerbs, type Store } from './operations.ts'

export interface OpenStore {
  store: Store
  /** Waits for what was asked, closes the database and ends its threads. */
  close(): Promise<void>
}

export interface StoreOptions {
  /** Called when a database thread dies: nothing can be stored any more, the process must end. */
  onFailure(error: Error): void
}

/**
 * Opens and migrates the store.
 *
 * @throws RappelError `store-unavailable` when the database cannot be opened or migrated
 */
export async function openStore(database: DatabaseConfig, options: StoreOptions): Promise<OpenStore> {
  const writer = await startHost({ database, isMigrating: true }, options)
  // PostgreSQL reads and writes side by side; SQLite reads beside its one writer through a second connection.
  const reader =
    database.kind === 'sqlite'
      ? await startHost({ database: { ...database, isReadOnly: true }, isMigrating: false }, options)
      : writer
  return {
    store: proxyOf((noun, verb) =>
      reportNouns.has(noun) || reportVerbs.has(`${noun}.${verb}`) ? reader : writer,
    ),
    async close() {
      if (reader !== writer) await reader.close()
      await writer.close()
    },
  }
}

interface Host {
  call(noun: string, verb: string, args: unknown[]): Promise<unknown>
  close(): Promise<void>
}

interface Pending {
  resolve: (result: unknown) => void
  reject: (error: Error) => void
}

async function startHost(start: HostStart, { onFailure }: StoreOptions): Promise<Host> {
  const worker = new Worker(withCompiledCode(new URL('./host.ts', import.meta.url)), { workerData: start })
  const pending = new Map<number, Pending>()
  let lastCallId = 0
  let isStarted = false
  let isClosing = false
  let isEnded = false

  const ended = new Promise<void>(resolve => worker.once('exit', () => resolve()))
  worker.on('message', (answer: StoreAnswer) => {
    const waiting = pending.get(answer.callId)
    pending.delete(answer.callId)
    if (answer.kind === 'result') waiting?.resolve(answer.result)
    else waiting?.reject(errorOf(answer))
  })
  const fail = (error: Error): void => {
    for (const waiting of pending.values())
      waiting.reject(new RappelError('store-unavailable', { reason: error.message }, error))
    pending.clear()
    // A start that fails is told to the caller. The thread may end in the same turn as its refusal arrives.
    if (isStarted && !isClosing) onFailure(error)
  }
  worker.on('error', fail)
  worker.on('exit', () => {
    isEnded = true
    if (!isClosing || pending.size > 0) fail(new Error('the database thread ended'))
  })

  const post = (noun: string, verb: string, args: unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (isEnded) throw new RappelError('store-unavailable', { reason: 'the store is closed' })
      lastCallId += 1
      pending.set(lastCallId, { resolve, reject })
      worker.postMessage({ callId: lastCallId, noun, verb, args } satisfies StoreCall)
    })

  try {
    await new Promise((resolve, reject) => pending.set(0, { resolve, reject }))
    isStarted = true
  } catch (error) {
    isClosing = true
    await worker.terminate()
    throw error
  }
  return {
    call: post,
    async close() {
      isClosing = true
      await post('', closeVerb, [])
      await ended
    },
  }
}

function errorOf(answer: Extract<StoreAnswer, { kind: 'failed' }>): Error {
  const error = new RappelError(answer.code as ErrorCode, answer.details, new Error(answer.message))
  if (answer.code === 'internal') error.stack = answer.stack
  return error
}

function proxyOf(hostOf: (noun: string, verb: string) => Host): Store {
  const nouns: Record<string, Record<string, (...args: unknown[]) => Promise<unknown>>> = {}
  for (const [noun, verbs] of Object.entries(operations)) {
    nouns[noun] = {}
    for (const verb of Object.keys(verbs)) {
      const host = hostOf(noun, verb)
      nouns[noun][verb] = (...args) => host.call(noun, verb, args)
    }
  }
  return nouns as unknown as Store
}
