import test from 'ava'
import fc from 'fast-check'
import { createFrameReader, onWire } from '../../../../connectors/operators/ucp/framing.ts'
import { bytesOf, vectors } from './vectors.ts'

/** Everything a reader tells of these chunks; frames as their texts. */
function readAll(chunks: readonly Uint8Array[], limit?: number): string[] {
  const reader = createFrameReader(limit)
  const told: string[] = []
  for (const chunk of chunks) {
    reader.push(Buffer.from(chunk))
    for (let item = reader.next(); item.kind !== 'incomplete'; item = reader.next()) {
      told.push(item.kind === 'text' ? item.text : item.kind)
      if (item.kind === 'too-long') return told
    }
  }
  return told
}

test('frames in one read, with line ends between them, are read in order', t => {
  const octets = Buffer.concat([bytesOf('F1'), Buffer.from('\r\n'), bytesOf('F2'), bytesOf('F6')])
  t.deepEqual(readAll([octets]), [vectors.F1, vectors.F2, vectors.F6])
})

test('frames are read however the stream is cut', t => {
  const octets = Buffer.concat([bytesOf('F9'), Buffer.from('\r\n\0'), bytesOf('F7'), bytesOf('F12')])
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(octets.length), { maxLength: 12 }), cuts => {
      const places = [0, ...cuts.sort((a, b) => a - b), octets.length]
      const chunks = places.slice(1).map((end, index) => octets.subarray(places[index], end))
      t.deepEqual(readAll(chunks), [vectors.F9, vectors.F7, vectors.F12])
    }),
  )
  t.deepEqual(readAll([...octets].map(octet => Uint8Array.of(octet))), [vectors.F9, vectors.F7, vectors.F12])
})

test('a frame that begins within another: the first is cut off, the second is read', t => {
  const octets = Buffer.concat([bytesOf('F6').subarray(0, 50), bytesOf('F7')])
  t.deepEqual(readAll([octets]), ['cut-off', vectors.F7])
  t.deepEqual(readAll([octets.subarray(0, 50), octets.subarray(50)]), ['cut-off', vectors.F7])
})

test('a frame of 64 kB is refused at its ceiling and none of it is kept', t => {
  const octets = Buffer.from(onWire('9'.repeat(65_536)), 'latin1')
  t.deepEqual(readAll([octets]), ['too-long'])
  const pieces = Array.from({ length: 64 }, (_, index) => octets.subarray(index * 1024, (index + 1) * 1024))
  t.deepEqual(readAll(pieces), ['too-long'])
  t.deepEqual(readAll([Buffer.from(onWire('9'.repeat(8192)), 'latin1')]), ['9'.repeat(8192)])
})

test('octets outside of frames are dropped and counted, megabytes of them too', t => {
  const reader = createFrameReader()
  reader.push(Buffer.alloc(5 * 1024 * 1024, 0x41))
  t.is(reader.next().kind, 'incomplete')
  t.is(reader.pendingOctets(), 0)
  t.is(reader.takeSkipped(), 5 * 1024 * 1024)
  reader.push(bytesOf('F5'))
  t.deepEqual(reader.next(), { kind: 'text', text: vectors.F5 })
  t.is(reader.takeSkipped(), 0)
})

test('what is pending of a frame is known', t => {
  const reader = createFrameReader()
  reader.push(Buffer.from('\x0200/0'))
  t.is(reader.next().kind, 'incomplete')
  t.is(reader.pendingOctets(), 5)
})

test('an empty frame is a text of nothing', t => {
  t.deepEqual(readAll([Buffer.from([3, 2, 3, 2, 3])]), ['', ''])
})
