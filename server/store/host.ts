/**
 * The thread that owns the database. The loop that holds binds and HTTP never waits for a disk: it posts a call
 * here and goes on. Calls are `noun.verb` with arguments that survive structured cloning.
 */
import { flushCompileCache } from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'
import { RappelError } from '../errors.ts'
import { type DatabaseConfig, openDatabase } from './database.ts'
import { isStoreUnavailable } from './dialect.ts'
import { migrate } from './migrations/list.ts'
import { bindOperations, type Operation, operations } from './operations.ts'

export interface HostStart {
  database: DatabaseConfig
  isMigrating: boolean
}

export interface StoreCall {
  callId: number
  noun: string
  verb: string
  args: unknown[]
}

export type StoreAnswer =
  | { callId: number; kind: 'result'; result: unknown }
  | {
      callId: number
      kind: 'failed'
      code: string
      details: Record<string, unknown>
      message: string
      stack: string
    }

/** The call that closes the database; the thread ends after its answer. */
export const closeVerb = 'close'

if (parentPort !== null) await serve(parentPort, workerData as HostStart)

async function serve(port: NonNullable<typeof parentPort>, start: HostStart): Promise<void> {
  const knex = openDatabase(start.database)
  const nouns = bindOperations(knex) as Record<string, Record<string, Operation>>
  const running = new Set<Promise<unknown>>()
  port.on('message', async (call: StoreCall) => {
    try {
      if (call.verb === closeVerb) {
        await Promise.allSettled(running)
        await knex.destroy()
        port.postMessage({ callId: call.callId, kind: 'result', result: null } satisfies StoreAnswer)
        port.close()
        return
      }
      const work = nouns[call.noun]![call.verb]!(...call.args)
      running.add(work)
      const result = await work.finally(() => running.delete(work))
      port.postMessage({ callId: call.callId, kind: 'result', result } satisfies StoreAnswer)
    } catch (error) {
      port.postMessage(failure(call.callId, error))
    }
  })
  try {
    if (start.isMigrating) await migrate(knex)
    else await knex.raw('select 1')
    port.postMessage({ callId: 0, kind: 'result', result: Object.keys(operations) } satisfies StoreAnswer)
    // Not only at the end: a process that is killed has none.
    setImmediate(flushCompileCache)
  } catch (error) {
    const { message, stack = '' } = error instanceof Error ? error : new Error(String(error))
    const details = { reason: message }
    port.postMessage({
      callId: 0,
      kind: 'failed',
      code: 'store-unavailable',
      details,
      message,
      stack,
    } satisfies StoreAnswer)
    await knex.destroy()
    port.close()
  }
}

function failure(callId: number, error: unknown): StoreAnswer {
  const { message, stack = '' } = error instanceof Error ? error : new Error(String(error))
  if (error instanceof RappelError) {
    return { callId, kind: 'failed', code: error.code, details: { ...error.details }, message, stack }
  }
  if (isStoreUnavailable(error)) {
    return { callId, kind: 'failed', code: 'store-unavailable', details: { reason: message }, message, stack }
  }
  return { callId, kind: 'failed', code: 'internal', details: {}, message, stack }
}
