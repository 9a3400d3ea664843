/**
 * Dates of the binary protocol as text. The driver puts each together from eleven pieces, which costs as much as all the
 * rest of a row; the same few thousand dates come again and again.
 */

import mysql from 'mysql2'

const { Types } = mysql

/** One row as the driver holds it: where its bytes lie, and how far they were read. */
export interface DriverPacket {
  buffer: Buffer
  start: number
  offset: number
  end: number
  clone(): DriverPacket
  readDateTimeString(decimals: number, separator: string | null, columnType: number): string
}

/** Lengths in bytes that the server sends: a date alone, and one with its time but no fraction of a second. */
const [dateLength, dateTimeLength] = [4, 7]

/** Eleven years of days without two in one place: contracts end within a few. */
const keptDates = 4_096
const keptKeys = new Int32Array(keptDates)
const keptTexts: string[] = new Array(keptDates).fill('')

const twoDigits = Array.from({ length: 256 }, (_, number) => String(number).padStart(2, '0'))

/** @returns the packet given, which from now on reads the usual dates as here and leaves others to the driver */
export function readDatesQuickly(packet: DriverPacket): DriverPacket {
  const drivers = packet.readDateTimeString
  packet.readDateTimeString = (decimals, separator, columnType) => {
    const { buffer, offset } = packet
    const length = buffer[offset]
    const isUsual = (length === dateLength || length === dateTimeLength) && separator === null
    if (!isUsual || offset + length >= packet.end)
      return drivers.call(packet, decimals, separator, columnType)
    packet.offset = offset + 1 + length
    const year = buffer[offset + 1]! + buffer[offset + 2]! * 256
    const date = dateText(year, buffer[offset + 3]!, buffer[offset + 4]!)
    if (length === dateTimeLength) {
      const hour = twoDigits[buffer[offset + 5]!]
      return `${date} ${hour}:${twoDigits[buffer[offset + 6]!]}:${twoDigits[buffer[offset + 7]!]}`
    }
    const hasTime = columnType === Types.DATETIME || columnType === Types.TIMESTAMP
    return hasTime ? `${date} 00:00:00` : date
  }
  return packet
}

function dateText(year: number, month: number, day: number): string {
  const key = year * 65_536 + month * 256 + day
  const place = (year * 372 + month * 31 + day) % keptDates
  if (keptKeys[place] === key && key !== 0) return keptTexts[place]!
  const text = `${String(year).padStart(4, '0')}-${twoDigits[month]}-${twoDigits[day]}`
  keptKeys[place] = key
  keptTexts[place] = text
  return text
}
