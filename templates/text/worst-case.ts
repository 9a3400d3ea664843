/**
 * The longest message of a batch: what an editor must show beside a template, since a company name of 70
 * characters costs a second part that the sample row does not.
 */
import { type Measure, type MeasureOptions, measure, TextTooLong } from './segments.ts'

export interface WorstCase {
  /** Texts counted. */
  count: number
  /** Parts of the dearest text; 0 when nothing was counted. Above 255 it reads 256. */
  maxParts: number
  /** The dearest text and its measure; among equals the first. Null when nothing was counted. */
  longest: { text: string; measure: Measure } | null
  /** How many texts take so many parts. */
  partsHistogram: ReadonlyMap<number, number>
  /** How many texts are UCS-2, at 70 characters a part. */
  ucs2Count: number
  totalParts: number
}

/** Stands for "more than 255 parts" in the histogram. */
const beyondCounting = 256

export interface WorstCaseAccumulator {
  /** @param text a rendered text, after the encoding policy */
  add(text: string): void
  result(): WorstCase
}

/** Counts a stream of texts in constant memory. */
export function accumulateWorstCase(options: MeasureOptions = {}): WorstCaseAccumulator {
  const partsHistogram = new Map<number, number>()
  let count = 0
  let ucs2Count = 0
  let totalParts = 0
  let longest: { text: string; measure: Measure } | null = null
  return {
    add(text) {
      const measured = measureAny(text, options)
      count++
      totalParts += measured.parts
      if (measured.encoding === 'ucs2') ucs2Count++
      partsHistogram.set(measured.parts, (partsHistogram.get(measured.parts) ?? 0) + 1)
      if (longest === null || isDearer(measured, longest.measure)) longest = { text, measure: measured }
    },
    result: () => ({
      count,
      maxParts: longest?.measure.parts ?? 0,
      longest,
      partsHistogram: new Map(partsHistogram),
      ucs2Count,
      totalParts,
    }),
  }
}

/** The longest value of each column, to fill a template with for its worst case before any row is rendered. */
export function longestValues(rows: Iterable<Readonly<Record<string, unknown>>>): Record<string, string> {
  const longest: Record<string, string> = Object.create(null)
  for (const row of rows) {
    for (const [name, value] of Object.entries(row)) {
      if (value === null || value === undefined || typeof value === 'object') continue
      const text = String(value).trim()
      if (text.length > (longest[name]?.length ?? -1)) longest[name] = text
    }
  }
  return longest
}

function measureAny(text: string, options: MeasureOptions): Measure {
  try {
    return measure(text, options)
  } catch (error) {
    if (!(error instanceof TextTooLong)) throw error
    return { encoding: error.encoding, units: error.units, parts: beyondCounting }
  }
}

function isDearer(candidate: Measure, held: Measure): boolean {
  return candidate.parts > held.parts || (candidate.parts === held.parts && candidate.units > held.units)
}
