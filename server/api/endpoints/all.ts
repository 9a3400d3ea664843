/** The visible map of the API, in the order of its documentation. A new noun: its file, its line here. */
import type { Endpoint } from '../endpoint.ts'
import { alarmEndpoints } from './alarms.ts'
import { alertEndpoints } from './alerts.ts'
import { apiKeyEndpoints } from './api-keys.ts'
import { auditEndpoints } from './audit.ts'
import { contractEndpoints } from './contracts.ts'
import { feastEndpoints } from './feasts.ts'
import { inboundListEndpoints } from './inbound-lists.ts'
import { inboundRuleEndpoints } from './inbound-rules.ts'
import { incomingEndpoints } from './incoming.ts'
import { messageEndpoints } from './messages.ts'
import { networkEndpoints } from './networks.ts'
import { numberOverrideEndpoints } from './number-overrides.ts'
import { operatorActionEndpoints } from './operator-actions.ts'
import { operatorPresetEndpoints } from './operator-presets.ts'
import { operatorEndpoints } from './operators.ts'
import { retryPolicyEndpoints } from './retry-policies.ts'
import { routeEndpoints } from './routes.ts'
import { runEndpoints } from './runs.ts'
import { sendEndpoints } from './send-messages.ts'
import { sourceEndpoints } from './sources.ts'
import { statisticsEndpoints } from './statistics.ts'
import { stopListEndpoints } from './stop-list.ts'
import { templateEndpoints } from './templates.ts'
import { trafficEndpoints } from './traffic.ts'
import { writeBackEndpoints } from './write-backs.ts'

/** Paths with fixed words stand before those with a parameter in the same place. */
export const endpoints: readonly Endpoint[] = [
  ...sendEndpoints,
  ...messageEndpoints,
  ...sourceEndpoints,
  ...writeBackEndpoints,
  ...alertEndpoints,
  ...runEndpoints,
  ...templateEndpoints,
  ...operatorEndpoints,
  ...operatorActionEndpoints,
  ...operatorPresetEndpoints,
  ...contractEndpoints,
  ...retryPolicyEndpoints,
  ...trafficEndpoints,
  ...routeEndpoints,
  ...networkEndpoints,
  ...numberOverrideEndpoints,
  ...alarmEndpoints,
  ...incomingEndpoints,
  ...inboundRuleEndpoints,
  ...inboundListEndpoints,
  ...stopListEndpoints,
  ...statisticsEndpoints,
  ...feastEndpoints,
  ...apiKeyEndpoints,
  ...auditEndpoints,
]
