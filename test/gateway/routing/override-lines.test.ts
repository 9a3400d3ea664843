import test from 'ava'
import fc from 'fast-check'
import { networksInForce } from '../../../server/gateway/routing/networks.ts'
import { type OverrideLine, readOverrideLines } from '../../../server/gateway/routing/override-lines.ts'

const options = { country: 'BF' as const, networks: networksInForce([]) }
const read = (csv: string): OverrideLine[] => [...readOverrideLines(csv, options)]

test('lines of number and network are read as spreadsheets write them', t => {
  const csv =
    '\ufeffnumber;network\r\n70 00 00 01;telecel\r\n"76000002";"Moov Africa"\n+2250500000001,BF:orange\n\n0022558000003\tmoov\n'
  t.deepEqual(
    read(csv).map(line =>
      line.kind === 'override' ? [line.override.number, line.override.network] : [line.line, line.reason],
    ),
    [
      ['22670000001', 'telecel'],
      ['22676000002', 'moov'],
      [4, 'unknown-network'],
      // A number of the plan before 2021 is brought up to date.
      ['2250758000003', 'moov'],
    ],
  )
})

test('what cannot be used is told by line, with what stood there', t => {
  const csv = [
    '70000001',
    '70000001;nobody',
    '25332244;orange',
    'x1;orange',
    `${'7'.repeat(300)};orange`,
    '+14155550100;orange',
  ].join('\n')
  t.deepEqual(
    read(csv).map(line => (line.kind === 'refused' ? [line.line, line.reason] : line)),
    [
      [1, 'no-network'],
      [2, 'unknown-network'],
      [3, 'fixed-line'],
      [4, 'too-short'],
      [5, 'line-too-long'],
      [6, 'unknown-network'],
    ],
  )
  t.true(read(csv).every(line => line.kind === 'refused' && line.found.length <= 40))
})

test('any text at all is read to its end', t => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 60 }), { maxLength: 20 }), lines => {
      const found = read(lines.join('\n'))
      t.true(found.length <= lines.join('\n').split('\n').length)
      for (const line of found) if (line.kind === 'override') t.regex(line.override.number, /^\d{8,15}$/)
    }),
    { numRuns: 200 },
  )
})
