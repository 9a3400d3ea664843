/** What a phone wrote as words that compare: without case, accents, punctuation and signs. Pure. */
import { transliterate } from '../../../templates/text/transliterate.ts'

/** Keywords are looked for at the beginning; the rest of a long text is not worth folding. */
const foldedLength = 500

/**
 * Lower-case words: `« Arrêt ! »` and `ARRET` are `arret`, `S'il vous plaît` is `s il vous plait`.
 *
 * The replacement tables of sending are used, so that African letters and ligatures fold as they leave; a script
 * without Latin letters keeps its own, without marks.
 */
export function wordsOf(text: string): string[] {
  const plain = transliterate(text.slice(0, foldedLength).normalize('NFKC'), 3).text
  const folded = plain.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replaceAll('ß', 'ss')
  return folded.match(/[\p{L}\p{N}]+/gu) ?? []
}

/** A keyword as it is compared; empty when there is no letter or digit in it. */
export function foldKeyword(keyword: string): string {
  return wordsOf(keyword).join(' ')
}

/** What stands after the first `count` words, as it was written, without the blanks before it. */
export function restAfter(text: string, count: number): string {
  let left = count
  let end = 0
  // The words of the text as written: folding neither joins nor parts them, but may drop signs between them.
  for (const match of text.matchAll(/[\p{L}\p{N}\p{M}]+/gu)) {
    if (left === 0) break
    left -= 1
    end = match.index + match[0].length
  }
  return text
    .slice(end)
    .replace(/^[\s\p{P}]+/u, '')
    .trimEnd()
}
