/** The HTTP side of the product: every endpoint behind keys, beside it health, metrics and documentation. */
import { randomUUID } from 'node:crypto'
import express, {
  type Express,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
} from 'express'
import helmet from 'helmet'
import { RappelError } from '../errors.ts'
import type { ApiDependencies } from './dependencies.ts'
import { docsPage } from './docs/page.ts'
import type { Endpoint } from './endpoint.ts'
import { endpoints } from './endpoints/all.ts'
import { failureHandler, sendJson } from './failures.ts'
import { createHealth } from './health.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { openApiDocument } from './openapi.ts'
import { createRateLimits, type RateLimits, tooMany } from './rate-limits.ts'
import { serve } from './serve.ts'
import { createWorkshop, type Workshop } from './workshop.ts'

/** Where the API begins; another major version would stand beside it. */
const apiRoot = '/api/v1'

/** The Express application; main.ts listens with it. */
export function createApi(dependencies: ApiDependencies): Express {
  const workshop = createWorkshop(dependencies)
  const { log, settings } = dependencies
  const limits = createRateLimits(dependencies.clock, settings)
  const metrics = createMetrics(dependencies)
  const health = createHealth(dependencies)
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.enable('case sensitive routing')
  app.enable('strict routing')
  app.set('query parser', false)
  app.set('trust proxy', settings.trustProxy ?? false)
  app.use(identified(metrics, dependencies))
  app.use(protectiveHeaders())

  app.get('/health/live', (_request, response) => sendJson(response, 200, { status: 'live' }))
  app.get('/health/ready', async (_request, response) => {
    const report = await health.ready()
    sendJson(response, report.status === 'ready' ? 200 : 503, report)
  })
  app.get('/metrics', metricsDoor(gate(workshop, limits)), async (_request, response) => {
    const text = await metrics.text()
    response.type(metrics.contentType).send(text)
  })
  app.get('/api/docs', docsPage(endpoints))
  const document = openApiDocument(endpoints, settings.version)
  app.get(`${apiRoot}/openapi.json`, (_request, response) => sendJson(response, 200, document))
  app.use(apiRoot, gate(workshop, limits), limits.perKey, routerOf(endpoints, workshop))
  app.use((request: Request) => {
    throw new RappelError('not-found', { method: request.method, path: request.path.slice(0, 200) })
  })
  app.use(failureHandler(log))
  return app
}

function routerOf(all: readonly Endpoint[], workshop: Workshop): express.Router {
  const router = express.Router({ caseSensitive: true, strict: true })
  const byPath = Map.groupBy(all, endpoint => endpoint.path)
  for (const [path, endpointsOfPath] of byPath) {
    const route = router.route(path)
    for (const endpoint of endpointsOfPath) route[endpoint.method](serve(endpoint, workshop))
    const allowed = endpointsOfPath.map(endpoint => endpoint.method.toUpperCase()).join(', ')
    route.all((request: Request, response: Response) => {
      response.setHeader('Allow', allowed)
      throw new RappelError('method-not-allowed', { method: request.method, allowed })
    })
  }
  return router
}

/** Who calls. A key seen lately costs no wait and no promise. */
function gate({ authenticator, isStopping }: Workshop, limits: RateLimits): RequestHandler {
  return (request, response, next) => {
    if (isStopping()) throw new RappelError('stopping')
    const { authorization } = request.headers
    const client = authenticator.remembered(authorization)
    if (client !== null) {
      response.locals.client = client
      return next()
    }
    if (limits.isBlocked(request)) return tooMany(request, response)
    return authenticator.authenticate(authorization).then(
      known => {
        response.locals.client = known
        next()
      },
      (error: unknown) => {
        const isWrongKey = error instanceof RappelError && error.code === 'not-authenticated'
        if (!isWrongKey) return next(error)
        return limits.failedKey(request, response, (failure: unknown) => next(failure ?? error))
      },
    )
  }
}

/** Prometheus on the same machine needs no key; through a proxy everybody seems to be on the same machine. */
function metricsDoor(keyed: RequestHandler): RequestHandler {
  return (request, response, next) => {
    const { headers, socket } = request
    const isForwarded = headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined
    const isLocal = ['127.0.0.1', '::1', '::ffff:127.0.0.1'].includes(socket.remoteAddress ?? '')
    if (isLocal && !isForwarded && headers.authorization === undefined) return next()
    return keyed(request, response, (error?: unknown) => {
      if (error !== undefined) return next(error)
      const { client } = response.locals
      const isPermitted = client.scopes.has('metrics:read') || client.scopes.has('admin')
      next(isPermitted ? undefined : new RappelError('not-permitted', { scope: 'metrics:read' }))
    })
  }
}

/** A caller's id is kept when it cannot be misread in a log. */
const requestIdShape = /^[\w.-]{1,64}$/

function identified(metrics: Metrics, { clock }: ApiDependencies): RequestHandler {
  return (request: Request, response: Response, next: NextFunction) => {
    const given = request.headers['x-request-id']
    const requestId = typeof given === 'string' && requestIdShape.test(given) ? given : randomUUID()
    response.locals.requestId = requestId
    response.setHeader('X-Request-Id', requestId)
    const startedMs = clock.nowMs()
    response.once('finish', () => metrics.count(request, response, clock.nowMs() - startedMs))
    next()
  }
}

/** JSON answers load nothing; the documentation page brings a policy of its own. */
function protectiveHeaders(): RequestHandler {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] },
    },
    referrerPolicy: { policy: 'no-referrer' },
  })
}
