import test from 'ava'
import { accumulateWorstCase, longestValues } from '../../templates/text/worst-case.ts'

test('the dearest text of a batch is kept, with how many texts take how many parts', t => {
  const worstCase = accumulateWorstCase()
  for (const text of ['a', 'a'.repeat(161), 'ê'.repeat(71), 'b'.repeat(170), 'ê']) worstCase.add(text)
  const result = worstCase.result()
  t.like(result, { count: 5, maxParts: 2, ucs2Count: 2, totalParts: 8 })
  t.is(result.longest?.text, 'b'.repeat(170))
  t.deepEqual([...result.partsHistogram].sort(), [
    [1, 2],
    [2, 3],
  ])
})

test('an empty batch has no worst case, and a text beyond counting is counted as such', t => {
  const worstCase = accumulateWorstCase()
  t.like(worstCase.result(), { count: 0, maxParts: 0, longest: null })
  worstCase.add('a'.repeat(100_000))
  t.is(worstCase.result().maxParts, 256)
})

test('the longest value of each column is found, blanks around it aside', t => {
  const rows = [
    { nom: 'SAWADOGO  ', prime: 5, photo: new Uint8Array(99) },
    { nom: 'OUEDRAOGO', prime: null },
    { nom: null, prime: 145_500n },
  ]
  t.deepEqual({ ...longestValues(rows) }, { nom: 'OUEDRAOGO', prime: '145500' })
})
