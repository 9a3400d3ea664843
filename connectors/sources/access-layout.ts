/**
 * Where things are in the pages of an Access file.
 *
 * @see HACKING.md of mdbtools
 */

export interface AccessLayout {
  pageSize: number
  /** In a page of rows: how many there are, before the list of where each begins. */
  rowCountAt: number
  /** Of a count of columns in a row, and of the length of a column's name. */
  countBytes: 1 | 2
  /** In the definition of a table. */
  columnCountAt: number
  indexCountAt: number
  /** A row: which pages hold the table's rows. */
  usageMapAt: number
  indexesAt: number
  indexBytes: number
  columnBytes: number
  /** In the description of a column: its number, its place among those of variable length, and among the others. */
  numberAt: number
  variableIndexAt: number
  flagsAt: number
  fixedOffsetAt: number
  sizeAt: number
}

const jet3: AccessLayout = {
  pageSize: 2_048,
  rowCountAt: 8,
  countBytes: 1,
  columnCountAt: 25,
  indexCountAt: 31,
  usageMapAt: 35,
  indexesAt: 43,
  indexBytes: 8,
  columnBytes: 18,
  numberAt: 1,
  variableIndexAt: 3,
  flagsAt: 13,
  fixedOffsetAt: 14,
  sizeAt: 16,
}

const jet4: AccessLayout = {
  pageSize: 4_096,
  rowCountAt: 12,
  countBytes: 2,
  columnCountAt: 45,
  indexCountAt: 51,
  usageMapAt: 55,
  indexesAt: 63,
  indexBytes: 12,
  columnBytes: 25,
  numberAt: 5,
  variableIndexAt: 7,
  flagsAt: 15,
  fixedOffsetAt: 21,
  sizeAt: 23,
}

/** @param file a whole Access file; byte 20 tells 97 from what came later */
export function layoutOf(file: Buffer): AccessLayout {
  return file[20] === 0 ? jet3 : jet4
}
