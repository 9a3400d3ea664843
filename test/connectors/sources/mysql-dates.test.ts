import test from 'ava'
import fc from 'fast-check'
import { type DriverPacket, readDatesQuickly } from '../../../connectors/sources/mysql-dates.ts'

/** Types of columns, as the protocol numbers them. */
const [timestamp, date, datetime] = [7, 10, 12]

/** A packet that holds one value; what is not read quickly is answered by `drivers`. */
function packetOf(bytes: readonly number[], drivers = (): string => 'left to the driver'): DriverPacket {
  const buffer = Buffer.from(bytes)
  const packet: DriverPacket = {
    buffer,
    start: 0,
    offset: 0,
    end: buffer.length,
    clone: () => ({ ...packet }),
    readDateTimeString: drivers,
  }
  return packet
}

function textOf(bytes: readonly number[], columnType: number): { text: string; read: number } {
  const packet = readDatesQuickly(packetOf(bytes))
  const text = packet.readDateTimeString(0, null, columnType)
  return { text, read: packet.offset }
}

test('a date is written with its zeros, and so is the time of day', t => {
  t.deepEqual(textOf([4, 0xeb, 0x07, 1, 2], date), { text: '2027-01-02', read: 5 })
  t.deepEqual(textOf([7, 0xeb, 0x07, 12, 31, 2, 30, 9], datetime), { text: '2027-12-31 02:30:09', read: 8 })
  t.deepEqual(textOf([4, 7, 0, 1, 2], date), { text: '0007-01-02', read: 5 })
})

test('a date-time at midnight comes without its time and is written with it', t => {
  for (const type of [datetime, timestamp]) {
    t.deepEqual(textOf([4, 0xeb, 0x07, 1, 2], type), { text: '2027-01-02 00:00:00', read: 5 })
  }
})

test('any date is written as it is, whatever dates were read before', t => {
  const two = (number: number): string => String(number).padStart(2, '0')
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(9_999), fc.nat(12), fc.nat(31), fc.nat(23), fc.nat(59), fc.nat(59)), {
        minLength: 1,
        maxLength: 50,
      }),
      values => {
        for (const [year, month, day, ...time] of values) {
          const bytes = [year & 0xff, year >> 8, month, day]
          const wanted = `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`
          t.is(textOf([4, ...bytes], date).text, wanted)
          t.is(textOf([7, ...bytes, ...time], datetime).text, `${wanted} ${time.map(two).join(':')}`)
        }
      },
    ),
  )
})

test('fractions of a second, the zero date and what is cut are left to the driver', t => {
  const unusual = [[0], [11, 0xeb, 0x07, 1, 2, 3, 4, 5, 1, 0, 0, 0], [7, 0xeb, 0x07, 1], [4], []]
  for (const bytes of unusual) t.deepEqual(textOf(bytes, datetime), { text: 'left to the driver', read: 0 })
})
