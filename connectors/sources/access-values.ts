/** Values of an Access file, out of the bytes of a page. Pure. */
import type { SourceValue } from '../source.ts'
import type { AccessColumn, AccessType } from './access-definitions.ts'
import { longValue } from './access-long-values.ts'
import type { AccessTextReader } from './access-texts.ts'
import { codedError } from './error-words.ts'
import { plainInstant } from './plain-instant.ts'
import { exactDecimal } from './text-values.ts'

/** The value that is in the page between `start` and `end`. @throws RangeError, or Error DAMAGED */
export type AccessValueReader = (page: Buffer, start: number, end: number) => SourceValue

/** Names of types as Access shows them to its users; attachments, multi-valued and calculated columns are not read. */
export const accessTypeNames: Readonly<Record<AccessType, string>> = {
  boolean: 'Yes/No',
  byte: 'Byte',
  integer: 'Integer',
  long: 'Long Integer',
  bigint: 'Large Number',
  currency: 'Currency',
  float: 'Single',
  double: 'Double',
  numeric: 'Decimal',
  datetime: 'Date/Time',
  datetimextended: 'Date/Time Extended',
  text: 'Short Text',
  memo: 'Long Text',
  repid: 'Replication ID',
  binary: 'Binary',
  ole: 'OLE Object',
  complex: 'Attachment, multi-valued or calculated (not read)',
}

export const isTextColumn = ({ type }: AccessColumn): boolean => type === 'text' || type === 'memo'

/**
 * @param in the whole file, and how its text is read
 * @returns undefined for a column whose values are not read, or are no bytes: Yes/No is told by the list of NULLs
 */
export function accessValueReader(
  column: Pick<AccessColumn, 'name' | 'type' | 'scale'>,
  { file, text }: { file: Buffer; text: AccessTextReader },
): AccessValueReader | undefined {
  switch (column.type) {
    case 'byte':
      return sized(1, (page, at) => page.readUInt8(at))
    case 'integer':
      return sized(2, (page, at) => page.readInt16LE(at))
    case 'long':
      return sized(4, (page, at) => page.readInt32LE(at))
    case 'bigint':
      return sized(8, (page, at) => page.readBigInt64LE(at))
    case 'float':
      return sized(4, (page, at) => page.readFloatLE(at))
    case 'double':
      return sized(8, (page, at) => page.readDoubleLE(at))
    case 'datetime':
      return sized(8, (page, at) => plainInstant(storedInstant(page.readDoubleLE(at))))
    case 'datetimextended':
      return sized(extendedBytes, readExtended)
    case 'currency':
      return sized(8, readCurrency)
    case 'numeric':
      return sized(17, (page, at) => readNumeric(page, at, column.scale))
    case 'repid':
      return sized(16, readReplicationId)
    case 'text':
      return text
    case 'memo':
      return (page, start, end) => {
        const bytes = longValue(file, page.subarray(start, end), column.name)
        return text(bytes, 0, bytes.length)
      }
    case 'ole':
      return (page, start, end) => new Uint8Array(longValue(file, page.subarray(start, end), column.name))
    case 'binary':
      return (page, start, end) => new Uint8Array(page.subarray(start, end))
    case 'boolean':
    case 'complex':
      return undefined
  }
}

function sized(bytes: number, read: (page: Buffer, at: number) => SourceValue): AccessValueReader {
  return (page, start, end) => {
    if (end - start < bytes) throw new RangeError(`a value of ${bytes} bytes has ${end - start}`)
    return read(page, start)
  }
}

const dayMs = 86_400_000
/** 1899-12-30, day 0 of Access. */
const dayZeroMs = -25_569 * dayMs

/** Before day 0 Access counts whole days down and the time of day up: -1.25 is 1899-12-29 06:00. */
function storedInstant(days: number): Date {
  const ms = Math.round(days * dayMs)
  const time = ms % dayMs
  return new Date(dayZeroMs + (ms >= 0 || time === 0 ? ms : ms - time - time))
}

/** Ten-thousandths. */
function readCurrency(page: Buffer, at: number): SourceValue {
  const high = page.readInt32LE(at + 4)
  const stored = high * 2 ** 32 + page.readUInt32LE(at)
  // Exact: up to 15 digits a double holds the count, and the division gives the nearest one to the amount.
  return Math.abs(stored) < 1e15 ? stored / 10_000 : exactDecimal(decimalText(page.readBigInt64LE(at), 4))
}

/** A sign, and four words of which the last is the lowest. */
function readNumeric(page: Buffer, at: number, scale: number): SourceValue {
  let digits = 0n
  for (let word = at + 1; word < at + 17; word += 4)
    digits = (digits << 32n) | BigInt(page.readUInt32LE(word))
  return exactDecimal(decimalText((page.readUInt8(at) & 0x80) === 0 ? digits : -digits, scale))
}

function decimalText(count: bigint, scale: number): string {
  const digits = String(count < 0n ? -count : count).padStart(scale + 1, '0')
  const whole = digits.slice(0, digits.length - scale)
  return `${count < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${digits.slice(-scale)}`}`
}

/** A GUID as Windows stores it: the first three groups are numbers, the lowest byte first. */
function readReplicationId(page: Buffer, at: number): string {
  const number = (from: number, bytes: number): string =>
    page
      .readUIntLE(at + from, bytes)
      .toString(16)
      .padStart(bytes * 2, '0')
  const rest = page.toString('hex', at + 8, at + 16)
  return `${number(0, 4)}-${number(4, 2)}-${number(6, 2)}-${rest.slice(0, 4)}-${rest.slice(4)}`
}

/** Digits: days since 0001-01-01, seconds of the day, tenths of microseconds. */
const extendedBytes = 39
const extendedDayZeroMs = -719_162 * dayMs

function readExtended(page: Buffer, at: number): SourceValue {
  const parts = /^(\d{19}).(\d{12})(\d{7})$/.exec(page.toString('latin1', at, at + extendedBytes))
  if (parts === null) throw codedError('DAMAGED', 'a date of the extended type is not understood')
  const [, days, seconds, ticks] = parts
  const instant = plainInstant(new Date(extendedDayZeroMs + Number(days) * dayMs + Number(seconds) * 1_000))
  const fraction = ticks!.replace(/0+$/, '')
  if (instant === null || fraction === '') return instant
  return `${instant.includes(' ') ? instant : `${instant} 00:00:00`}.${fraction}`
}
