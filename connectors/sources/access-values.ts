/** Values of an Access file as mdb-reader gives them, made plain. Pure. */
import type { Column, Value } from 'mdb-reader'
import type { SourceValue } from '../source.ts'
import { plainInstant } from './plain-instant.ts'
import { exactDecimal } from './text-values.ts'

export type AccessValueReader = (value: Value) => SourceValue

/** Names of types as Access shows them to its users; attachments, multi-valued and calculated columns are not read. */
export const accessTypeNames: Readonly<Record<string, string>> = {
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

export const isTextColumn = (column: Column): boolean => column.type === 'text' || column.type === 'memo'

/** @returns undefined for a column whose values are plain as they come: most columns are text and numbers */
export function accessValueReader(column: Column): AccessValueReader | undefined {
  switch (column.type) {
    case 'byte':
    case 'integer':
    case 'long':
    case 'bigint':
    case 'float':
    case 'double':
    case 'repid':
    case 'text':
    case 'memo':
      return undefined
    case 'currency':
    case 'numeric':
      return value => (typeof value === 'string' ? exactDecimal(value) : null)
    case 'datetime':
      return value => (value instanceof Date ? plainInstant(storedInstant(value)) : null)
    case 'datetimextended':
      return value => (typeof value === 'string' ? plainExtended(value) : null)
    case 'boolean':
      return value => (value === true ? 1 : 0)
    case 'complex':
      return () => null
    default:
      return plainOther
  }
}

function plainOther(value: Value): SourceValue {
  if (value instanceof Uint8Array) return new Uint8Array(value)
  return typeof value === 'object' ? null : value
}

const dayMs = 86_400_000
/** 1899-12-30, day 0 of Access. */
const dayZeroMs = -25_569 * dayMs

/**
 * Before day 0 Access counts whole days down and the time of day up: -1.25 is 1899-12-29 06:00. The driver counts
 * both down.
 */
function storedInstant(instant: Date): Date {
  const ms = instant.getTime() - dayZeroMs
  const time = ms % dayMs
  return ms >= 0 || time === 0 ? instant : new Date(dayZeroMs + (ms - time) - time)
}

/** `2027.01.01 00:00:00.000000000` to `2027-01-01`; the driver writes the year by the process's zone, which is UTC. */
function plainExtended(text: string): SourceValue {
  const parts = /^(\d{4,5})\.(\d\d)\.(\d\d) (\d\d:\d\d:\d\d)\.(\d{9})$/.exec(text)
  if (parts === null) return text
  const [, year, month, day, time, nanos] = parts
  const fraction = nanos!.replace(/0+$/, '')
  const clock = `${time}${fraction === '' ? '' : `.${fraction}`}`
  return clock === '00:00:00' ? `${year}-${month}-${day}` : `${year}-${month}-${day} ${clock}`
}
