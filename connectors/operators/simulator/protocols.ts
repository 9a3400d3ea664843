/** The visible map of what a simulated operator can speak. */

import type { Protocol } from './core.ts'
import type { ProtocolName } from './options.ts'
import { smppProtocol } from './smpp/protocol.ts'
import { ucpProtocol } from './ucp/protocol.ts'

export const protocols: Readonly<Record<ProtocolName, Protocol>> = { smpp: smppProtocol, ucp: ucpProtocol }
