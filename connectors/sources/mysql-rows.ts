/**
 * Rows of the binary protocol as the driver receives them. Each stays bytes until it is taken: rows decoded at once
 * would outlive the nursery by the hundred, and V8 then takes all of their kind for long-lived ones (measured: every
 * second read took twice as long).
 *
 * @see MySQL internals, "Binary Protocol Resultset Row"
 */
import type { Connection, FieldPacket } from 'mysql2'
import type { SourceValue } from '../source.ts'
import { batchBytes, mostRowBytes, rowBytes } from './batch-size.ts'
import { cut } from './mysql-connection.ts'
import { type DriverPacket, readDatesQuickly } from './mysql-dates.ts'
import { rowConverter, textAsBytes } from './mysql-values.ts'
import { createArrival, watchRowSize } from './pushed-rows.ts'
import { LateRows, type RowList } from './row-lists.ts'
import { batchRows } from './row-reading.ts'
import type { ReadingSettings } from './settings.ts'

/** The driver's decoder of one result. */
interface RowParser {
  next(packet: DriverPacket, fields: readonly FieldPacket[], options: unknown): unknown[]
}

/** What the driver does not show of a statement that runs: where it makes its decoder, and what it takes for it. */
interface RunningStatement {
  options: unknown
  buildParserFromFields(fields: readonly FieldPacket[], connection: unknown): new () => RowParser
}

interface ArrivedRows {
  buffers: Buffer[]
  starts: number[]
  ends: number[]
}

interface StreamedRows {
  /** Their names, known once the statement runs; none when it gives no result. */
  columns: Promise<string[]>
  /** The next rows; an empty list is the end. @throws what ended the read, once all rows before were taken */
  next(): Promise<RowList>
}

/** Runs a prepared statement; the connection is paused while rows wait to be taken. */
export function streamRows(
  connection: Connection,
  { sql, values, encoding }: { sql: string; values: unknown[]; encoding: ReadingSettings['encoding'] },
): StreamedRows {
  const gathered = gatherArrived(connection)
  const size = watchRowSize(error => {
    gathered.fail(error)
    cut(connection)
  })
  const typeCast = encoding === 'utf8' ? {} : { typeCast: textAsBytes }
  const query = connection.execute({ sql, values: values as string[], rowsAsArray: true, ...typeCast })
  const statement = query as unknown as RunningStatement
  const makeParser = statement.buildParserFromFields
  let decode: ((packet: DriverPacket) => SourceValue[]) | undefined
  statement.buildParserFromFields = (fields, owner) => {
    const parser = new (makeParser.call(statement, fields, owner))()
    const convert = rowConverter(fields, encoding)
    const names = fields.map(nameOf)
    decode = packet => {
      const values = convert(parser.next(packet, fields, statement.options))
      // No value has more letters than bytes: smaller rows need not be counted.
      if (packet.end - packet.start > mostRowBytes) rowBytes(values, names)
      return values
    }
    return class {
      next(packet: DriverPacket): never[] {
        size.row()
        gathered.push(packet)
        return noValues
      }
    }
  }
  watchChunks(connection, bytes => {
    size.arrived(bytes)
    gathered.chunkEnded()
  })
  const columns = new Promise<string[]>((resolve, reject) => {
    query.on('fields', found => resolve(((found ?? []) as unknown as FieldPacket[]).map(nameOf)))
    const fail = (error: unknown): void => {
      gathered.fail(error)
      reject(error)
    }
    query.on('error', fail)
    // The loss of the connection is told to the connection only, not to the statement that streams.
    connection.on('error', fail)
    query.on('end', () => {
      gathered.end()
      resolve([])
    })
  })
  columns.catch(() => undefined)
  return {
    columns,
    async next() {
      const { rows, packet } = await gathered.next()
      return rows === undefined ? [] : rowList(rows, packet!, decode!)
    },
  }
}

const noValues: never[] = []

/** Where the bytes of a name lie, which the driver keeps for the names that it decodes late. */
interface FieldBytes {
  _buf?: Buffer
  _orgTableStart?: number
  _orgTableLength?: number
}

/** Names are UTF-8 in either setting of the session; the driver reads them in the letters of their column's text. */
function nameOf(field: FieldPacket): string {
  const { _buf: bytes, _orgTableStart: start, _orgTableLength: length } = field as FieldBytes
  if (bytes === undefined || start === undefined || length === undefined) return field.name
  const at = start + length
  const isLong = bytes[at] === twoBytesFollow
  const from = at + (isLong ? 3 : 1)
  return bytes.toString('utf8', from, from + (isLong ? bytes.readUInt16LE(at + 1) : bytes[at]!))
}

/** Of a length-encoded integer. A name has at most 256 letters. */
const twoBytesFollow = 0xfc

function rowList(
  { buffers, starts, ends }: ArrivedRows,
  packet: DriverPacket,
  decode: (packet: DriverPacket) => SourceValue[],
): RowList {
  return new LateRows(starts.length, index => {
    const start = starts[index]!
    packet.buffer = buffers[index]!
    packet.start = start
    packet.offset = start + headerBytes
    packet.end = ends[index]!
    return decode(packet)
  })
}

/** Before each packet: its length and number. */
const headerBytes = 4

/** Gathers where rows lie. Whole chunks of the socket are gone through before the connection is paused. */
function gatherArrived(connection: Connection) {
  let arrived: ArrivedRows = { buffers: [], starts: [], ends: [] }
  let bytes = 0
  /** A copy of the driver's: the one it hands over is used again for the next row. */
  let packet: DriverPacket | undefined
  const arrival = createArrival(() => connection.resume())
  const isFull = (): boolean => arrived.starts.length >= batchRows || bytes >= batchBytes
  return {
    push(row: DriverPacket): void {
      packet ??= readDatesQuickly(row.clone())
      arrived.buffers.push(row.buffer)
      arrived.starts.push(row.start)
      arrived.ends.push(row.end)
      bytes += row.end - row.start
    },
    chunkEnded(): void {
      if (arrived.starts.length === 0) return
      if (isFull()) connection.pause()
      arrival.look()
    },
    end: arrival.end,
    fail: arrival.fail,
    /** `rows` undefined is the end. */
    async next(): Promise<{ rows: ArrivedRows | undefined; packet: DriverPacket | undefined }> {
      await arrival.until(() => arrived.starts.length > 0)
      const rows = arrived
      if (rows.starts.length === 0) {
        arrival.throwFailure()
        return { rows: undefined, packet }
      }
      arrived = { buffers: [], starts: [], ends: [] }
      bytes = 0
      return { rows, packet }
    },
  }
}

/** The parser is where what arrives passes whether it came by TLS or not; the driver offers no event for it. */
function watchChunks(connection: Connection, arrived: (bytes: number) => void): void {
  const inner = connection as unknown as { packetParser: { execute(chunk: Buffer): void } }
  const parser = inner.packetParser
  inner.packetParser = {
    execute(chunk) {
      parser.execute(chunk)
      arrived(chunk.length)
    },
  }
}
