/** Alarms: what is wrong now, and what was. */
import { alarmPage, alarmQuery } from '../contract/alarms.ts'
import { type Endpoint, endpoint } from '../endpoint.ts'
import { askFor, pageOf } from './pages.ts'
import { iso, isoOrNull } from './times.ts'

export const alarmEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/alarms',
    noun: 'alarms',
    scope: 'operators:read',
    summary: 'List open alarms, oldest first, or all of them, newest first',
    query: alarmQuery,
    status: 200,
    answer: alarmPage,
    async handle({ query }, { store }) {
      const isAll = query.which === 'all'
      // Of each kind and subject only one is open: the list of open ones is short and needs no pages.
      const found = isAll ? await store.alarms.history(askFor(query)) : await store.alarms.open()
      const { entries, nextBefore } = isAll
        ? pageOf(found, query, entry => entry.alarmId)
        : { entries: found, nextBefore: null }
      return {
        alarms: entries.map(({ raisedAtMs, lastAtMs, clearedAtMs, ...alarm }) => ({
          ...alarm,
          raisedAt: iso(raisedAtMs),
          lastAt: iso(lastAtMs),
          clearedAt: isoOrNull(clearedAtMs),
        })),
        nextBefore,
      }
    },
  }),
]
