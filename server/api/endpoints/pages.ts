/** Pages hang on the last id: they stay right while new entries come. */
import { usualPageLimit } from '../contract/values.ts'

export interface PageRequest {
  before?: number | undefined
  limit?: number | undefined
}

/** One entry more than the page is asked for: it tells whether there is another page. */
export function askFor({ before, limit = usualPageLimit }: PageRequest): {
  beforeId?: number
  limit: number
} {
  return { limit: limit + 1, ...(before !== undefined && { beforeId: before }) }
}

export function pageOf<Entry>(
  entries: readonly Entry[],
  { limit = usualPageLimit }: PageRequest,
  idOf: (entry: Entry) => number,
): { entries: Entry[]; nextBefore: number | null } {
  const page = entries.slice(0, limit)
  return { entries: page, nextBefore: entries.length > limit ? idOf(page.at(-1)!) : null }
}

/** Only what was given: an absent filter is no filter. */
export function given<Fields extends Record<string, unknown>>(
  fields: Fields,
): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never
}
