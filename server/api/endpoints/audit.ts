/** The audit: who changed what, newest first. */
import { auditPage, auditQuery } from '../contract/audit.ts'
import { type Endpoint, endpoint } from '../endpoint.ts'
import { askFor, given, pageOf } from './pages.ts'
import { iso } from './times.ts'

export const auditEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/audit',
    noun: 'audit',
    scope: 'admin',
    summary: 'List changes of the configuration, newest first',
    query: auditQuery,
    status: 200,
    answer: auditPage,
    async handle({ query }, { store }) {
      const { noun, nounId } = query
      const found = await store.audit.list({ ...askFor(query), ...given({ noun, nounId }) })
      const { entries, nextBefore } = pageOf(found, query, entry => entry.auditId)
      return { entries: entries.map(({ atMs, ...entry }) => ({ ...entry, at: iso(atMs) })), nextBefore }
    },
  }),
]
