/**
 * From parts to whole messages: which message a part belongs to, and what its text is once no part is missing. Pure.
 *
 * Parts belong together by set (operator, sender, number written to, reference, count), not by order: the last one
 * may come first, and one may come twice.
 *
 * @see 3GPP TS 23.040 section 9.2.3.24.1 (concatenation)
 */

/** A set of parts that share operator, sender, number written to, reference and count. */
export interface PartSet {
  /** Open: parts are missing and may still come. */
  isOpen: boolean
  receivedAtMs: number
  /** By part number; the digest tells a repeated part from another one of the same number. */
  digests: ReadonlyMap<number, string | null>
}

export type Placement<Found extends PartSet> =
  /** The operator delivered it before. */
  | { kind: 'duplicate'; of: Found }
  | { kind: 'joins'; set: Found }
  /** The set was given up without it; its text is completed, and nothing is done again. */
  | { kind: 'late'; set: Found }
  | { kind: 'begins' }

export interface PlacementRules {
  /** How long a set waits for its parts; a part that repeats one within this is a repetition. */
  timeoutMs: number
  /** How long after its first part a set that was given up takes a late one. */
  lateMs: number
}

/**
 * @param sets those of the part's own key, oldest first
 */
export function placePart<Found extends PartSet>(
  part: { partNumber: number; digest: string | null; receivedAtMs: number },
  sets: readonly Found[],
  { timeoutMs, lateMs }: PlacementRules,
): Placement<Found> {
  const repeated = sets.find(
    set =>
      set.digests.get(part.partNumber) === part.digest &&
      part.digest !== null &&
      (set.isOpen || part.receivedAtMs - set.receivedAtMs < timeoutMs),
  )
  if (repeated !== undefined) return { kind: 'duplicate', of: repeated }
  const lacking = sets.filter(set => !set.digests.has(part.partNumber))
  const open = lacking.find(set => set.isOpen)
  if (open !== undefined) return { kind: 'joins', set: open }
  const late = lacking.find(set => part.receivedAtMs - set.receivedAtMs < lateMs)
  return late === undefined ? { kind: 'begins' } : { kind: 'late', set: late }
}

/** Stands where parts never came: one mark for a run of them. */
const gapMark = '[...]'
/** 255 parts of 153 characters; what a hostile operator sends beyond is cut. */
const longestText = 40_000

/**
 * @param texts by part number
 * @returns the text with its gaps marked, and the numbers that are missing
 */
export function composeText(
  texts: ReadonlyMap<number, string>,
  partCount: number,
): { text: string; missing: number[] } {
  const missing: number[] = []
  let text = ''
  let isGap = false
  for (let number = 1; number <= partCount; number += 1) {
    const part = texts.get(number)
    if (part === undefined) {
      missing.push(number)
      if (!isGap) text += gapMark
      isGap = true
    } else {
      text += part
      isGap = false
    }
  }
  return { text: text.slice(0, longestText).toWellFormed(), missing }
}
