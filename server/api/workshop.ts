/** What the handlers work with: the dependencies, and what they remember between requests. */
import { type Authenticator, createAuthenticator } from './authentication.ts'
import { type AwaitingReceipts, createAwaitingReceipts } from './awaiting-receipts.ts'
import type { ApiDependencies } from './dependencies.ts'
import { createSendingRules, type SendingRules } from './sending-rules.ts'
import { createTemplateShelf, type TemplateShelf } from './template-shelf.ts'

export interface Workshop extends ApiDependencies {
  authenticator: Authenticator
  templates: TemplateShelf
  sendingRules: SendingRules
  awaitingReceipts: AwaitingReceipts
}

export function createWorkshop(dependencies: ApiDependencies): Workshop {
  return {
    ...dependencies,
    authenticator: createAuthenticator(dependencies.store, dependencies.clock),
    templates: createTemplateShelf(dependencies),
    sendingRules: createSendingRules(dependencies),
    awaitingReceipts: createAwaitingReceipts(dependencies),
  }
}
