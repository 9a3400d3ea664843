/** Excel files written by hand, so that tests decide every byte of them. */
import { crc32, deflateRawSync } from 'node:zlib'

export interface ZipEntry {
  name: string
  content: Buffer | string
  /** What the directory says it unpacks to; absent, the truth. */
  claimedBytes?: number
}

/** @see APPNOTE.TXT of PKWARE, section 4.3 */
export function zip(entries: readonly ZipEntry[]): Buffer {
  const files: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, content, claimedBytes } of entries) {
    const bytes = Buffer.from(content)
    const packed = deflateRawSync(bytes)
    const path = Buffer.from(name)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(8, 4)
    common.writeUInt32LE(crc32(bytes), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(claimedBytes ?? bytes.length, 18)
    common.writeUInt16LE(path.length, 22)
    const file = Buffer.concat([Buffer.from('PK\x03\x04'), common, path, packed])
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(offset, 10)
    directory.push(Buffer.from('PK\x01\x02'), Buffer.from([20, 0]), common, rest, path)
    files.push(file)
    offset += file.length
  }
  const list = Buffer.concat(directory)
  const end = Buffer.alloc(18)
  end.writeUInt16LE(entries.length, 4)
  end.writeUInt16LE(entries.length, 6)
  end.writeUInt32LE(list.length, 8)
  end.writeUInt32LE(offset, 12)
  return Buffer.concat([...files, list, Buffer.from('PK\x05\x06'), end])
}

/** A cell as it stands in the sheet: attributes and content of `<c>`. */
export interface XmlCell {
  type?: 's' | 'b' | 'e' | 'str' | 'inlineStr'
  style?: number
  value: string
}

/** Style 1 is a date, 2 a date with time; sheet rows by number, columns by letter. */
export function xlsx(
  sheets: Record<string, Record<string, XmlCell>[]>,
  more: Partial<ZipEntry> = {},
): Buffer {
  const names = Object.keys(sheets)
  const relation = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
  const main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
  const list = names.map((name, at) => `<sheet name="${name}" sheetId="${at + 1}" r:id="rId${at + 1}"/>`)
  const parts = names.map(
    (_, at) =>
      `<Relationship Id="rId${at + 1}" Type="${relation}/worksheet" Target="worksheets/sheet${at + 1}.xml"/>`,
  )
  return zip([
    {
      name: 'xl/workbook.xml',
      content: `<workbook ${main} xmlns:r="${relation}"><sheets>${list.join('')}</sheets></workbook>`,
    },
    {
      name: 'xl/_rels/workbook.xml.rels',
      content: `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${parts.join('')}
        <Relationship Id="rIdS" Type="${relation}/styles" Target="styles.xml"/></Relationships>`,
    },
    {
      name: 'xl/styles.xml',
      content: `<styleSheet ${main}><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/></cellXfs></styleSheet>`,
    },
    ...names.map((name, at) => ({
      name: `xl/worksheets/sheet${at + 1}.xml`,
      content: sheetXml(sheets[name]!, main),
      ...more,
    })),
  ])
}

function sheetXml(rows: readonly Record<string, XmlCell>[], main: string): string {
  const lines = rows.map((row, index) => {
    const cells = Object.entries(row).map(([letter, { type, style, value }]) => {
      const attributes = `${type === undefined ? '' : ` t="${type}"`}${style === undefined ? '' : ` s="${style}"`}`
      const inner = type === 'inlineStr' ? `<is><t>${value}</t></is>` : `<v>${value}</v>`
      return `<c r="${letter}${index + 1}"${attributes}>${inner}</c>`
    })
    return `<row r="${index + 1}">${cells.join('')}</row>`
  })
  return `<worksheet ${main}><sheetData>${lines.join('')}</sheetData></worksheet>`
}
