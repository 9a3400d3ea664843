/** Whether a text tells how to object to further messages. Pure. */

/** `{n}` in a mention: a number, as the short code to write to. */
const numberMark = '{n}'

/**
 * A test for texts. Case, accents and the width of blanks make no difference; a mention is found as words of its own,
 * so that `STOP` is not found in `nonstop`.
 *
 * @param mentions one of them is enough, for example `STOP` or `Refus: *801#`
 */
export function createMentionTest(mentions: readonly string[]): (text: string) => boolean {
  const patterns = mentions.map(patternOf)
  return text => {
    const folded = fold(text)
    return patterns.some(pattern => pattern.test(folded))
  }
}

/** Literals and one class of digits only: nothing in it can be slow. */
function patternOf(mention: string): RegExp {
  const source = mention
    .split(numberMark)
    .map(piece => RegExp.escape(fold(piece)).replace(/(?:\\x20|\s)+/g, '\\s+'))
    .join('\\d+')
  return new RegExp(`(?<![\\p{L}\\p{N}])${source}(?![\\p{L}\\p{N}])`, 'u')
}

function fold(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toUpperCase()
}
