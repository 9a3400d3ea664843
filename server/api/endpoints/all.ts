/** The visible map of the API, in the order of its documentation. A new noun: its file, its line here. */
import type { Endpoint } from '../endpoint.ts'
import { alarmEndpoints } from './alarms.ts'
import { alertEndpoints } from './alerts.ts'
import { apiKeyEndpoints } from './api-keys.ts'
import { auditEndpoints } from './audit.ts'
import { feastEndpoints } from './feasts.ts'
import { messageEndpoints } from './messages.ts'
import { operatorEndpoints } from './operators.ts'
import { routeEndpoints } from './routes.ts'
import { runEndpoints } from './runs.ts'
import { sendEndpoints } from './send-messages.ts'
import { sourceEndpoints } from './sources.ts'
import { statisticsEndpoints } from './statistics.ts'
import { stopListEndpoints } from './stop-list.ts'
import { templateEndpoints } from './templates.ts'

/** Paths with fixed words stand before those with a parameter in the same place. */
export const endpoints: readonly Endpoint[] = [
  ...sendEndpoints,
  ...messageEndpoints,
  ...sourceEndpoints,
  ...alertEndpoints,
  ...runEndpoints,
  ...templateEndpoints,
  ...operatorEndpoints,
  ...routeEndpoints,
  ...alarmEndpoints,
  ...stopListEndpoints,
  ...statisticsEndpoints,
  ...feastEndpoints,
  ...apiKeyEndpoints,
  ...auditEndpoints,
]
