/** Ways in which services cut a list into pages, and how each says that there is no more. Pure. */
import { z } from 'zod'
import type { SourceParams } from '../../source.ts'
import type { WebAnswer } from '../web/exchange.ts'
import type { PageSeen } from '../web/page-fetcher.ts'
import { UnreadableAnswer } from '../web/text-of-body.ts'
import { valuePath } from '../web/web-settings.ts'

const queryName = z.string().min(1).max(100)

/**
 * Where a name of a query parameter is left out, the request uses `:page`, `:size` or `:cursor` itself, for example in
 * the body of a POST.
 */
export const pagingSettings = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('none') }),
  z.strictObject({
    kind: z.literal('page'),
    param: queryName.optional(),
    sizeParam: queryName.optional(),
    size: z.int().min(1).max(100_000).default(1_000),
    /** Number of the first page. */
    start: z.int().min(0).max(1).default(1),
    /** Added for each page: 1 counts pages; the page's size counts rows (an offset). */
    step: z.int().min(1).max(100_000).default(1),
    /** The path to the number of all rows. With it a list that ends early is an error. */
    totalPath: valuePath.optional(),
    /** The path to a boolean that says whether there is more. */
    morePath: valuePath.optional(),
    /**
     * A page with fewer rows than asked for is the last. Off, because many services give at most 100 rows whatever
     * they are asked for: the end is then an empty page.
     */
    shortPageEnds: z.boolean().default(false),
  }),
  /** The path leads to a text for the next request; null, empty or absent is the end. */
  z.strictObject({ kind: z.literal('cursor'), param: queryName.optional(), path: valuePath }),
  /** `Link: <…>; rel="next"` of RFC 8288. */
  z.strictObject({ kind: z.literal('link'), keepOrigin: z.boolean().default(false) }),
  /** The path leads to the address of the next page. */
  z.strictObject({ kind: z.literal('next-url'), path: valuePath, keepOrigin: z.boolean().default(false) }),
])

type PagingSettings = z.output<typeof pagingSettings>

/** Paths that the paging wants to know of each answer. */
export function asidesOf(paging: PagingSettings): Record<string, string> {
  if (paging.kind === 'cursor' || paging.kind === 'next-url') return { next: paging.path }
  if (paging.kind !== 'page') return {}
  return {
    ...(paging.totalPath !== undefined && { total: paging.totalPath }),
    ...(paging.morePath !== undefined && { more: paging.morePath }),
  }
}

/** What to ask next. */
export type NextPage =
  | { kind: 'end' }
  /** `query` is added to the request, `params` fill its templates. */
  | { kind: 'ask'; query: Record<string, string>; params: SourceParams }
  | { kind: 'go'; url: URL }

/**
 * @param number of the page to ask for, counted from 0
 * @param seen the page before it
 * @throws UnreadableAnswer when the answer cannot be the whole truth
 */
export function nextPage(paging: PagingSettings, number: number, seen: PageSeen | undefined): NextPage {
  switch (paging.kind) {
    case 'none':
      return seen === undefined ? { kind: 'ask', query: {}, params: {} } : { kind: 'end' }
    case 'page':
      return nextNumbered(paging, number, seen)
    case 'cursor':
      return nextCursor(paging, seen)
    case 'link':
      if (seen === undefined) return { kind: 'ask', query: {}, params: {} }
      return nextAddress(linkToNext(seen.answer.headers.link), seen.answer.url, paging.keepOrigin)
    case 'next-url':
      if (seen === undefined) return { kind: 'ask', query: {}, params: {} }
      return nextAddress(seen.asides.next, seen.answer.url, paging.keepOrigin)
  }
}

/** What a service may write around a list without rows. Reading so little takes no time in which to ask ahead. */
const mostEmptyBytes = 16_384

/**
 * The page after an answer that nobody has read yet.
 *
 * By number only an empty page is the end, and that is neither long nor half as long as the full one before it. A Link
 * header names the next page whatever the answer holds.
 *
 * @returns undefined when the answer must be read first: for its end, a cursor, or what is wrong with it
 */
export function earlyPage(
  paging: PagingSettings,
  number: number,
  { answer, before }: { answer: WebAnswer; before: PageSeen },
): NextPage | undefined {
  if (paging.kind === 'page') {
    const { totalPath, morePath, shortPageEnds } = paging
    const onlyEmptyEnds = totalPath === undefined && morePath === undefined && !shortPageEnds
    const { length } = answer.body
    const isFull = before.rowCount > 0 && length > mostEmptyBytes && length * 2 > before.answer.body.length
    return onlyEmptyEnds && isFull ? nextNumbered(paging, number, undefined) : undefined
  }
  if (paging.kind !== 'link') return undefined
  try {
    const next = nextAddress(linkToNext(answer.headers.link), answer.url, paging.keepOrigin)
    return next.kind === 'go' ? next : undefined
  } catch {
    // Told when the rows of the answer are through.
    return undefined
  }
}

function nextNumbered(
  paging: Extract<PagingSettings, { kind: 'page' }>,
  number: number,
  seen: PageSeen | undefined,
): NextPage {
  if (seen !== undefined && isLast(paging, seen)) return { kind: 'end' }
  const { param, sizeParam, size, start, step } = paging
  const page = start + number * step
  const query = {
    ...(param !== undefined && { [param]: String(page) }),
    ...(sizeParam !== undefined && { [sizeParam]: String(size) }),
  }
  return { kind: 'ask', query, params: { page, size } }
}

function isLast(paging: Extract<PagingSettings, { kind: 'page' }>, seen: PageSeen): boolean {
  const { rowCount, rowsSoFar, asides } = seen
  if (paging.totalPath !== undefined) {
    const total = Number(asides.total ?? Number.NaN)
    if (!Number.isSafeInteger(total) || total < 0) {
      throw new UnreadableAnswer(
        `the answer has no number of all rows at ${paging.totalPath}`,
        'Correct totalPath.',
      )
    }
    if (rowsSoFar < total && rowCount === 0) {
      const words = `the service tells of ${total} rows and gave ${rowsSoFar}`
      throw new UnreadableAnswer(words, 'Read again; if it stays so, check the paging of the request.')
    }
    return rowsSoFar >= total
  }
  if (paging.morePath !== undefined) {
    const more = asides.more
    if (more === true || more === 'true' || more === 1 || more === '1') return false
    if (more === false || more === 'false' || more === 0 || more === '0') return true
    throw new UnreadableAnswer(
      `the answer does not say at ${paging.morePath} whether there is more`,
      'Correct morePath.',
    )
  }
  return rowCount === 0 || (paging.shortPageEnds && rowCount < paging.size)
}

function nextCursor(
  { param }: Extract<PagingSettings, { kind: 'cursor' }>,
  seen: PageSeen | undefined,
): NextPage {
  if (seen === undefined) return { kind: 'ask', query: {}, params: { cursor: null } }
  const next = seen.asides.next ?? ''
  if (next === '' || next === false) return { kind: 'end' }
  const cursor = String(next)
  return { kind: 'ask', query: param === undefined ? {} : { [param]: cursor }, params: { cursor } }
}

/** The rows of another origin are not those of the source, and its login is not for it. */
function nextAddress(next: unknown, from: URL, keepOrigin: boolean): NextPage {
  if (next === undefined || next === null || next === '' || next === false) return { kind: 'end' }
  const url = URL.parse(String(next), from.href)
  if (url === null)
    throw new UnreadableAnswer('the address of the next page is none', 'Check the paging of the request.')
  if (keepOrigin) return { kind: 'go', url: new URL(url.pathname + url.search, from.origin) }
  if (url.origin !== from.origin) {
    const words = `the next page is said to be at ${url.origin}, and this one came from ${from.origin}`
    throw new UnreadableAnswer(
      words,
      'Set keepOrigin when the service stands behind a proxy and does not know it.',
    )
  }
  url.hash = ''
  return { kind: 'go', url }
}

/** @returns the target of `rel="next"`; undefined when there is none */
function linkToNext(header: string | string[] | undefined): string | undefined {
  const links = Array.isArray(header) ? header.join(', ') : (header ?? '')
  for (const [, target, params] of links.matchAll(
    /<([^<>]{0,4096})>((?:\s*;\s*[^\s=;,]+(?:\s*=\s*(?:"[^"]*"|[^\s",;]+))?)*)/g,
  )) {
    const rel = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s",;]+))/i.exec(params ?? '')
    if ((rel?.[1] ?? rel?.[2] ?? '').toLowerCase().split(/\s+/).includes('next')) return target
  }
  return undefined
}
