/**
 * Where things are in the pages of an Access file.
 *
 * @see HACKING.md of mdbtools
 */

export interface AccessLayout {
  pageSize: number
  /** In a page of rows: how many there are, before the list of where each begins. */
  rowCountAt: number
  /** In the definition of a table. */
  columnCountAt: number
  indexCountAt: number
  /** A row: which pages hold the table's rows. */
  usageMapAt: number
  indexesAt: number
  indexBytes: number
  columnBytes: number
}

const jet3: AccessLayout = {
  pageSize: 2_048,
  rowCountAt: 8,
  columnCountAt: 25,
  indexCountAt: 31,
  usageMapAt: 35,
  indexesAt: 43,
  indexBytes: 8,
  columnBytes: 18,
}

const jet4: AccessLayout = {
  pageSize: 4_096,
  rowCountAt: 12,
  columnCountAt: 45,
  indexCountAt: 51,
  usageMapAt: 55,
  indexesAt: 63,
  indexBytes: 12,
  columnBytes: 25,
}

/** @param file a whole Access file; byte 20 tells 97 from what came later */
export function layoutOf(file: Buffer): AccessLayout {
  return file[20] === 0 ? jet3 : jet4
}
