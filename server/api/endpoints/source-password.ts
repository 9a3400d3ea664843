/** Requests of a web service that carry the source's password in their own text. Pure. */
import { isDeepStrictEqual } from 'node:util'

/**
 * `{{password}}` and `:password` of the login in the body, and `{{wsSecurity}}`, whose header holds it. Where a request
 * puts it, the service may answer it: rows are shown to whoever may edit requests.
 */
const bearing = /\{\{\s*(?:password|wsSecurity)\s*\}\}|(?<![\w:]):password\b/

/**
 * The settings by which a kept password would go to another place of the request than the one it was given for.
 *
 * @returns names for `refuseMovedPassword`; empty when no changed request carries it
 */
export function passwordBearers(
  after: Readonly<Record<string, unknown>>,
  before: Readonly<Record<string, unknown>>,
): string[] {
  const requests = record(after.requests)
  const known = record(before.requests)
  const bearers = Object.entries(requests).filter(([, request]) => bears(request))
  if (bearers.length === 0) return []
  const isChanged = bearers.some(([name, request]) => !isDeepStrictEqual(request, known[name]))
  // The description says where in the request an argument goes.
  return isChanged ? ['requests', 'wsdl'] : ['wsdl']
}

function bears(value: unknown): boolean {
  if (typeof value === 'string') return bearing.test(value)
  return typeof value === 'object' && value !== null && Object.values(value).some(bears)
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
