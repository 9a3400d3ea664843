/** Valid inputs, damaged: what random input alone would take ages to come near to. */
import fc from 'fast-check'

type Edit =
  | { kind: 'delete'; at: number; length: number }
  | { kind: 'insert'; at: number; piece: string }
  | { kind: 'repeat'; at: number; length: number; times: number }
  | { kind: 'swap'; at: number; with: number }
  | { kind: 'flip'; at: number; bit: number }

/** Inputs above this are what size limits are for; every limit of the product is nearer. */
const longest = 200_000

/** Places and lengths are shares of the input, so that every edit fits whatever the ones before have left. */
const share = fc.double({ min: 0, max: 1, noNaN: true })
const few = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(0, 0.001, 0.01, 0.1) }, share)

function edits(pieces: fc.Arbitrary<string>): fc.Arbitrary<Edit[]> {
  const edit = fc.oneof(
    fc.record({ kind: fc.constant('delete' as const), at: share, length: few }),
    fc.record({ kind: fc.constant('insert' as const), at: share, piece: pieces }),
    fc.record({
      kind: fc.constant('repeat' as const),
      at: share,
      length: few,
      times: fc.constantFrom(2, 3, 10, 100, 2_000),
    }),
    fc.record({ kind: fc.constant('swap' as const), at: share, with: share }),
    fc.record({ kind: fc.constant('flip' as const), at: share, bit: fc.nat(7) }),
  )
  return fc.array(edit, { maxLength: 6 })
}

function apply(text: string, list: readonly Edit[]): string {
  let result = text
  for (const edit of list) {
    const at = Math.floor(edit.at * result.length)
    const [head, tail] = [result.slice(0, at), result.slice(at)]
    if (edit.kind === 'delete') result = head + tail.slice(Math.ceil(edit.length * tail.length))
    else if (edit.kind === 'insert') result = head + edit.piece + tail
    else if (edit.kind === 'swap') {
      const other = Math.floor(edit.with * result.length)
      result = result.slice(0, other) + tail + head.slice(Math.min(other, head.length))
    } else if (edit.kind === 'repeat') {
      const piece = tail.slice(0, Math.ceil(edit.length * tail.length))
      const times = Math.min(edit.times, Math.floor(longest / Math.max(piece.length, 1)))
      result = head + piece.repeat(times) + tail
    } else if (tail !== '') {
      result = head + String.fromCharCode(tail.charCodeAt(0) ^ (1 << edit.bit)) + tail.slice(1)
    }
    if (result.length > longest) result = result.slice(0, longest)
  }
  return result
}

/** Texts of the corpus with up to six edits; `pieces` are what the language is made of. */
export function mutated(corpus: readonly string[], pieces: readonly string[]): fc.Arbitrary<string> {
  const piece = fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: 'binary', maxLength: 6 }))
  return fc.tuple(fc.constantFrom(...corpus), edits(piece)).map(([valid, list]) => apply(valid, list))
}

/** The language's pieces in any order. */
export function assembled(pieces: readonly string[], maxLength = 60): fc.Arbitrary<string> {
  return fc.array(fc.constantFrom(...pieces), { maxLength }).map(list => list.join(''))
}

/** The same for octets. */
export function mutatedOctets(corpus: readonly Buffer[]): fc.Arbitrary<Buffer> {
  const texts = corpus.map(octets => octets.toString('latin1'))
  const pieces = ['\0', '\xff', '\0\0\0\x10', '\xff\xff\xff\xff', '\0\x01\0\0', '\x7f', ...texts]
  return fc
    .tuple(fc.constantFrom(...texts), edits(fc.constantFrom(...pieces)))
    .map(([valid, list]) => Buffer.from(apply(valid, list), 'latin1'))
}

/** As sockets cut them: in one piece, or wherever a share of it ends. */
export const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 })

export function pieces(whole: Buffer, shares: readonly number[]): Buffer[] {
  const ends = [...shares.map(part => Math.floor(part * whole.length)).sort((a, b) => a - b), whole.length]
  return ends.map((end, index) => whole.subarray(ends[index - 1] ?? 0, end)).filter(piece => piece.length > 0)
}
