/**
 * Every operation of the store by noun and verb: the visible map. A verb is a function of (knex, …arguments); here
 * it loses its first parameter. Add a noun: its file, its line here.
 */
import type { Knex } from 'knex'
import * as alarms from './alarms.ts'
import * as alerts from './alerts.ts'
import * as apiKeys from './api-keys.ts'
import * as audit from './audit.ts'
import * as contracts from './contracts.ts'
import * as enqueue from './enqueue.ts'
import * as enqueueGroup from './enqueue-group.ts'
import * as idempotency from './idempotency.ts'
import * as inboundAssembly from './inbound-assembly.ts'
import * as inboundContext from './inbound-context.ts'
import * as inboundCounters from './inbound-counters.ts'
import * as inboundHandling from './inbound-handling.ts'
import * as inboundLists from './inbound-lists.ts'
import * as inboundMessages from './inbound-messages.ts'
import * as inboundRules from './inbound-rules.ts'
import * as inboundStops from './inbound-stops.ts'
import * as incoming from './incoming.ts'
import * as memories from './memories.ts'
import * as messages from './messages.ts'
import * as networks from './networks.ts'
import * as numberOverrides from './number-overrides.ts'
import * as operatorEvents from './operator-events.ts'
import * as operators from './operators.ts'
import * as outbox from './outbox.ts'
import * as recovery from './recovery.ts'
import * as routes from './routes.ts'
import * as runHolds from './run-holds.ts'
import * as runs from './runs.ts'
import * as secondTries from './second-tries.ts'
import * as settings from './settings.ts'
import * as settle from './settle.ts'
import * as sources from './sources.ts'
import * as standings from './standings.ts'
import * as statistics from './statistics.ts'
import * as stopList from './stop-list.ts'
import * as templates from './templates.ts'
import * as unmatched from './unmatched.ts'
import * as writeBackLists from './write-back-lists.ts'
import * as writeBackSettings from './write-back-settings.ts'
import * as writeBacks from './write-backs.ts'

export const operations = {
  alarms: {
    raise: alarms.raiseAlarm,
    clear: alarms.clearAlarm,
    open: alarms.openAlarms,
    history: alarms.alarmHistory,
  },
  alerts: {
    list: alerts.listAlerts,
    find: alerts.findAlert,
    known: alerts.knownAlerts,
    active: alerts.activeAlerts,
    due: alerts.dueAlerts,
    setNextRun: alerts.setNextRun,
    setWatermark: alerts.setWatermark,
    create: alerts.createAlert,
    update: alerts.updateAlert,
    activate: alerts.activateAlert,
    deactivate: alerts.deactivateAlert,
    remove: alerts.deleteAlert,
  },
  apiKeys: {
    create: apiKeys.createApiKey,
    findByHash: apiKeys.findApiKeyByHash,
    list: apiKeys.listApiKeys,
    revoke: apiKeys.revokeApiKey,
  },
  audit: { list: audit.listAudit },
  contracts: {
    list: contracts.listContracts,
    find: contracts.findContract,
    replaceTranches: contracts.replaceTranches,
    setSenderRules: contracts.setSenderRules,
    setRetryPolicy: contracts.setRetryPolicy,
  },
  enqueue: { enqueue: enqueue.enqueue, enqueueGroup: enqueueGroup.enqueueGroup },
  idempotency: { purge: idempotency.purgeIdempotency },
  inbound: {
    assemble: inboundAssembly.assemble,
    closeOverdue: inboundAssembly.closeOverdue,
    takeReady: inboundHandling.takeReady,
    ownersOf: inboundContext.ownersOf,
    isGuarded: inboundContext.isGuarded,
    handle: inboundHandling.handle,
    fail: inboundHandling.failIncoming,
    retry: inboundMessages.retryIncoming,
    waiting: inboundMessages.waitingActions,
    finish: inboundMessages.finishAction,
    isStopped: inboundStops.isPhoneStopped,
    totals: inboundCounters.inboundTotals,
    figures: inboundCounters.inboundFigures,
  },
  inboundLists: {
    list: inboundLists.listInboundLists,
    create: inboundLists.createInboundList,
    remove: inboundLists.deleteInboundList,
    numbers: inboundLists.listedNumbers,
    removeNumber: inboundLists.removeListedNumber,
  },
  inboundRules: {
    list: inboundRules.listInboundRules,
    find: inboundRules.findInboundRule,
    create: inboundRules.createInboundRule,
    update: inboundRules.updateInboundRule,
    remove: inboundRules.deleteInboundRule,
  },
  incoming: {
    store: incoming.storeIncoming,
    list: incoming.listIncoming,
    search: inboundMessages.searchIncoming,
    find: inboundMessages.findIncoming,
  },
  memories: { recall: memories.recall, remember: memories.remember },
  messages: {
    find: messages.findMessage,
    search: messages.searchMessages,
    timeline: messages.timeline,
    parts: messages.partsOf,
    cancel: messages.cancelMessages,
    release: messages.releaseMessages,
  },
  networks: { list: networks.listNetworks, replace: networks.replaceNetworks },
  numberOverrides: {
    list: numberOverrides.listOverrides,
    find: numberOverrides.findOverride,
    put: numberOverrides.putOverrides,
    remove: numberOverrides.removeOverride,
    removeOf: numberOverrides.removeOverridesOf,
  },
  operatorEvents: { record: operatorEvents.recordOperatorEvents, list: operatorEvents.listOperatorEvents },
  operators: {
    list: operators.listOperators,
    find: operators.findOperator,
    create: operators.createOperator,
    update: operators.updateOperator,
    setStarted: operators.setOperatorStarted,
    note: operators.noteOperatorAction,
    remove: operators.deleteOperator,
  },
  outbox: {
    claim: outbox.claim,
    settle: settle.settle,
    waiting: outbox.waiting,
    reroute: outbox.reroute,
  },
  receipts: { countUnmatched: unmatched.countUnmatched, purgeUnmatched: unmatched.purgeUnmatched },
  recovery: {
    recoverSending: recovery.recoverSending,
    resendUnknown: recovery.resendUnknown,
    expireWaiting: recovery.expireWaiting,
    expireWithoutReceipt: recovery.expireWithoutReceipt,
  },
  routes: { list: routes.listRoutes, replace: routes.replaceRoutes },
  runs: {
    begin: runs.beginRun,
    isMade: runs.isRunMade,
    finish: runs.finishRun,
    interruptOpen: runs.interruptOpenRuns,
    find: runs.findRun,
    list: runs.listRuns,
    recordIssues: runs.recordIssues,
    listIssues: runs.listIssues,
    closeHold: runHolds.closeRunHold,
    holdSize: runHolds.runHoldSize,
    prune: runs.pruneRuns,
    approve: runHolds.approveRun,
    reject: runHolds.rejectRun,
  },
  secondTries: {
    candidates: secondTries.secondTryCandidates,
    begin: secondTries.beginSecondTries,
    conclude: secondTries.concludeSecondTries,
  },
  settings: { get: settings.getSetting, set: settings.setSetting },
  sources: {
    list: sources.listSources,
    find: sources.findSource,
    create: sources.createSource,
    update: sources.updateSource,
    remove: sources.deleteSource,
  },
  standings: {
    of: standings.standings,
    known: standings.known,
    occasionsOf: standings.occasionsOf,
  },
  statistics: {
    totals: statistics.totals,
    totalsBy: statistics.totalsBy,
    trafficOf: statistics.trafficOf,
    backlog: statistics.backlog,
    awaitingReceipt: statistics.awaitingReceipt,
  },
  stopList: {
    add: stopList.addStops,
    remove: stopList.removeStop,
    list: stopList.listStops,
    isStopped: stopList.isStopped,
  },
  templates: {
    list: templates.listTemplates,
    find: templates.findTemplate,
    findVersion: templates.findTemplateVersion,
    create: templates.createTemplate,
    update: templates.updateTemplate,
    remove: templates.deleteTemplate,
  },
  writeBacks: {
    claim: writeBacks.claimWriteBacks,
    settle: writeBacks.settleWriteBacks,
    list: writeBackLists.listWriteBacks,
    count: writeBackLists.countWriteBacks,
    retry: writeBackLists.retryWriteBacks,
    prune: writeBackLists.pruneWriteBacks,
  },
  writeBackSettings: {
    find: writeBackSettings.findWriteBackSettings,
    set: writeBackSettings.setWriteBack,
    forgetPassword: writeBackSettings.forgetWriteBackPassword,
    remove: writeBackSettings.removeWriteBack,
  },
} as const

// biome-ignore lint/suspicious/noExplicitAny: the map is heterogeneous; Store restores every signature.
export type Operation = (...args: any[]) => Promise<unknown>

type WithoutKnex<Verb> = Verb extends (knex: Knex, ...args: infer Args) => Promise<infer Result>
  ? (...args: Args) => Promise<Result>
  : never

/** The store as everyone else sees it: nouns of asynchronous verbs. */
export type Store = {
  readonly [Noun in keyof typeof operations]: {
    readonly [Verb in keyof (typeof operations)[Noun]]: WithoutKnex<(typeof operations)[Noun][Verb]>
  }
}

/** Nouns that only read and may take long: they get their own thread, so that a report never delays a claim. */
export const reportNouns: ReadonlySet<string> = new Set(['statistics'])
/** Verbs of other nouns that only read and may take long. */
export const reportVerbs: ReadonlySet<string> = new Set(['messages.search', 'incoming.search'])

/** The store on a database held in this thread. */
export function bindOperations(knex: Knex): Store {
  const bound: Record<string, Record<string, Operation>> = {}
  for (const [noun, verbs] of Object.entries(operations)) {
    const target: Record<string, Operation> = {}
    for (const [verb, run] of Object.entries(verbs)) target[verb] = (run as Operation).bind(null, knex)
    bound[noun] = target
  }
  return bound as unknown as Store
}
