/** REST services: each configured request is a table, read page after page. */
import type { Source } from '../source.ts'
import { throwAwayState } from './kept-state.ts'
import { asidesOf } from './rest/paging.ts'
import { requestsOf } from './rest/rest-request.ts'
import type { RestConfig } from './rest/rest-settings.ts'
import type { SourceContext } from './source-context.ts'
import { openAuthorization, userOf } from './web/authorization.ts'
import { WebClient } from './web/web-client.ts'
import { hostAndPort } from './web/web-errors.ts'
import { WebService } from './web/web-service.ts'
import { openWebSource } from './web/web-source.ts'

export function openRest(config: RestConfig, { clock, kept = throwAwayState() }: SourceContext): Source {
  const place = { product: 'REST', host: hostAndPort(config.baseUrl), user: userOf(config.auth) }
  const client = new WebClient(config, place, clock)
  const authorization = openAuthorization(config.auth, config.password, { client, clock, kept })
  const usesPost = Object.values(config.requests).some(({ method }) => method === 'POST')
  return openWebSource({
    service: new WebService(client, authorization, { clock, kept }),
    settings: config,
    clock,
    url: new URL(config.baseUrl),
    sendsSecret: config.auth.kind !== 'none',
    mayWrite: usesPost
      ? { warning: 'A request is a POST, which may change something: ask whoever runs the service.' }
      : { note: 'the service is only asked by GET' },
    names: Object.keys(config.requests),
    tableOf(name, params) {
      const request = config.requests[name]!
      const { rowsPath, fields, mayBeAbsent, format, paging, maxPages } = request
      const asides = asidesOf(paging)
      return {
        name,
        shape: { format, isSoap: false, encoding: config.encoding, rowsPath, fields, mayBeAbsent, asides },
        ...requestsOf(config, request, params),
        maxPages,
      }
    },
  })
}
