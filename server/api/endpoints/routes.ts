/** Routes: read and replaced as a whole. */
import { routeTable } from '../contract/routes.ts'
import { batchBodyBytes, type Endpoint, endpoint } from '../endpoint.ts'

const noun = 'routes'

export const routeEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/routes',
    noun,
    scope: 'operators:read',
    summary: 'Show which operators carry which numbers',
    status: 200,
    answer: routeTable,
    handle: async (_call, { store }) => ({ routes: await store.routes.list() }),
  }),
  endpoint({
    method: 'put',
    path: '/routes',
    noun,
    scope: 'operators:write',
    summary: 'Replace all routes; messages queued already keep their operator',
    body: routeTable,
    bodyBytes: batchBodyBytes,
    status: 200,
    answer: routeTable,
    async handle({ body, change }, { store, reloadRoutes }) {
      await store.routes.replace(body.routes, change)
      await reloadRoutes()
      return { routes: await store.routes.list() }
    },
  }),
]
