/** Feasts: dates that an administrator has confirmed, days off by decree, usual shifts. */
import { calendarOverridesSchema } from '../../../scheduler/calendar/overrides.ts'
import { calendarSetting } from '../../store/scheduler-store.ts'
import { feastOverrides } from '../contract/feasts.ts'
import { type Endpoint, endpoint, usualBodyBytes } from '../endpoint.ts'
import { parseKnown } from '../issues.ts'

const noun = 'feasts'

export const feastEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/feasts',
    noun,
    scope: 'alerts:read',
    summary: 'Show confirmed dates of feasts and days off by decree',
    status: 200,
    answer: feastOverrides,
    async handle(_call, { store }) {
      const stored = await store.settings.get(calendarSetting)
      return calendarOverridesSchema.parse(stored === null ? {} : JSON.parse(stored))
    },
  }),
  endpoint({
    method: 'put',
    path: '/feasts',
    noun,
    scope: 'alerts:write',
    summary: 'Replace confirmed dates of feasts and days off by decree',
    body: feastOverrides,
    documentedBody: calendarOverridesSchema,
    bodyBytes: 4 * usualBodyBytes,
    status: 200,
    answer: feastOverrides,
    async handle({ body, change }, { store, sendingRules, reloadContracts }) {
      const overrides = parseKnown(calendarOverridesSchema, body, 'body')
      await store.settings.set(calendarSetting, JSON.stringify(overrides), change)
      sendingRules.forget()
      await reloadContracts()
      return overrides
    },
  }),
]
