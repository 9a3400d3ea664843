/**
 * Calculated columns of Access 2010 and later. Their values are wrapped, and of the type of another place: the driver
 * takes the wrapping for the value and gives 0 or signs of no language. They are passed on as columns that are not read.
 */
import { columnPlaces } from './access-definitions.ts'

/** The first format that has them; Access 2010. */
const firstVersion = 3
/** Where a column says that it is calculated. */
const moreFlagsAt = 16
const calculatedFlags = 0xc0
/** A type of which the driver is never asked for the values: rows of another table. */
const complexType = 0x12

/** @param file a whole Access file, not encrypted, changed in place */
export function hideCalculatedColumns(file: Buffer): void {
  if (file[20]! < firstVersion) return
  for (const { placeOf } of columnPlaces(file)) {
    const type = placeOf(0)
    const moreFlags = placeOf(moreFlagsAt)
    if (type === undefined || moreFlags === undefined) continue
    if ((file[moreFlags]! & calculatedFlags) !== 0) file[type] = complexType
  }
}
