/** Statements of a client: SQL batches and the remote call of sp_executesql. MS-TDS 2.2.6.6 and 2.2.6.7. */
import iconv from 'iconv-lite'
import { isBefore2005 } from './tokens.ts'

export interface TdsStatement {
  sql: string
  /** By name without the `@`, in order; empty for a batch. */
  params: Record<string, string | number | bigint | boolean | null>
  isCall: boolean
}

const executeSqlId = 10

export function readBatch(data: Buffer, tdsVersion: number): TdsStatement {
  const sql = data.subarray(headersLength(data, tdsVersion)).toString('utf16le')
  return { sql, params: {}, isCall: false }
}

/** @throws Error for another procedure than sp_executesql or a type that no client here sends */
export function readCall(data: Buffer, tdsVersion: number): TdsStatement {
  const reader = new Reader(data, headersLength(data, tdsVersion))
  const nameLength = reader.uint(2)
  const isById = nameLength === 0xffff
  const name = isById
    ? reader.uint(2)
    : reader
        .take(nameLength * 2)
        .toString('utf16le')
        .toLowerCase()
  if (name !== executeSqlId && name !== 'sp_executesql')
    throw new Error(`the TDS responder cannot call ${name}`)
  reader.uint(2)
  const values: [string, TdsStatement['params'][string]][] = []
  while (!reader.isAtEnd()) {
    const parameter = reader.take(reader.uint(1) * 2).toString('utf16le')
    reader.uint(1)
    values.push([parameter.replace('@', ''), reader.value()])
  }
  const [statement, , ...params] = values
  return { sql: String(statement?.[1] ?? ''), params: Object.fromEntries(params), isCall: true }
}

/** ALL_HEADERS, which carries the transaction, stands before statements since SQL Server 2005. */
function headersLength(data: Buffer, tdsVersion: number): number {
  return isBefore2005(tdsVersion) ? 0 : data.readUInt32LE(0)
}

class Reader {
  readonly #data: Buffer
  #at: number

  constructor(data: Buffer, at: number) {
    this.#data = data
    this.#at = at
  }

  isAtEnd(): boolean {
    return this.#at >= this.#data.length
  }

  take(length: number): Buffer {
    if (this.#at + length > this.#data.length) throw new Error('a call that is cut')
    this.#at += length
    return this.#data.subarray(this.#at - length, this.#at)
  }

  uint(length: 1 | 2 | 4): number {
    return this.take(length).readUIntLE(0, length)
  }

  /** TYPE_INFO and the value. */
  value(): TdsStatement['params'][string] {
    const type = this.uint(1)
    switch (type) {
      case 0x26:
      case 0x68:
      case 0x6d: {
        this.uint(1)
        return numberOf(type, this.take(this.uint(1)))
      }
      case 0x38:
        return this.take(4).readInt32LE()
      case 0xe7:
      case 0xef:
      case 0xa7:
      case 0xaf: {
        const most = this.uint(2)
        this.take(5)
        const bytes = most === 0xffff ? this.#pieces() : this.#counted()
        if (bytes === null) return null
        return type === 0xe7 || type === 0xef ? bytes.toString('utf16le') : iconv.decode(bytes, 'cp1252')
      }
      case 0x63: {
        this.uint(4)
        this.take(5)
        const length = this.uint(4)
        return length === 0xffffffff ? null : this.take(length).toString('utf16le')
      }
      default:
        throw new Error(`the TDS responder cannot read a parameter of type ${type}`)
    }
  }

  #counted(): Buffer | null {
    const length = this.uint(2)
    return length === 0xffff ? null : this.take(length)
  }

  #pieces(): Buffer | null {
    if (this.take(8).readBigUInt64LE() === 0xffffffffffffffffn) return null
    const pieces: Buffer[] = []
    for (let length = this.uint(4); length > 0; length = this.uint(4)) pieces.push(this.take(length))
    return Buffer.concat(pieces)
  }
}

function numberOf(type: number, bytes: Buffer): TdsStatement['params'][string] {
  if (bytes.length === 0) return null
  if (type === 0x68) return bytes[0] !== 0
  if (type === 0x6d) return bytes.length === 4 ? bytes.readFloatLE() : bytes.readDoubleLE()
  return bytes.length === 8 ? bytes.readBigInt64LE() : bytes.readIntLE(0, bytes.length)
}
