/** How many requests a key, and how many wrong keys an address, may send in a minute. */
import type { Request, RequestHandler, Response } from 'express'
import { ipKeyGenerator, type Store as RateStore, rateLimit } from 'express-rate-limit'
import type { Clock } from '../../connectors/clock.ts'
import { RappelError } from '../errors.ts'
import type { ApiSettings } from './dependencies.ts'

export interface RateLimits {
  /** Counts a request of an authenticated key (`response.locals.client`). */
  perKey: RequestHandler
  /** Counts a wrong key and passes on `not-authenticated`, or `too-many-requests` above the limit. */
  failedKey: RequestHandler
  /** True when an address has sent too many wrong keys: no other key of it is looked up. */
  isBlocked(request: Request): boolean
}

const windowMs = 60_000
/** Ten thousand a second: above what one node can take, so that only a loop without end meets it. */
const usualRequestsPerKey = 600_000
const usualFailedKeys = 20
/** An attacker with many addresses must not fill the memory; then the oldest window starts anew. */
const mostCounted = 50_000

export function createRateLimits(clock: Clock, settings: ApiSettings): RateLimits {
  const failures = createWindows(clock)
  const mostFailures = settings.failedKeysPerMinute ?? usualFailedKeys
  return {
    perKey: rateLimit({
      windowMs,
      limit: settings.requestsPerMinutePerKey ?? usualRequestsPerKey,
      legacyHeaders: false,
      standardHeaders: false,
      validate: false,
      store: createWindows(clock).store,
      keyGenerator: (_request, response) => String(response.locals.client.apiKeyId),
      handler: tooMany,
    }),
    failedKey: rateLimit({
      windowMs,
      limit: mostFailures,
      legacyHeaders: false,
      standardHeaders: false,
      validate: false,
      store: failures.store,
      keyGenerator: addressOf,
      handler: tooMany,
    }),
    isBlocked: request => failures.hits(addressOf(request)) >= mostFailures,
  }
}

/** IPv6 by network: one household has 2^64 addresses. */
function addressOf(request: Request): string {
  return ipKeyGenerator(request.ip ?? '', 56)
}

/** @throws RappelError `too-many-requests` */
export function tooMany(_request: Request, response: Response): never {
  response.setHeader('Retry-After', String(windowMs / 1_000))
  throw new RappelError('too-many-requests', { retryAfterSeconds: windowMs / 1_000 })
}

/** Fixed windows on the product's clock, without timers. */
function createWindows(clock: Clock): { store: RateStore; hits(key: string): number } {
  const windows = new Map<string, { hits: number; resetTime: Date; untilMs: number }>()
  const windowOf = (key: string): { hits: number; resetTime: Date; untilMs: number } => {
    const nowMs = clock.nowMs()
    let window = windows.get(key)
    if (window === undefined || window.untilMs <= nowMs) {
      if (windows.size >= mostCounted) windows.clear()
      window = { hits: 0, resetTime: new Date(nowMs + windowMs), untilMs: nowMs + windowMs }
      windows.set(key, window)
    }
    return window
  }
  return {
    hits: key => {
      const window = windows.get(key)
      return window === undefined || window.untilMs <= clock.nowMs() ? 0 : window.hits
    },
    store: {
      increment(key) {
        const window = windowOf(key)
        window.hits += 1
        return { totalHits: window.hits, resetTime: window.resetTime }
      },
      decrement(key) {
        windowOf(key).hits -= 1
      },
      resetKey(key) {
        windows.delete(key)
      },
    },
  }
}
