/** PostgreSQL's values as a source gives them: parsers per client, nothing changed in the driver at large. */
import type { CustomTypesConfig } from 'pg'
import type { SourceValue } from '../source.ts'
import type { ReadingSettings } from './settings.ts'
import { decodeText, exactInteger } from './text-values.ts'

/** Object identifiers of pg_type.dat. */
const oid = {
  bool: 16,
  bytea: 17,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  oid: 26,
  float4: 700,
  float8: 701,
} as const
const bpcharOid = 1042
const varcharOid = 1043
/** The server's functions that give a text's stored bytes, by type. */
const sendFunctions: Readonly<Record<number, string>> = {
  [oid.text]: 'textsend',
  [bpcharOid]: 'bpcharsend',
  [varcharOid]: 'varcharsend',
}

type Parser = (text: string) => SourceValue

const parsers: Readonly<Record<number, Parser>> = {
  [oid.bool]: text => text === 't',
  [oid.bytea]: text => bytes(text),
  [oid.int8]: exactInteger,
  [oid.int2]: Number,
  [oid.int4]: Number,
  [oid.oid]: Number,
  [oid.float4]: finiteNumber,
  [oid.float8]: finiteNumber,
}

/** Dates, times, numeric, json, arrays and all the rest stay the text that the server wrote. */
export const plainTypes: CustomTypesConfig = {
  getTypeParser: ((type: number) => parsers[type] ?? asText) as never,
}

/** A column of an open result. */
export interface PostgresField {
  name: string
  dataTypeID: number
}

/** The same rows with text as its stored bytes, whatever encoding the database claims to have. */
export function asBytes(statement: string, fields: readonly PostgresField[]): string {
  const values = fields.map(({ dataTypeID }, index) => {
    const send = sendFunctions[dataTypeID]
    return send === undefined ? `c${index}` : `pg_catalog.${send}(c${index})`
  })
  const names = fields.map((_, index) => `c${index}`)
  return `SELECT ${values.join(', ')} FROM (${statement}\n) AS asked(${names.join(', ')})`
}

/** Turns back into text what `asBytes` made bytes. */
export function textDecoder(
  fields: readonly PostgresField[],
  encoding: ReadingSettings['encoding'],
): (row: SourceValue[]) => SourceValue[] {
  const isText = fields.map(field => field.dataTypeID in sendFunctions)
  return row =>
    row.map((value, index) => {
      return isText[index] === true && value instanceof Uint8Array ? decodeText(value, encoding) : value
    })
}

function asText(text: string): string {
  return text
}

/** JSON and templates have no NaN nor Infinity: these stay words. */
function finiteNumber(text: string): number | string {
  const value = Number(text)
  return Number.isFinite(value) ? value : text
}

/** `\x…`, the only format asked for. */
function bytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.slice(2), 'hex'))
}
