/** What a key may do. `admin` may do everything. */
import { z } from 'zod'

export const scopes = [
  'messages:write',
  'messages:read',
  /** Lets held messages and runs leave: the second person of the four-eyes rule. */
  'messages:approve',
  'alerts:read',
  'alerts:write',
  'sources:read',
  'sources:write',
  'templates:read',
  'templates:write',
  'operators:read',
  'operators:write',
  /** Messages from phones and what is done with them. */
  'inbound:read',
  'inbound:write',
  'statistics:read',
  'metrics:read',
  'admin',
] as const

export type Scope = (typeof scopes)[number]

export const scopeSchema = z.enum(scopes)
