/**
 * Text of an Access 97 file in DOS letters. Such files do not say their code page and the driver takes each for
 * Windows-1252, on which way five letters are lost (ü ì Å É Ø): so it is told that text columns hold bytes.
 */
import { columnPlaces } from './access-definitions.ts'

/** Text and long text, each with the type whose bytes are stored alike. */
const bytesTypes = new Map([
  [10, 9],
  [12, 11],
])
/** Tables of Access itself, among them the names of all tables, are marked with another letter. */
const tableKindAt = 20
const usersTable = 0x4e

/** @param file a whole file of Access 97, not encrypted, changed in place */
export function showTextAsBytes(file: Buffer): void {
  for (const { definition, placeOf } of columnPlaces(file)) {
    const type = placeOf(0)
    if (type === undefined || file[definition + tableKindAt] !== usersTable) continue
    file[type] = bytesTypes.get(file[type]!) ?? file[type]!
  }
}
