/** Numbers with a way of their own: listed, set, imported, forgotten. */
import type { z } from 'zod'
import { RappelError } from '../../errors.ts'
import { type Network, networksInForce } from '../../gateway/routing/networks.ts'
import { networkNamed, readOverrideLines } from '../../gateway/routing/override-lines.ts'
import { overrideLimit } from '../../gateway/routing/overrides.ts'
import type { Change } from '../../store/audit.ts'
import type { NumberOverride } from '../../store/number-overrides.ts'
import {
  overridesImport,
  overridesImported,
  overridesPage,
  overridesQuery,
  overridesRemoval,
  overridesRemoved,
  overridesRequest,
  overridesStored,
} from '../contract/number-overrides.ts'
import { usualPageLimit } from '../contract/values.ts'
import { batchBodyBytes, type Endpoint, endpoint } from '../endpoint.ts'
import { recipientOf } from '../prepare-message.ts'
import type { Workshop } from '../workshop.ts'
import { iso } from './times.ts'

const noun = 'number-overrides'
/** Lines of one transaction: some 20 ms of writing, after which others have their turn. */
const linesAtOnce = 2_000
const mostProblems = 100

export const numberOverrideEndpoints: readonly Endpoint[] = [
  endpoint({
    method: 'get',
    path: '/number-overrides',
    noun,
    scope: 'operators:read',
    summary: 'List the numbers whose network is not that of their prefix',
    query: overridesQuery,
    status: 200,
    answer: overridesPage,
    async handle({ query }, { store }) {
      const limit = query.limit ?? usualPageLimit
      const found = await store.numberOverrides.list({ after: query.after ?? '', limit: limit + 1 })
      const page = found.slice(0, limit)
      return {
        overrides: page.map(({ updatedAtMs, ...override }) => ({ ...override, updatedAt: iso(updatedAtMs) })),
        nextAfter: found.length > limit ? page.at(-1)!.number : null,
      }
    },
  }),
  endpoint({
    method: 'post',
    path: '/number-overrides',
    noun,
    scope: 'operators:write',
    summary: 'Say on which network, or with which operator, numbers are',
    body: overridesRequest,
    status: 200,
    answer: overridesStored,
    errors: ['invalid-recipient'],
    async handle({ body, change }, workshop) {
      const known = await knownTargets(workshop)
      const overrides = distinct(body.overrides.map(entry => overrideOf(entry, known, workshop)))
      await put(overrides, 'manual', change, workshop)
      return { stored: overrides.length }
    },
  }),
  endpoint({
    method: 'post',
    path: '/number-overrides/import',
    noun,
    scope: 'operators:write',
    summary: 'Import a list of ported numbers; lines that cannot be used are told and the others are stored',
    body: overridesImport,
    bodyBytes: batchBodyBytes,
    status: 200,
    answer: overridesImported,
    handle: ({ body, change, signal }, workshop) => importLines(body, { change, signal }, workshop),
  }),
  endpoint({
    method: 'delete',
    path: '/number-overrides',
    noun,
    scope: 'operators:write',
    summary: 'Forget one number, or all numbers of one origin',
    query: overridesRemoval,
    status: 200,
    answer: overridesRemoved,
    errors: ['invalid-recipient', 'not-found'],
    async handle({ query, change }, { store, gateway, settings, reloadOverrides }) {
      if ((query.number === undefined) === (query.origin === undefined)) {
        const received = query.number === undefined ? 'neither' : 'both'
        throw new RappelError('invalid-request', {
          issues: [{ path: 'query', expected: 'number or origin', received }],
        })
      }
      if (query.origin !== undefined) {
        const removed = await store.numberOverrides.removeOf(query.origin, change)
        await reloadOverrides()
        return { removed }
      }
      const number = recipientOf(query.number!, settings)
      const isRemoved = await store.numberOverrides.remove(number, change)
      if (!isRemoved) throw new RappelError('not-found', { noun, id: number })
      gateway.overrides.remove(number)
      return { removed: 1 }
    },
  }),
]

interface KnownTargets {
  networks: readonly Network[]
  operatorIds: ReadonlySet<number>
}

async function knownTargets({ store }: Workshop): Promise<KnownTargets> {
  const [changed, operators] = await Promise.all([store.networks.list(), store.operators.list()])
  return {
    networks: networksInForce(changed),
    operatorIds: new Set(operators.map(({ operatorId }) => operatorId)),
  }
}

type GivenOverride = z.output<typeof overridesRequest>['overrides'][number]

function overrideOf(
  { number: given, network: name, operatorId }: GivenOverride,
  { networks, operatorIds }: KnownTargets,
  { gateway, settings, clock }: Workshop,
): NumberOverride {
  const number = recipientOf(given, settings)
  if ((name === undefined) === (operatorId === undefined)) {
    throw refused(number, 'network or operatorId', name === undefined ? 'neither' : 'both')
  }
  if (operatorId !== undefined) {
    if (!operatorIds.has(operatorId)) throw refused(number, 'an operator', String(operatorId))
    return { number, network: null, operatorId }
  }
  const { place } = gateway.wayOf({
    recipient: number,
    sender: null,
    category: 'transactional',
    atMs: clock.nowMs(),
  })
  const network = networkNamed(name!, place.country, networks)
  if (network === null) throw refused(number, "a network of the number's country", name!)
  return { number, network: network.code, operatorId: null }
}

function refused(number: string, expected: string, received: string): RappelError {
  return new RappelError('invalid-request', {
    issues: [{ path: `body.overrides ${number}`, expected, received: received.slice(0, 80) }],
  })
}

async function importLines(
  { csv, isDryRun = false }: z.output<typeof overridesImport>,
  { change, signal }: { change: Change; signal: AbortSignal },
  workshop: Workshop,
): Promise<z.input<typeof overridesImported>> {
  const { networks } = await knownTargets(workshop)
  const answer: z.input<typeof overridesImported> = { lines: 0, stored: 0, refused: 0, problems: [] }
  let waiting: NumberOverride[] = []
  const store = async (): Promise<void> => {
    const overrides = distinct(waiting)
    waiting = []
    // Even when nothing is written others get their turn: a long list takes a second to read.
    if (isDryRun) await new Promise(resolve => setImmediate(resolve))
    else await put(overrides, 'import', change, workshop)
    answer.stored += overrides.length
  }
  for (const line of readOverrideLines(csv, { country: workshop.settings.country, networks })) {
    answer.lines += 1
    if (line.kind === 'override') waiting.push(line.override)
    else {
      answer.refused += 1
      const { line: number, reason, found } = line
      if (answer.problems.length < mostProblems) answer.problems.push({ line: number, reason, found })
    }
    // A list that was sent twice is stored once: what is done when the caller goes away stays.
    if (signal.aborted) break
    if (answer.lines % linesAtOnce === 0) await store()
  }
  if (waiting.length > 0) await store()
  return answer
}

async function put(
  overrides: readonly NumberOverride[],
  origin: 'manual' | 'import',
  change: Change,
  { store, gateway }: Workshop,
): Promise<void> {
  if (overrides.length === 0) return
  if (gateway.overrides.size + overrides.length > overrideLimit) {
    throw new RappelError('invalid-request', {
      problems: [`there are ${gateway.overrides.size} numbers, of ${overrideLimit} at most`],
    })
  }
  await store.numberOverrides.put({ overrides, origin }, change)
  for (const override of overrides) gateway.overrides.put(override)
}

/** The last word about a number counts. */
function distinct(overrides: readonly NumberOverride[]): NumberOverride[] {
  return [...new Map(overrides.map(override => [override.number, override])).values()]
}
