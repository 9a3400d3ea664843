/**
 * Every operation of the store by noun and verb: the visible map. A verb is a function of (knex, …arguments); here
 * it loses its first parameter. Add a noun: its file, its line here.
 */
import type { Knex } from 'knex'
import * as enqueue from './enqueue.ts'
import * as enqueueGroup from './enqueue-group.ts'
import * as memories from './memories.ts'
import * as messages from './messages.ts'
import * as outbox from './outbox.ts'
import * as recovery from './recovery.ts'
import * as settle from './settle.ts'

export const operations = {
  enqueue: { enqueue: enqueue.enqueue, enqueueGroup: enqueueGroup.enqueueGroup },
  memories: { recall: memories.recall, remember: memories.remember },
  messages: {
    find: messages.findMessage,
    search: messages.searchMessages,
    timeline: messages.timeline,
    parts: messages.partsOf,
    cancel: messages.cancelMessages,
    release: messages.releaseMessages,
    closeRunHold: messages.closeRunHold,
  },
  outbox: {
    claim: outbox.claim,
    settle: settle.settle,
    waiting: outbox.waiting,
    reroute: outbox.reroute,
  },
  recovery: {
    recoverSending: recovery.recoverSending,
    resendUnknown: recovery.resendUnknown,
    expireWaiting: recovery.expireWaiting,
    expireWithoutReceipt: recovery.expireWithoutReceipt,
  },
} as const

// biome-ignore lint/suspicious/noExplicitAny: the map is heterogeneous; Store restores every signature.
export type Operation = (...args: any[]) => Promise<unknown>

type WithoutKnex<Verb> = Verb extends (knex: Knex, ...args: infer Args) => Promise<infer Result>
  ? (...args: Args) => Promise<Result>
  : never

/** The store as everyone else sees it: nouns of asynchronous verbs. */
export type Store = {
  readonly [Noun in keyof typeof operations]: {
    readonly [Verb in keyof (typeof operations)[Noun]]: WithoutKnex<(typeof operations)[Noun][Verb]>
  }
}

/** Nouns that only read and may take long: they get their own thread, so that a report never delays a claim. */
export const reportNouns: ReadonlySet<string> = new Set(['statistics'])
/** Verbs of other nouns that only read and may take long. */
export const reportVerbs: ReadonlySet<string> = new Set(['messages.search'])

/** The store on a database held in this thread. */
export function bindOperations(knex: Knex): Store {
  const bound: Record<string, Record<string, Operation>> = {}
  for (const [noun, verbs] of Object.entries(operations)) {
    const target: Record<string, Operation> = {}
    for (const [verb, run] of Object.entries(verbs)) target[verb] = (run as Operation).bind(null, knex)
    bound[noun] = target
  }
  return bound as unknown as Store
}
