/** One sheet of an Excel file, read by a process of its own. */
import { stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { SourceValue } from '../../source.ts'
import { askAhead } from '../batch-size.ts'
import { errorCode } from '../error-words.ts'
import { type ReadingProcess, startProcess } from '../reading-process.ts'
import { batchRows } from '../row-reading.ts'
import { columnNames } from './csv-detect.ts'
import { FileNotReadable, mostFileColumns, type OpenFile } from './open-file.ts'
import type { XlsxAnswer, XlsxOrder } from './xlsx-reader.ts'

export interface XlsxChoice {
  /** Absent: the first. */
  sheet?: string | undefined
  hasHeader?: boolean
}

/** Excel's million rows of ten columns take about this much; unpacked it is ten times as large, all in memory. */
const mostXlsxMiB = 64
/** The unpacked text and the rows made of it. */
const heapMiB = 1_200
const batchesAhead = 3

/** What the child answers about the file; everything else is about the machine. */
const aboutFile = new Set(['NOT_XLSX', 'TOO_BIG', 'NO_SHEET', 'ENDED'])

/**
 * @param signal ends the reading
 * @throws FileNotReadable; errors of the file system
 */
export async function openXlsx(path: string, choice: XlsxChoice, signal: AbortSignal): Promise<OpenFile> {
  const { size } = await stat(path)
  if (size > mostXlsxMiB * 2 ** 20) {
    throw new FileNotReadable(
      `${size} bytes; ${mostXlsxMiB} MiB are the limit for Excel files, save it as CSV`,
    )
  }
  const module = fileURLToPath(new URL('./xlsx-reader.ts', import.meta.url))
  const child = startProcess<XlsxOrder, XlsxAnswer>(module, signal, { TZ: 'UTC' }, heapMiB)
  try {
    child.send({ kind: 'open', path, sheet: choice.sheet, hasHeader: choice.hasHeader ?? true })
    const answer = await child.next()
    if (answer.kind !== 'opened') throw new Error(`the reading process answered ${answer.kind}`)
    const { header, rows } = answer
    if (header.length > mostFileColumns) throw new FileNotReadable(`${header.length} columns`)
    const columns = columnNames(header)
    const sheet = choice.sheet === undefined ? 'first sheet' : `sheet "${choice.sheet}"`
    return {
      columns,
      isText: false,
      typeName: 'Excel cell',
      detail: `Excel, ${sheet}, ${columns.length} columns, ${rows} rows`,
      batches: batchesOf(child, columns.length),
      close: child.kill,
    }
  } catch (error) {
    child.kill()
    throw explained(error)
  }
}

async function* batchesOf(
  child: ReadingProcess<XlsxOrder, XlsxAnswer>,
  width: number,
): AsyncGenerator<SourceValue[][], void, undefined> {
  try {
    const ask = (): void => child.send({ kind: 'next', batchRows })
    const next = askAhead(batchesAhead, ask, async () => {
      const answer = await child.next()
      if (answer.kind !== 'rows') throw new Error(`the reading process answered ${answer.kind}`)
      return answer
    })
    for (;;) {
      const answer = await next()
      if (answer.rows.length === 0) return
      for (const row of answer.rows) checkWidth(row, width)
      yield answer.rows
    }
  } catch (error) {
    throw explained(error)
  } finally {
    child.kill()
  }
}

/** The parser makes all rows as wide as the widest; cells beyond the header have no column. */
function checkWidth(row: SourceValue[], width: number): void {
  if (row.length === width + 1) return
  throw new FileNotReadable(`row ${row.at(-1)} has ${row.length - 1} cells, the first row ${width}`)
}

function explained(error: unknown): unknown {
  const code = errorCode(error)
  if (!aboutFile.has(code) || !(error instanceof Error)) return error
  const hint = code === 'ENDED' ? '. It may unpack to more memory than a file may take' : ''
  return new FileNotReadable(`${error.message}${hint}`)
}
