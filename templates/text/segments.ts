/**
 * How a text is cut into the parts of a concatenated message.
 *
 * Parts are not cut at spaces: the phone joins them, so a shorter part only wastes room.
 *
 * @see 3GPP TS 23.040 section 9.2.3.24.1 (concatenation), TS 23.038 section 6.2.1 (alphabet)
 */
import { countSeptets, septetCost } from './gsm-alphabet.ts'

/** `gsm7` is counted in septets, `ucs2` in UTF-16 code units. */
export type TextEncoding = 'gsm7' | 'ucs2'

/** Width of the concatenation reference: the header takes 6 octets with 8 bits (IEI 00), 7 with 16 (IEI 08). */
export type ReferenceBits = 8 | 16

export interface Measure {
  encoding: TextEncoding
  /** Septets for GSM-7, UTF-16 code units for UCS-2. */
  units: number
  /** 1..255; an empty text counts as one part. */
  parts: number
}

export interface SplitText {
  encoding: TextEncoding
  units: number
  /** Joined, they give the text back. */
  parts: string[]
}

export interface MeasureOptions {
  /** Forces UCS-2, or asserts GSM-7. Absent: GSM-7 when every character is in the alphabet. */
  encoding?: TextEncoding
  /** 8 by default. */
  referenceBits?: ReferenceBits
}

/** The part count is one octet of the concatenation header. */
const maxPartsOfMessage = 255

/** (140 octets - header) x 8 / 7 for GSM-7 and / 2 for UCS-2, rounded down. */
export const partCapacity = {
  gsm7: { single: 160, 8: 153, 16: 152 },
  ucs2: { single: 70, 8: 67, 16: 66 },
} as const

/** The text needs more parts than the concatenation header can count. */
export class TextTooLong extends Error {
  override readonly name = 'TextTooLong'
  readonly code = 'text-too-long'
  readonly encoding: TextEncoding
  readonly units: number

  constructor(encoding: TextEncoding, units: number) {
    super(`text of ${units} units needs more than ${maxPartsOfMessage} parts`)
    this.encoding = encoding
    this.units = units
  }
}

/** GSM-7 was asked for and the text has a character outside the alphabet. */
export class TextNotEncodable extends Error {
  override readonly name = 'TextNotEncodable'
  readonly code = 'text-not-encodable'

  constructor() {
    super('text has characters outside the GSM 7-bit alphabet')
  }
}

/**
 * How many SMS a text costs.
 *
 * @param text what the phone shows, any Unicode, already normalised to NFC
 * @throws TextTooLong above 255 parts
 */
export function measure(text: string, options: MeasureOptions = {}): Measure {
  const { encoding, units } = chooseEncoding(text, options.encoding)
  const { single, [options.referenceBits ?? 8]: perPart } = partCapacity[encoding]
  if (units <= single) return { encoding, units, parts: 1 }
  // Without a two-septet character nothing can end a GSM-7 part short.
  if (encoding === 'gsm7' && units === text.length) {
    const parts = Math.ceil(units / perPart)
    if (parts > maxPartsOfMessage) throw new TextTooLong(encoding, units)
    return { encoding, units, parts }
  }
  return { encoding, units, parts: cutPositions(text, encoding, perPart, units).length }
}

/**
 * Cuts a text into parts. An escape pair and a surrogate pair are never cut, nor is a grapheme that fits in a part.
 *
 * @throws TextTooLong above 255 parts
 * @throws TextNotEncodable when GSM-7 is asked for and the text has other characters
 */
export function splitText(text: string, options: MeasureOptions = {}): SplitText {
  const { encoding, units } = chooseEncoding(text, options.encoding)
  const { single, [options.referenceBits ?? 8]: perPart } = partCapacity[encoding]
  if (units <= single) return { encoding, units, parts: [text] }
  const parts: string[] = []
  let start = 0
  for (const end of cutPositions(text, encoding, perPart, units)) {
    parts.push(text.slice(start, end))
    start = end
  }
  return { encoding, units, parts }
}

export interface LimitOptions extends MeasureOptions {
  /** 1..255. */
  maxParts: number
  tooLong: 'truncate' | 'refuse'
}

export type LimitedText =
  | { kind: 'fits'; text: string; split: SplitText }
  | { kind: 'truncated'; text: string; split: SplitText; removed: number }
  /** `units` of the whole text; the number of parts may be beyond counting. */
  | { kind: 'too-long'; encoding: TextEncoding; units: number; maxParts: number }

/**
 * Splits a text that may take at most so many parts, cutting its end off when asked. Never throws TextTooLong.
 *
 * @returns `removed` counts the UTF-16 code units cut off
 */
export function limitParts(text: string, options: LimitOptions): LimitedText {
  const maxParts = Math.min(Math.max(1, Math.floor(options.maxParts) || 1), maxPartsOfMessage)
  const { encoding, units } = chooseEncoding(text, options.encoding)
  const { single, [options.referenceBits ?? 8]: perPart } = partCapacity[encoding]
  if (units <= single) return { kind: 'fits', text, split: { encoding, units, parts: [text] } }

  const capacity = maxParts === 1 ? single : perPart
  let end = 0
  for (let count = 0; count < maxParts && end < text.length; count++) {
    end = nextCut(text, end, encoding, capacity)
  }
  if (end >= text.length) return { kind: 'fits', text, split: splitText(text, options) }
  if (options.tooLong === 'refuse') return { kind: 'too-long', encoding, units, maxParts }
  const kept = text.slice(0, end)
  return { kind: 'truncated', text: kept, split: splitText(kept, options), removed: text.length - end }
}

function chooseEncoding(text: string, asked?: TextEncoding): { encoding: TextEncoding; units: number } {
  if (asked === 'ucs2') return { encoding: 'ucs2', units: text.length }
  const septets = countSeptets(text)
  if (septets >= 0) return { encoding: 'gsm7', units: septets }
  if (asked === 'gsm7') throw new TextNotEncodable()
  return { encoding: 'ucs2', units: text.length }
}

/** End of each part, the last one being the length of the text. */
function cutPositions(text: string, encoding: TextEncoding, perPart: number, units: number): number[] {
  // Checked first so that a text of megabytes is refused without being walked.
  if (units > perPart * maxPartsOfMessage) throw new TextTooLong(encoding, units)
  const cuts: number[] = []
  let end = 0
  while (end < text.length) {
    end = nextCut(text, end, encoding, perPart)
    cuts.push(end)
  }
  if (cuts.length > maxPartsOfMessage) throw new TextTooLong(encoding, units)
  return cuts
}

function nextCut(text: string, start: number, encoding: TextEncoding, perPart: number): number {
  return encoding === 'gsm7' ? nextSeptetCut(text, start, perPart) : nextUcs2Cut(text, start, perPart)
}

function nextSeptetCut(text: string, start: number, perPart: number): number {
  let septets = 0
  let index = start
  while (index < text.length) {
    septets += septetCost(text.charCodeAt(index))
    if (septets > perPart) break
    index++
  }
  return index
}

const graphemes = new Intl.Segmenter('fr', { granularity: 'grapheme' })

function nextUcs2Cut(text: string, start: number, perPart: number): number {
  const end = start + perPart
  if (end >= text.length) return text.length
  // A window of two parts is enough to see a grapheme that fits in one, and keeps the cost of a cut constant.
  const window = text.slice(start, end + perPart)
  const grapheme = graphemes.segment(window).containing(perPart)
  if (grapheme !== undefined && grapheme.index > 0 && grapheme.segment.length <= perPart) {
    return start + grapheme.index
  }
  return isInsidePair(text, end) ? end - 1 : end
}

function isInsidePair(text: string, index: number): boolean {
  const before = text.charCodeAt(index - 1)
  const after = text.charCodeAt(index)
  return before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff
}
