/** The store as the scheduler wants it: its narrow interface on ours. Messages go through the gateway's door. */
import { calendarOverridesSchema } from '../../scheduler/calendar/overrides.ts'
import type { SchedulerStore } from '../../scheduler/store.ts'
import type { Accept } from '../gateway/accept.ts'
import type { Store } from './operations.ts'

/** Name of the setting that holds confirmed feasts, extra days off and shifts. */
export const calendarSetting = 'calendar-overrides'

export function schedulerStore(store: Store, accept: Accept): SchedulerStore {
  return {
    alert: alertId => store.alerts.find(alertId),
    dueAlerts: nowMs => store.alerts.due(nowMs),
    activeAlerts: () => store.alerts.active(),
    setNextRun: (alertId, nextRunAtMs) => store.alerts.setNextRun(alertId, nextRunAtMs),
    beginRun: start => store.runs.begin(start),
    isRunMade: (alertId, plannedAtMs) => store.runs.isMade(alertId, plannedAtMs),
    finishRun: finish => store.runs.finish(finish),
    interruptOpenRuns: nowMs => store.runs.interruptOpen(nowMs),
    recall: (alertId, entityKeys) => store.memories.recall(alertId, entityKeys),
    remember: (alertId, memories) => store.memories.remember(alertId, memories),
    standings: (recipients, service, capKey) => store.standings.of(recipients, service, capKey),
    known: (alertId, keys) => store.standings.known(alertId, keys),
    async enqueue(items, memories) {
      const answer = await accept({ items, ...(memories && { memories }) })
      // Without an idempotency key every request is accepted.
      return answer.kind === 'mismatch' ? [] : answer.results
    },
    runHoldSize: alertId => store.runs.holdSize(alertId),
    closeRunHold: hold => store.runs.closeHold(hold),
    recordIssues: (runId, issues) => store.runs.recordIssues(runId, issues),
    async template(templateId) {
      const template = await store.templates.find(templateId)
      return template === null ? null : { ...template, language: template.language as 'fr' | 'en' }
    },
    async calendarOverrides() {
      const stored = await store.settings.get(calendarSetting)
      return calendarOverridesSchema.parse(stored === null ? {} : JSON.parse(stored))
    },
  }
}
